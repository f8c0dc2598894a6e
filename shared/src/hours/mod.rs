//! Callable hours: may this contact be rung at a moment, and if not, from when on?
//!
//! | module | what it is for |
//! |---|---|
//! | `week` | the hours of a week, as JSON and as spans |
//! | `days` | blackout dates |
//! | `holidays` | calendars of holidays: those that are part of the application, and those that were loaded |
//! | [`ics`] | days of an iCalendar file |
//! | `legal` | what no campaign of a country may exceed |
//! | `zone` | a time zone, cut into stretches of one offset |
//! | `calendar` | all of it, prepared for a campaign: the only place that answers whether a contact may be rung |
//!
//! Everything is judged by the wall clock at the called person's place: a moment is callable if the local date and time of
//! each moment from then until the ringing is over lie within the hours. So of a local hour that occurs twice both count,
//! and one that does not occur is no hour.

mod calendar;
mod days;
pub mod epoch_day;
mod holidays;
pub mod ics;
mod legal;
mod week;
mod zone;

pub use calendar::{Calendar, Part};
pub use days::Blackout;
pub use holidays::{DAYS_MAX, DaysOff, Holiday, HolidayKind, HolidayYear, Holidays, YEARS_MAX, is_calendar_name};
pub use legal::{Country, LegalHours};
pub use week::{Hours, by_day};
pub use zone::{local_date, local_hour, zone};

/// Zones a contact of this country can be in: Western, Central and Eastern Indonesia Time.
pub const COUNTRY_ZONES: [&str; 3] = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"];
