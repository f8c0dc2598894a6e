//! The words for what is wrong with a row: the same in code, JSON and manual.
//!
//! | module | what it is for |
//! |---|---|
//! | `reason` | why a row was rejected, and what its owner can do: [`Reason`] |
//! | `warning` | what was repaired or is doubtful in an accepted row: [`Warning`] |
//! | `guess` | what was concluded from something else: [`Guess`] |
//! | `rejection` | a rejected row: [`Rejection`] |
//! | `mask` | the shape of a cell, without what it says |

mod guess;
mod mask;
mod reason;
mod rejection;
mod warning;

pub use guess::Guess;
pub(super) use mask::masked;
pub use reason::Reason;
pub use rejection::Rejection;
pub use warning::Warning;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_code_and_in_json() {
        for reason in [Reason::Columns, Reason::NikTruncated, Reason::PhoneNoAreaCode, Reason::DuplicateInCampaign] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert!(!reason.hint().is_empty());
        }
        for warning in [Warning::NpwpFromNitku, Warning::DueDateExcelSerial, Warning::ZoneUnknown, Warning::ExtraCut] {
            assert_eq!(serde_json::to_value(warning).unwrap(), warning.as_str());
            assert!(!warning.hint().is_empty());
        }
        for guess in [Guess::ZoneOfAreaCode, Guess::ZoneOfCampaign, Guess::MatterOfCampaign] {
            assert_eq!(serde_json::to_value(guess).unwrap(), guess.as_str());
        }
    }
}
