//! Where a list comes from, and what its upload says about it.

use super::Format;
use crate::problem::Problem;
use crate::vault::DataKey;
use serde::{Deserialize, Serialize};

/// Longest text of a label, in characters.
const TEXT_MAX: usize = 200;

/// How a list came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Sent again and again, as agreed.
    Regular,
    /// Somebody asked for these calls.
    OnRequest,
}

/// What an upload says about itself.
#[derive(Debug, Clone, Default)]
pub struct Label {
    pub campaign: String,
    pub name: String,
    /// Code of the directorate, Kanwil or KPP that the list is of.
    pub office: String,
    pub occasion: Option<Occasion>,
    /// The office's own, for example the number of its letter.
    pub reference: String,
    /// Whom to ask about the list. Personal data: kept sealed.
    pub contact: String,
    /// How many contacts are expected: a list with more waits to be confirmed.
    pub expected: Option<u64>,
    /// The format of its file.
    pub format: Format,
    /// The list that the rows are appended to.
    pub part_of: Option<String>,
    /// The `Idempotency-Key` of the request.
    pub key: Option<String>,
}

impl Label {
    /// Reads the parameters of an upload, and the header `Source-Contact`: no URL shall hold a person's name.
    pub fn parse(
        campaign: &str,
        parameter: impl Fn(&str) -> Option<String>,
        contact: Option<&str>,
    ) -> Result<Self, Problem> {
        let text = |name: &str| {
            let text = parameter(name).unwrap_or_default();
            match text.trim().chars().count() <= TEXT_MAX {
                true => Ok(text.trim().to_owned()),
                false => Err(Problem::parameter(name, &format!("at most {TEXT_MAX} characters"))),
            }
        };
        let expected = match parameter("expected") {
            None => None,
            Some(n) => Some(n.parse().map_err(|_| {
                Problem::parameter("expected", "the number of contacts that the list is expected to have")
            })?),
        };
        let occasion = match parameter("occasion").as_deref() {
            None => None,
            Some("regular") => Some(Occasion::Regular),
            Some("on_request") => Some(Occasion::OnRequest),
            Some(_) => return Err(Problem::parameter("occasion", "regular or on_request")),
        };
        let contact = contact.unwrap_or_default().trim().to_owned();
        if contact.chars().count() > TEXT_MAX {
            return Err(Problem::new(
                400,
                "header_invalid",
                "A header is not understood",
                format!("the header Source-Contact has at most {TEXT_MAX} characters"),
                "Shorten it, and send the request again.",
            ));
        }
        let (name, office, reference) = (text("name")?, text("office")?, text("reference")?);
        Ok(Label {
            campaign: campaign.to_owned(),
            name,
            office,
            occasion,
            reference,
            contact,
            expected,
            format: Format::default(),
            part_of: None,
            key: None,
        })
    }

    /// The contact person, sealed for `place`; `None` if there is none.
    pub(super) fn sealed_contact(&self, key: &DataKey, nonce: &[u8; 24], place: &str) -> Option<Vec<u8>> {
        (!self.contact.is_empty()).then(|| key.seal(nonce, place, self.contact.as_bytes()))
    }
}
