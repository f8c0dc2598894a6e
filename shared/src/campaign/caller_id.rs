//! Caller ids: which number of ours a call shows.

use super::{e164, invalid};
use crate::problem::Problem;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;

const IDS_MAX: usize = 200;
const REGIONS_MAX: usize = 100;
const WEIGHT_MAX: u32 = 1000;

/// A number of ours. In JSON the number alone, or an object with its weight and regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerId {
    /// E.164.
    pub number: String,
    /// Its share among the numbers that fit a call equally well.
    pub weight: u32,
    /// Beginnings of the numbers it is for, such as `+6221`; empty: for those that no other number is for.
    pub regions: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    number: String,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default)]
    regions: Vec<String>,
}

fn one() -> u32 {
    1
}

impl CallerId {
    fn plain(number: &str) -> Self {
        CallerId { number: number.to_owned(), weight: 1, regions: Vec::new() }
    }

    /// How many characters of the called number its regions name; `None`: it is not for this number.
    fn fits(&self, to: &str) -> Option<usize> {
        match self.regions.is_empty() {
            true => Some(0),
            false => self.regions.iter().filter(|r| to.starts_with(r.as_str())).map(String::len).max(),
        }
    }
}

impl Serialize for CallerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.weight == 1 && self.regions.is_empty() {
            return serializer.serialize_str(&self.number);
        }
        let CallerId { number, weight, regions } = self.clone();
        Object { number, weight, regions }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CallerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = CallerId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or an object with number, weight and regions")
            }

            fn visit_str<E: Error>(self, number: &str) -> Result<CallerId, E> {
                Ok(CallerId::plain(number))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CallerId, A::Error> {
                let Object { number, weight, regions } = Object::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CallerId { number, weight, regions })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The best of the `usable` caller ids for a call to `to`: of those whose region is the longest beginning of the called
/// number, else of those without regions, one by weight. `roll`: any number, evenly spread.
pub fn pick<'a>(ids: &'a [CallerId], to: &str, usable: impl Fn(&CallerId) -> bool, roll: u64) -> Option<&'a CallerId> {
    let fitting: Vec<(usize, &CallerId)> =
        ids.iter().filter(|id| usable(id)).filter_map(|id| Some((id.fits(to)?, id))).collect();
    let longest = fitting.iter().map(|(fit, _)| *fit).max()?;
    let best = || fitting.iter().filter(|(fit, _)| *fit == longest).map(|(_, id)| *id);
    let weight: u64 = best().map(|id| u64::from(id.weight)).sum();
    let mut rest = roll.checked_rem(weight)?;
    best().find(|id| {
        let mine = rest < u64::from(id.weight);
        rest = rest.saturating_sub(u64::from(id.weight));
        mine
    })
}

/// Tells one list of caller ids from another (FNV-1a): a number that was taken out comes back when its list was edited.
pub fn fingerprint(ids: &[CallerId]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| {
        for b in bytes.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for id in ids {
        eat(id.number.as_bytes());
        eat(&id.weight.to_le_bytes());
        id.regions.iter().for_each(|r| eat(r.as_bytes()));
        eat(b"/");
    }
    hash
}

pub(super) fn check(ids: &[CallerId]) -> Result<(), Problem> {
    if ids.len() > IDS_MAX {
        return Err(invalid("/caller_ids", format!("at most {IDS_MAX} numbers")));
    }
    let mut seen = BTreeSet::new();
    for (i, id) in ids.iter().enumerate() {
        let at = format!("/caller_ids/{i}");
        if !e164(&id.number) {
            return Err(invalid(&at, "a number in E.164 form, for example +622129881500"));
        }
        if !seen.insert(&id.number) {
            return Err(invalid(&at, "the number stands in the list twice; give it a weight instead"));
        }
        if !(1..=WEIGHT_MAX).contains(&id.weight) {
            return Err(invalid(&format!("{at}/weight"), format!("1 to {WEIGHT_MAX}")));
        }
        if id.regions.len() > REGIONS_MAX {
            return Err(invalid(&format!("{at}/regions"), format!("at most {REGIONS_MAX} regions")));
        }
        if let Some(r) = id.regions.iter().position(|r| !region(r)) {
            return Err(invalid(&format!("{at}/regions/{r}"), "the beginning of numbers in E.164 form, such as +6221"));
        }
    }
    Ok(())
}

fn region(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|d| (1..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()) && !d.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn ids(json: Value) -> Vec<CallerId> {
        serde_json::from_value(json).unwrap()
    }

    fn list() -> Vec<CallerId> {
        ids(json!([
            "+622150000001",
            { "number": "+622150000002", "weight": 3 },
            { "number": "+622150000003", "regions": ["+6221", "+6231"] },
            { "number": "+622150000004", "weight": 2, "regions": ["+62215"] },
        ]))
    }

    #[test]
    fn both_forms_are_read_and_written() {
        let list = list();
        assert_eq!(list[0], CallerId::plain("+622150000001"));
        let json = serde_json::to_value(&list).unwrap();
        assert_eq!((&json[0], &json[1]["weight"]), (&json!("+622150000001"), &json!(3)));
        assert_eq!(ids(json), list);
        for bad in [json!([1]), json!([{}]), json!([{ "number": "+621", "wait": 1 }]), json!([null])] {
            assert!(serde_json::from_value::<Vec<CallerId>>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(check(&list()).is_ok());
        for (bad, at) in [
            (json!(["021-500"]), "/caller_ids/0"),
            (json!(["+622150000001", "+622150000001"]), "/caller_ids/1"),
            (json!([{ "number": "+622150000001", "weight": 0 }]), "/caller_ids/0/weight"),
            (json!([{ "number": "+622150000001", "weight": 1001 }]), "/caller_ids/0/weight"),
            (json!([{ "number": "+622150000001", "regions": ["+62", "021"] }]), "/caller_ids/0/regions/1"),
            (json!([{ "number": "+622150000001", "regions": ["+"] }]), "/caller_ids/0/regions/0"),
        ] {
            assert_eq!(check(&ids(bad.clone())).unwrap_err().at.as_deref(), Some(at), "{bad}");
        }
    }

    fn shares(to: &str, usable: impl Fn(&CallerId) -> bool) -> BTreeMap<String, u32> {
        let list = list();
        let mut shares = BTreeMap::new();
        for roll in 0..1_200 {
            if let Some(id) = pick(&list, to, &usable, roll) {
                *shares.entry(id.number[10..].to_owned()).or_default() += 1;
            }
        }
        shares
    }

    fn of<const N: usize>(shares: [(&str, u32); N]) -> BTreeMap<String, u32> {
        shares.map(|(id, n)| (id.to_owned(), n)).into()
    }

    #[test]
    fn the_longest_region_wins_and_weights_share() {
        let any = |_: &CallerId| true;
        assert_eq!(shares("+628111111111", any), of([("001", 300), ("002", 900)]));
        assert_eq!(shares("+623111111111", any), of([("003", 1_200)]));
        assert_eq!(shares("+622111111111", any), of([("003", 1_200)]));
        assert_eq!(shares("+622151111111", any), of([("004", 1_200)]));
        // Without the best, the next best.
        assert_eq!(shares("+622151111111", |id| !id.number.ends_with('4')), of([("003", 1_200)]));
        assert_eq!(shares("+622151111111", |id| id.regions.is_empty()), of([("001", 300), ("002", 900)]));
        // A number of another region is no substitute.
        assert_eq!(shares("+628111111111", |id| !id.regions.is_empty()), of([]));
        assert_eq!(shares("+628111111111", |_| false), of([]));
    }

    #[test]
    fn any_change_of_the_list_changes_its_fingerprint() {
        let mut seen = BTreeSet::from([fingerprint(&list()), fingerprint(&[])]);
        for change in 0..6 {
            let mut list = list();
            match change {
                0 => drop(list.pop()),
                1 => list[0].weight = 2,
                2 => list[2].regions.swap(0, 1),
                3 => drop(list[2].regions.pop()),
                4 => list[0].number.push('0'),
                _ => list.swap(0, 1),
            }
            assert!(seen.insert(fingerprint(&list)), "{change}");
        }
    }
}
