//! The auditor's own calendar: Indonesia's zones are fixed offsets, so a few divisions do. Nothing of it is shared with
//! the code that is audited.

const MINUTE_MS: i64 = 60_000;
pub const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Offsets of Western, Central and Eastern Indonesia Time from UTC, in minutes.
pub const WIB: i64 = 7 * 60;
pub const WITA: i64 = 8 * 60;
pub const WIT: i64 = 9 * 60;

/// Days since 1970-01-01 of the local date.
pub fn local_day(at_ms: i64, offset_min: i64) -> i64 {
    (at_ms + offset_min * MINUTE_MS).div_euclid(DAY_MS)
}

/// The date of a day number, by Howard Hinnant's `civil_from_days`.
pub fn date(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * of_year + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, of_year - (153 * mp + 2) / 5 + 1)
}

/// When a campaign may call, as the plan says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// From Monday on.
    pub weekdays: [bool; 7],
    /// Minutes after local midnight, from and to; apart from each other.
    pub spans: Vec<(i64, i64)>,
    /// Day numbers without calls.
    pub holidays: Vec<i64>,
}

impl Windows {
    /// Whether a call dialled at that moment rings within the hours to the end, in all of the zones. Breaks are longer than
    /// a phone rings: hours at its first and last moment are hours between them, midnight included.
    pub fn allow(&self, at_ms: i64, ring_ms: i64, offsets: &[i64]) -> bool {
        let last_ms = at_ms + (ring_ms - 1).max(0);
        offsets.iter().all(|offset| self.open(at_ms, *offset) && self.open(last_ms, *offset))
    }

    fn open(&self, at_ms: i64, offset_min: i64) -> bool {
        let day = local_day(at_ms, offset_min);
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as usize;
        let of_day_ms = (at_ms + offset_min * MINUTE_MS).rem_euclid(DAY_MS);
        let within = |(from, to): &(i64, i64)| (from * MINUTE_MS..to * MINUTE_MS).contains(&of_day_ms);
        self.weekdays[weekday] && !self.holidays.contains(&day) && self.spans.iter().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_known_days() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(local_day(crate::tick::START_MS, WIB)), (2027, 3, 1));
        let hours = Windows {
            weekdays: [true, false, false, false, false, false, false],
            spans: vec![(600, 660)],
            holidays: vec![],
        };
        // Monday, 1 March 2027, ten o'clock in Jakarta.
        let at = crate::tick::START_MS;
        assert!(hours.allow(at, 0, &[WIB]) && !hours.allow(at - 1, 0, &[WIB]));
        assert!(hours.allow(at + 3_590_000, 10_000, &[WIB]) && !hours.allow(at + 3_590_001, 10_000, &[WIB]));
        assert!(!hours.allow(at - 5_000, 10_000, &[WIB]));
        assert!(!hours.allow(at, 0, &[WIB, WITA]) && !hours.allow(at + DAY_MS, 0, &[WIB]));
    }
}
