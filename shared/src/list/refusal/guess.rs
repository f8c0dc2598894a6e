//! What a row does not say, and was concluded from something else.

use serde::{Deserialize, Serialize};

/// What a row does not say, and was concluded from something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    /// The time zone, from the area code of the first number.
    ZoneOfAreaCode,
    /// From the province.
    ZoneOfProvince,
    /// From the list's tax office.
    ZoneOfOffice,
    /// From the tax office in an old NPWP.
    ZoneOfRegistration,
    /// From the province in a NIK.
    ZoneOfNik,
    /// The campaign's.
    ZoneOfCampaign,
    /// What the call is about: the campaign's.
    MatterOfCampaign,
}

impl Guess {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Guess::ZoneOfAreaCode => "zone_of_area_code",
            Guess::ZoneOfProvince => "zone_of_province",
            Guess::ZoneOfOffice => "zone_of_office",
            Guess::ZoneOfRegistration => "zone_of_registration",
            Guess::ZoneOfNik => "zone_of_nik",
            Guess::ZoneOfCampaign => "zone_of_campaign",
            Guess::MatterOfCampaign => "matter_of_campaign",
        }
    }

    /// What was concluded from what.
    pub fn hint(self) -> &'static str {
        match self {
            Guess::ZoneOfAreaCode => "The time zone is that of the first number's area code.",
            Guess::ZoneOfProvince => "The time zone is that of the province.",
            Guess::ZoneOfOffice => "The time zone is that of the tax office.",
            Guess::ZoneOfRegistration => "The time zone is that of the tax office in the NPWP.",
            Guess::ZoneOfNik => "The time zone is that of the province in the NIK, where it was first issued.",
            Guess::ZoneOfCampaign => "The time zone is the campaign's.",
            Guess::MatterOfCampaign => "What the call is about is what the campaign is about.",
        }
    }
}
