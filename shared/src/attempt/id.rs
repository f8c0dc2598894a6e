//! A call's id: short, opaque, and enough to refuse a forged callback without touching the store.

use crate::problem::Problem;
use crate::vault::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where a call's claim is, and until when news of it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    pub shard: u16,
    /// The ballot of the tick that claimed it.
    pub ballot: u64,
    /// Which of that tick's claims.
    pub index: u16,
    /// Unix seconds: callbacks after this are refused.
    pub valid_until_s: u32,
}

/// Why an id is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallIdError {
    /// Not an id of ours.
    Forged,
    /// An id of ours, too old.
    Expired,
}

impl CallIdError {
    /// The refusal.
    pub fn problem(self) -> Problem {
        match self {
            CallIdError::Forged => Problem::new(
                403,
                "call_unknown",
                "There is no such call",
                "the call id in the URL was not given out here",
                "Only the URLs in our orders and call instructions can be called.",
            ),
            CallIdError::Expired => Problem::new(
                410,
                "call_expired",
                "This call is long over",
                "callbacks are taken for a day",
                "Nothing is to be done: the call was closed when its time was over.",
            ),
        }
    }
}

const BODY: usize = 2 + 8 + 2 + 4;
/// 80 bits: a forger who sends a million callbacks a second would need thirty thousand years for an even chance.
const MAC: usize = 10;

impl CallId {
    /// The id as it stands in URLs: URL-safe letters only.
    pub fn seal(&self, identity: &Identity) -> String {
        let mut bytes = self.body().to_vec();
        bytes.extend_from_slice(&identity.mac(b"call id", &bytes)[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The id as it is handed to an agent: nobody else can use it, nor can it be taken for one in a provider's URL.
    pub fn seal_for(&self, identity: &Identity, agent: &str) -> String {
        let body = self.body();
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(&identity.mac(b"agent's call", &with_agent(&body, agent))[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads an id that was handed to `agent`. `now_s` is Unix seconds.
    pub fn open_for(text: &str, identity: &Identity, agent: &str, now_s: i64) -> Result<Self, CallIdError> {
        Self::read(text, now_s, |body, mac| identity.mac_matches(b"agent's call", &with_agent(body, agent), mac))
    }

    /// Reads an id. `now_s` is Unix seconds.
    pub fn open(text: &str, identity: &Identity, now_s: i64) -> Result<Self, CallIdError> {
        Self::read(text, now_s, |body, mac| identity.mac_matches(b"call id", body, mac))
    }

    fn read(text: &str, now_s: i64, genuine: impl Fn(&[u8], &[u8]) -> bool) -> Result<Self, CallIdError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CallIdError::Forged)?;
        let (body, mac) = bytes.split_at_checked(BODY).ok_or(CallIdError::Forged)?;
        if mac.len() != MAC || !genuine(body, mac) {
            return Err(CallIdError::Forged);
        }
        let number = |from: usize, to: usize| body[from..to].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let id = CallId {
            shard: number(0, 2) as u16,
            ballot: number(2, 10),
            index: number(10, 12) as u16,
            valid_until_s: number(12, 16) as u32,
        };
        if i64::from(id.valid_until_s) < now_s { Err(CallIdError::Expired) } else { Ok(id) }
    }

    fn body(&self) -> [u8; BODY] {
        let mut b = [0; BODY];
        b[..2].copy_from_slice(&self.shard.to_be_bytes());
        b[2..10].copy_from_slice(&self.ballot.to_be_bytes());
        b[10..12].copy_from_slice(&self.index.to_be_bytes());
        b[12..].copy_from_slice(&self.valid_until_s.to_be_bytes());
        b
    }
}

fn with_agent(body: &[u8], agent: &str) -> Vec<u8> {
    [body, agent.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    #[test]
    fn an_id_opens_until_it_expires_and_no_bit_may_change() {
        let vault = Vault::for_tests();
        let id = CallId { shard: 3, ballot: 812, index: 41, valid_until_s: 1_800_000_000 };
        let text = id.seal(&vault);
        assert_eq!(CallId::open(&text, &vault, 1_800_000_000), Ok(id));
        assert_eq!(CallId::open(&text, &vault, 1_800_000_001), Err(CallIdError::Expired));
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(CallId::open(&URL_SAFE_NO_PAD.encode(&forged), &vault, 0), Err(CallIdError::Forged));
        }
        for cut in 0..bytes.len() {
            assert_eq!(CallId::open(&URL_SAFE_NO_PAD.encode(&bytes[..cut]), &vault, 0), Err(CallIdError::Forged));
        }
        assert_eq!(CallId::open(&format!("{text}AA"), &vault, 0), Err(CallIdError::Forged));
    }

    #[test]
    fn an_agents_id_is_that_agents_only() {
        let vault = Vault::for_tests();
        let id = CallId { shard: 3, ballot: 812, index: 41, valid_until_s: 1_800_000_000 };
        let text = id.seal_for(&vault, "a17");
        assert_eq!(CallId::open_for(&text, &vault, "a17", 1_800_000_000), Ok(id));
        assert_eq!(CallId::open_for(&text, &vault, "a17", 1_800_000_001), Err(CallIdError::Expired));
        for other in ["a18", "a1", "a177", "A17", ""] {
            assert_eq!(CallId::open_for(&text, &vault, other, 0), Err(CallIdError::Forged), "{other}");
        }
        assert_eq!(CallId::open(&text, &vault, 0), Err(CallIdError::Forged));
        for agent in ["a17", ""] {
            assert_eq!(CallId::open_for(&id.seal(&vault), &vault, agent, 0), Err(CallIdError::Forged));
        }
    }
}
