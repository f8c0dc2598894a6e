//! A list's size, as it was meant. A wrong file has many rows: a list that is larger than anybody said it would be calls
//! nobody until an admin says how many contacts it is meant to have.
//!
//! The word is a key of its own, blindly written, and looked at by each tick as long as the list waits for it: so it is
//! heard at once, in every shard, and saying it again changes nothing. Unreadable, it was not said.

use crate::problem::Problem;
use crate::store::{Store, StoreError, decode, encode, keys};
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
/// Larger lists wait to be confirmed, where neither the campaign nor the upload says otherwise: more than a week's work
/// of a contact centre that makes 377,635 outbound calls a year.
pub const CONFIRM_ABOVE: u32 = 10_000;

/// How many contacts a list has, over all shards, and how many it is meant to have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub contacts: u64,
    /// What the upload said was to be expected, or what was confirmed since. `None`: nobody has said.
    pub meant: Option<u64>,
}

impl Size {
    /// Whether nobody of it is called yet. `above`: the campaign's own limit, for lists of which nobody has said anything.
    pub fn awaits_confirmation(self, above: u32) -> bool {
        self.contacts > self.meant.unwrap_or(above.into())
    }

    /// The size after what was heard under the list's key.
    pub fn heard(self, confirmation: Option<&[u8]>) -> Self {
        let confirmed = confirmation.and_then(|bytes| decode(VERSION, bytes));
        Size { meant: confirmed.or(self.meant), ..self }
    }

    /// Confirms the size of a list that has it. One durable commit.
    pub async fn confirm<S: Store>(self, store: &S, list: &str, contacts: u64) -> Result<Self, Problem> {
        if contacts != self.contacts {
            return Err(Problem::new(
                409,
                "size_differs",
                "The list has another size",
                format!("the list has {} contacts, not {contacts}", self.contacts),
                "Look whether it is the right file. If it is, confirm the number of contacts that it has; if not, \
                 withdraw it with DELETE.",
            )
            .at("/contacts"));
        }
        let key = keys::confirmation(list);
        store.set(&key, &encode(VERSION, &contacts)).await.map_err(|e| Problem::store(&e))?;
        Ok(Size { meant: Some(contacts), ..self })
    }
}

/// A list's size, with what was confirmed since its upload.
pub async fn size<S: Store>(store: &S, manifest: &super::Manifest) -> Result<Size, StoreError> {
    let confirmation = store.get(&keys::confirmation(&manifest.list)).await?;
    Ok(manifest.size().heard(confirmation.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_the_list_outranks_the_campaigns_limit() {
        let awaits = |contacts, meant, above| Size { contacts, meant }.awaits_confirmation(above);
        assert_eq!([100, 101].map(|n| awaits(n, None, 100)), [false, true]);
        assert_eq!([46, 47].map(|n| awaits(n, Some(46), 100)), [false, true], "fewer were expected");
        assert_eq!([500, 501].map(|n| awaits(n, Some(500), 100)), [false, true], "more were expected");
        assert_eq!([0, 1].map(|n| awaits(n, None, 0)), [false, true]);
    }

    #[test]
    fn a_word_that_cannot_be_read_was_not_said() {
        let size = Size { contacts: 9, meant: Some(4) };
        assert_eq!(size.heard(None), size);
        assert_eq!(size.heard(Some(b"damaged")), size);
        assert_eq!(size.heard(Some(&encode(VERSION, &9_u64))).meant, Some(9));
    }
}
