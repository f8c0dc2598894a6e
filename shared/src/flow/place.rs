//! Where a call is in its script. It travels in the next step's URL, so that no step reads or writes the store for it.

/// What the callee was asked last, or where the call was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// Is this the right party?
    Party,
    /// Not the right party: a wrong number, or somebody who knows the taxpayer?
    Other,
    /// The message and its keys; nothing shows yet that the message was heard to its end.
    Menu,
    /// The keys once more, after the message was heard to its end.
    Heard,
    /// An officer's line was rung.
    Transfer,
    /// An officer's line was rung for a call that came in.
    Inbound,
}

/// A node, and how often it was asked again. Both counts are bounded, so every call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub(super) node: Node,
    /// Asked again because no key or a wrong key came.
    pub(super) tries: u8,
    /// Said again because the callee wished it.
    pub(super) repeats: u8,
}

/// A question is asked three times at most, however many wrong keys are pressed.
pub(super) const TRIES_MAX: u8 = 2;
/// The message is said again three times at most; the carrier charges for listening.
pub(super) const REPEATS_MAX: u8 = 3;

const NODES: [(Node, char); 6] = [
    (Node::Party, 'p'),
    (Node::Other, 'o'),
    (Node::Menu, 'm'),
    (Node::Heard, 'h'),
    (Node::Transfer, 't'),
    (Node::Inbound, 'i'),
];

impl Place {
    pub(super) fn at(node: Node) -> Self {
        Place { node, tries: 0, repeats: 0 }
    }

    /// Whether the call came in: then the next step is `inbound_step`'s.
    pub fn is_inbound(&self) -> bool {
        self.node == Node::Inbound
    }

    /// Three letters and digits, safe in any part of a URL. Not signed: whoever puts it into a URL must do so.
    pub fn encode(&self) -> String {
        let letter = NODES.iter().find(|(node, _)| *node == self.node).map_or('p', |(_, letter)| *letter);
        format!("{letter}{}{}", self.tries, self.repeats)
    }

    /// The inverse of [`Place::encode`]; `None` for anything it does not write.
    pub fn decode(token: &str) -> Option<Self> {
        let mut chars = token.chars();
        let letter = chars.next()?;
        let (node, _) = NODES.iter().find(|(_, l)| *l == letter)?;
        let mut count = |max: u8| {
            let digit = chars.next()?.to_digit(10)?;
            u8::try_from(digit).ok().filter(|n| *n <= max)
        };
        let place = Place { node: *node, tries: count(TRIES_MAX)?, repeats: count(REPEATS_MAX)? };
        chars.next().is_none().then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_place_comes_back_and_nothing_else_is_read() {
        let mut tokens = HashSet::new();
        for (node, _) in NODES {
            for tries in 0..=TRIES_MAX {
                for repeats in 0..=REPEATS_MAX {
                    let place = Place { node, tries, repeats };
                    let token = place.encode();
                    assert_eq!(Place::decode(&token), Some(place));
                    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric()));
                    tokens.insert(token);
                }
            }
        }
        assert_eq!(tokens.len(), NODES.len() * 12);
        // Every string of three ASCII characters, and each token cut or extended.
        let ascii = || (0..128u8).map(char::from);
        for a in ascii() {
            for b in ascii() {
                for c in ascii() {
                    let text = String::from_iter([a, b, c]);
                    assert_eq!(Place::decode(&text).is_some(), tokens.contains(&text), "{text:?}");
                }
            }
        }
        for token in &tokens {
            assert_eq!(Place::decode(&token[..2]), None);
            assert_eq!(Place::decode(&format!("{token}0")), None);
            assert_eq!(Place::decode(&format!(" {token}")), None);
        }
        for text in ["", "p", "é00", "p٠0", "p0\u{301}", "🕿🕿🕿", "P00"] {
            assert_eq!(Place::decode(text), None, "{text}");
        }
    }
}
