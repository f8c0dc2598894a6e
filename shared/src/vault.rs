//! The two secrets: the identity key, of which keyed hashes and MACs are made, and the master key, which opens
//! personal data.
//!
//! Personal data is sealed with a data key per list; the data key is stored wrapped by the master key, so deleting
//! it erases the list, and replacing the master key re-wraps data keys only. XChaCha20-Poly1305 with random nonces:
//! 192 bits leave no chance of a repeat. What is sealed is bound to its place (its store key), so pages cannot be swapped.
//!
//! The identity key never changes: do-not-call entries and settlements are found under hashes that it makes, contacts
//! go to shards by it, and calls in flight carry its MACs. It is a secret of its own for two reasons. The master key can
//! be replaced and the old one forgotten. And a component that only has to know callers and calls again, such as the one
//! that takes callbacks, need not be able to open personal data. (`spin.toml` hands it the master key for installations
//! without an identity key; where there is one, these entries can be deleted.) It is a variable and not kept in the
//! store, wrapped: a callback reads nothing, and an instance serves few enough requests that a read at its start would
//! be felt. A shard that has contacts remembers which identity key they came under, and its ticks refuse another one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::ops::Deref;

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// What the identity key makes: keyed hashes and MACs.
#[derive(Clone)]
pub struct Identity {
    mac: Hmac<Sha256>,
    hash: Hmac<Sha256>,
}

/// What the master key opens. It can do what an [`Identity`] can.
pub struct Vault {
    /// The current master key's cipher, and the one before it.
    wrap: Vec<XChaCha20Poly1305>,
    master_key_id: u32,
    identity: Identity,
}

/// A list's data key.
pub struct DataKey(XChaCha20Poly1305);

/// Sealed bytes could not be opened: another key, another place, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Identity {
    /// `identity_key`: 32 bytes in base64.
    pub fn new(identity_key: &str) -> Result<Self, String> {
        let key = decode_key("identity_key", identity_key)?;
        Ok(Identity { mac: keyed(&key, b"mac"), hash: keyed(&key, b"hash") })
    }

    /// HMAC-SHA256 over `purpose` and `bytes`, for what travels through strangers' hands.
    pub fn mac(&self, purpose: &[u8], bytes: &[u8]) -> [u8; 32] {
        tagged(&self.mac, purpose, bytes).finalize().into_bytes().into()
    }

    /// Tells identity keys apart, and tells nothing about them.
    pub fn id(&self) -> u64 {
        let mac = self.mac(b"id", b"");
        mac.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
    }

    /// Compares a whole or truncated MAC in constant time. `mac` must have at least 10 bytes.
    pub fn mac_matches(&self, purpose: &[u8], bytes: &[u8], mac: &[u8]) -> bool {
        mac.len() >= 10 && tagged(&self.mac, purpose, bytes).verify_truncated_left(mac).is_ok()
    }

    /// Keyed hash for store keys: 128 bits, URL-safe. `kind` keeps hashes of different things apart.
    pub fn hash(&self, kind: &[u8], bytes: &[u8]) -> String {
        let full = tagged(&self.hash, kind, bytes).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&full[..16])
    }
}

impl Vault {
    /// `master_key`, and the one before it while data keys are re-wrapped: 32 bytes each, in base64. New data keys are
    /// wrapped by the first; both open what they wrapped.
    pub fn new(identity: Identity, master_key: &str, previous: Option<&str>) -> Result<Self, String> {
        let current = decode_key("master_key", master_key)?;
        let mut wrap = vec![cipher(&current, b"wrap")];
        if let Some(text) = previous {
            wrap.push(cipher(&decode_key("master_key_previous", text)?, b"wrap"));
        }
        let [a, b, c, d, ..] = derive(&current, b"id");
        Ok(Vault { wrap, master_key_id: u32::from_be_bytes([a, b, c, d]), identity })
    }

    /// A fixed vault for tests.
    pub fn for_tests() -> Self {
        let key = STANDARD.encode([7u8; 32]);
        let vault = Identity::new(&key).and_then(|identity| Vault::new(identity, &key, None));
        vault.unwrap_or_else(|_| unreachable!("32 bytes"))
    }

    /// A fresh data key from 32 random bytes, and its wrapped form for the store.
    pub fn new_data_key(&self, random: &[u8; 32], nonce: &[u8; NONCE], place: &str) -> (DataKey, Vec<u8>) {
        let wrapped = seal(&self.wrap[0], nonce, place, random);
        (DataKey(XChaCha20Poly1305::new(&Key::from(*random))), wrapped)
    }

    /// Opens a wrapped data key kept at `place`.
    pub fn data_key(&self, wrapped: &[u8], place: &str) -> Result<DataKey, Unreadable> {
        let bytes = self.wrap.iter().find_map(|k| open(k, place, wrapped).ok()).ok_or(Unreadable)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| Unreadable)?;
        Ok(DataKey(XChaCha20Poly1305::new(&Key::from(bytes))))
    }

    /// Whether a previous master key is given: then data keys that it wrapped are to be [re-wrapped](Self::rewrap).
    pub fn is_replacing(&self) -> bool {
        self.wrap.len() > 1
    }

    /// Tells master keys apart, and tells nothing about them.
    pub fn master_key_id(&self) -> u32 {
        self.master_key_id
    }

    /// A data key kept at `place`, wrapped by the current master key; `None` if it is already.
    pub fn rewrap(&self, wrapped: &[u8], nonce: &[u8; NONCE], place: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let [current, previous @ ..] = self.wrap.as_slice() else { return Err(Unreadable) };
        if open(current, place, wrapped).is_ok() {
            return Ok(None);
        }
        let key = previous.iter().find_map(|k| open(k, place, wrapped).ok()).ok_or(Unreadable)?;
        Ok(Some(seal(current, nonce, place, &key)))
    }
}

/// Whoever is given an identity may be given a vault.
impl Deref for Vault {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl DataKey {
    /// Seals `bytes` for `place` (a store key). `nonce` must be random.
    pub fn seal(&self, nonce: &[u8; NONCE], place: &str, bytes: &[u8]) -> Vec<u8> {
        seal(&self.0, nonce, place, bytes)
    }

    /// Opens what was sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        open(&self.0, place, sealed)
    }
}

fn seal(key: &XChaCha20Poly1305, nonce: &[u8; NONCE], place: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + NONCE + bytes.len() + 16);
    out.push(VERSION);
    out.extend_from_slice(nonce);
    // Encryption fails only beyond 256 GiB; the empty text that would be left is refused by `open`.
    let text = key.encrypt(&XNonce::from(*nonce), Payload { msg: bytes, aad: place.as_bytes() });
    out.extend_from_slice(&text.unwrap_or_default());
    out
}

fn open(key: &XChaCha20Poly1305, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (version, rest) = sealed.split_first().ok_or(Unreadable)?;
    let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
    if *version != VERSION {
        return Err(Unreadable);
    }
    key.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: place.as_bytes() }).map_err(|_| Unreadable)
}

fn tagged(key: &Hmac<Sha256>, tag: &[u8], bytes: &[u8]) -> Hmac<Sha256> {
    let mut h = key.clone();
    h.update(&(tag.len() as u32).to_be_bytes());
    h.update(tag);
    h.update(bytes);
    h
}

fn decode_key(name: &str, text: &str) -> Result<[u8; 32], String> {
    STANDARD.decode(text.trim()).ok().and_then(|b| b.try_into().ok()).ok_or_else(|| {
        format!("the variable {name} must be 32 bytes in base64, for example the output of `openssl rand -base64 32`")
    })
}

fn derive(master: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    // 32 bytes are within what HKDF-SHA256 can expand to.
    let _ = hkdf::Hkdf::<Sha256>::new(Some(b"dering"), master).expand(purpose, &mut out);
    out
}

fn cipher(master: &[u8; 32], purpose: &[u8]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(derive(master, purpose)))
}

fn keyed(master: &[u8; 32], purpose: &[u8]) -> Hmac<Sha256> {
    // A key shorter than the hash's block is padded with zeros, so this is HMAC with the 32 derived bytes.
    let mut block = [0; 64];
    block[..32].copy_from_slice(&derive(master, purpose));
    Hmac::<Sha256>::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_open_only_unaltered_and_in_their_place() {
        let vault = Vault::for_tests();
        let (key, wrapped) = vault.new_data_key(&[1; 32], &[2; 24], "k/l-1");
        let sealed = key.seal(&[3; 24], "p/l-1/0", b"hello");
        let again = vault.data_key(&wrapped, "k/l-1").map_err(|_| ()).unwrap();
        assert_eq!(again.open("p/l-1/0", &sealed), Ok(b"hello".to_vec()));
        assert_eq!(again.open("p/l-1/1", &sealed), Err(Unreadable));
        assert!(vault.data_key(&wrapped, "k/l-2").is_err());
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(again.open("p/l-1/0", &altered), Err(Unreadable));
        }
        for cut in 0..sealed.len() {
            assert_eq!(again.open("p/l-1/0", &sealed[..cut]), Err(Unreadable));
        }
    }

    fn vault(master_key: [u8; 32], previous: Option<[u8; 32]>) -> Vault {
        let (master_key, previous) = (STANDARD.encode(master_key), previous.map(|p| STANDARD.encode(p)));
        let identity = Identity::new(&STANDARD.encode([8u8; 32])).unwrap();
        Vault::new(identity, &master_key, previous.as_deref()).unwrap()
    }

    #[test]
    fn a_replaced_master_key_opens_until_all_is_rewrapped_and_then_is_not_needed() {
        let (old, both, new) = (vault([1; 32], None), vault([2; 32], Some([1; 32])), vault([2; 32], None));
        let (key, wrapped) = old.new_data_key(&[9; 32], &[0; 24], "k");
        let sealed = key.seal(&[3; 24], "p", b"hello");
        assert!(new.data_key(&wrapped, "k").is_err());
        assert!(both.data_key(&wrapped, "k").is_ok());

        let again = both.rewrap(&wrapped, &[4; 24], "k").unwrap().unwrap();
        let key = new.data_key(&again, "k").map_err(|_| ()).unwrap();
        assert_eq!(key.open("p", &sealed), Ok(b"hello".to_vec()));
        assert_eq!(both.rewrap(&again, &[5; 24], "k"), Ok(None));
        assert_eq!(both.rewrap(&wrapped, &[5; 24], "elsewhere"), Err(Unreadable));
        assert_eq!(vault([3; 32], None).rewrap(&again, &[5; 24], "k"), Err(Unreadable));
        assert!(old.data_key(&again, "k").is_err());
        assert_eq!((old.is_replacing(), both.is_replacing(), new.is_replacing()), (false, true, false));
        assert_eq!(both.master_key_id(), new.master_key_id());
        assert_ne!(old.master_key_id(), new.master_key_id());
    }

    #[test]
    fn hashes_and_macs_do_not_depend_on_the_master_key() {
        let (before, after) = (vault([1; 32], None), vault([2; 32], None));
        assert_eq!(after.hash(b"phone", b"+62"), before.hash(b"phone", b"+62"));
        assert!(after.mac_matches(b"call id", b"1", &before.mac(b"call id", b"1")));
        assert_ne!(before.hash(b"phone", b"+62"), before.hash(b"bill", b"+62"));
        let other = Identity::new(&STANDARD.encode([1u8; 32])).unwrap();
        assert_ne!(other.hash(b"phone", b"+62"), before.hash(b"phone", b"+62"));
        assert_ne!(other.id(), before.id());
        assert_eq!(after.id(), before.id());
        assert!(Identity::new("c2hvcnQ=").is_err_and(|text| text.contains("identity_key")));
    }
}
