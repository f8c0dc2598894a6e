//! When a campaign calls: the members of its settings that say so, and what is wrong with them.

use super::{Settings, invalid};
use crate::hours::{LegalHours, holidays_named, zone};
use crate::problem::Problem;
use jiff::civil::Date;

/// Holidays and blackouts of a campaign at most, of each.
const ENTRIES_MAX: usize = 400;

impl Settings {
    /// First and last of days without calls: holidays and blackouts. `None` if a holiday is of a calendar that is not known
    /// (another version's): then nobody can say on which days to call.
    pub fn days_off(&self) -> Option<Vec<(Date, Date)>> {
        let mut off: Vec<(Date, Date)> = self.blackouts.iter().map(|b| (b.first, b.last)).collect();
        for name in &self.holidays {
            off.extend(holidays_named(name).ok()?.into_iter().map(|d| (d, d)));
        }
        Some(off)
    }

    /// Whether the hours keep within the outer limits of the campaign's country.
    ///
    /// # Errors
    /// They do not: the refusal names the hours and the limit.
    pub fn check_legal_hours(&self, limits: &LegalHours) -> Result<(), Problem> {
        limits
            .check(self.country, &self.callable_hours)
            .map_err(|(day, told)| invalid("/callable_hours", format!("{day} {told}")))
    }

    pub(super) fn check_calendar(&self) -> Result<(), Problem> {
        zone(&self.time_zone).map_err(|e| invalid("/time_zone", e))?;
        if matches!((self.starts, self.ends), (Some(s), Some(e)) if e < s) {
            return Err(invalid("/ends", "the last day is before the first"));
        }
        for (i, holiday) in self.holidays.iter().enumerate() {
            holidays_named(holiday).map_err(|e| invalid(&format!("/holidays/{i}"), e))?;
        }
        for (at, entries) in [("/holidays", self.holidays.len()), ("/blackouts", self.blackouts.len())] {
            if entries > ENTRIES_MAX {
                return Err(invalid(at, format!("at most {ENTRIES_MAX} entries")));
            }
        }
        Ok(())
    }
}
