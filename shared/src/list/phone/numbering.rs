//! Indonesia's numbering plan: what is a number of a person or an office, and what is never called.

use super::Reason;

/// A kind of line that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::list) enum Kind {
    Mobile,
    Fixed,
    /// Whoever calls it pays its owner.
    Premium,
}

/// Digits of a mobile number without its 0: `8`, the operator's digit, 7 to 10 more.
const MOBILE: std::ops::RangeInclusive<usize> = 9..=12;
/// What is dialled locally, without an area code.
const LOCAL: std::ops::RangeInclusive<usize> = 5..=8;
/// Digits behind a three-digit area code.
const SUBSCRIBER: std::ops::RangeInclusive<usize> = 5..=8;

/// What begins a premium number, and how many digits it has.
const PREMIUM: (&str, usize) = ("809", 10);

/// Codes that lead abroad from Indonesia.
const EXIT_CODES: [&str; 5] = ["01017", "001", "007", "008", "00"];
/// Emergency and short numbers.
const SHORT: [&str; 8] = ["110", "112", "113", "115", "118", "119", "123", "129"];

/// Three-digit area codes in use, from and to, without the 0.
#[rustfmt::skip]
const AREA_CODES: &[(u16, u16)] = &[
    (231, 234), (251, 254), (260, 268), (271, 276), (280, 289), (291, 298),
    (321, 328), (331, 336), (338, 338), (341, 343), (351, 358), (361, 363), (365, 366), (368, 368), (370, 374),
    (376, 376), (379, 389),
    (401, 405), (408, 411), (413, 414), (417, 423), (426, 428), (430, 432), (434, 436), (438, 438), (443, 443),
    (451, 453), (457, 458), (461, 465), (471, 471), (473, 474), (481, 482), (484, 485),
    (511, 513), (515, 519), (522, 522), (525, 528), (531, 532), (534, 539), (541, 543), (545, 545), (548, 549),
    (551, 554), (556, 556), (561, 568),
    (620, 629), (631, 636), (639, 639), (641, 646), (650, 659),
    (702, 702), (711, 719), (721, 739), (741, 748), (751, 773), (776, 779),
    (901, 902), (910, 911), (913, 918), (920, 924), (927, 927), (929, 929), (951, 952), (955, 958), (962, 963),
    (966, 967), (969, 969), (971, 971), (975, 975), (979, 981), (983, 984), (986, 986),
];

/// The number without country code and 0, its kind, and whether its 0 was lost and is understood. `plus`: a + stands before the
/// digits.
pub(super) fn national(plus: bool, digits: &str) -> Result<(&str, Kind, bool), Reason> {
    fn valid(national: &str) -> Result<(&str, Kind, bool), Reason> {
        kind(national).map(|kind| (national, kind, false))
    }
    if digits.bytes().all(|b| b == b'0') {
        return Err(Reason::PhoneMissing);
    }
    if plus {
        let national = digits.strip_prefix("62").ok_or(Reason::PhoneForeign)?;
        return valid(without_zero(national));
    }
    for exit in EXIT_CODES {
        if let Some(national) = digits.strip_prefix(exit).and_then(|d| d.strip_prefix("62")) {
            return valid(without_zero(national));
        }
    }
    if let Some(national) = digits.strip_prefix('0') {
        return if national.starts_with('0') { Err(Reason::PhoneForeign) } else { valid(national) };
    }
    if is_service(digits) {
        return Err(Reason::PhoneSpecial);
    }
    if let Some(national) = digits.strip_prefix("62") {
        let national = without_zero(national);
        match kind(national) {
            Ok(kind) => return Ok((national, kind, false)),
            // Longer than anything dialled locally, so the country code it is.
            Err(reason) if digits.len() > *LOCAL.end() => return Err(reason),
            Err(_) => {}
        }
    }
    match digits.len() {
        0..5 => Err(Reason::PhoneTooShort),
        length if LOCAL.contains(&length) => Err(Reason::PhoneNoAreaCode),
        // Only a mobile number is safe to tell without its zero.
        _ if digits.starts_with('8') => match kind(digits)? {
            Kind::Mobile => Ok((digits, Kind::Mobile, true)),
            Kind::Fixed | Kind::Premium => Err(Reason::PhoneSpecial),
        },
        9..=11 => Err(Reason::PhoneNoAreaCode),
        _ => Err(Reason::PhoneTooLong),
    }
}

fn without_zero(national: &str) -> &str {
    national.strip_prefix('0').unwrap_or(national)
}

/// The kind of a number without country code and 0.
fn kind(national: &str) -> Result<Kind, Reason> {
    if national.starts_with(PREMIUM.0) && national.len() == PREMIUM.1 {
        return Ok(Kind::Premium);
    }
    // 80x: free, shared-cost and universal access numbers. 868: satellite phones, dear to call.
    let special = ["80", "868"].iter().any(|code| national.starts_with(code));
    if special || is_service(national) {
        return Err(Reason::PhoneSpecial);
    }
    if national.starts_with('8') {
        return match national.len() {
            // No operator has 084.
            _ if national.starts_with("84") => Err(Reason::PhoneNoAreaCode),
            length => within(length, &MOBILE).map(|()| Kind::Mobile),
        };
    }
    let (subscriber, allowed) = if ["21", "22", "24"].iter().any(|a| national.starts_with(a)) {
        (national.get(2..), 7..=8)
    } else if national.starts_with("619") {
        (national.get(2..), 5..=9)
    } else if ["31", "61"].iter().any(|a| national.starts_with(a)) {
        (national.get(2..), SUBSCRIBER)
    } else {
        let code = national.get(..3).and_then(|code| code.parse::<u16>().ok());
        let code = code.ok_or(Reason::PhoneTooShort)?;
        if !AREA_CODES.iter().any(|(from, to)| (*from..=*to).contains(&code)) {
            return Err(Reason::PhoneNoAreaCode);
        }
        (national.get(3..), SUBSCRIBER)
    };
    let subscriber = subscriber.unwrap_or_default();
    if is_service(subscriber) {
        return Err(Reason::PhoneSpecial);
    }
    within(subscriber.len(), &allowed).map(|()| Kind::Fixed)
}

fn within(length: usize, allowed: &std::ops::RangeInclusive<usize>) -> Result<(), Reason> {
    if length < *allowed.start() {
        Err(Reason::PhoneTooShort)
    } else if length > *allowed.end() {
        Err(Reason::PhoneTooLong)
    } else {
        Ok(())
    }
}

/// Emergency and short numbers, and call centres (`1500xxx`, `150xxx`, `140xx`), which are also dialled behind an
/// area code. No taxpayer has one.
fn is_service(digits: &str) -> bool {
    match digits.len() {
        3 => SHORT.contains(&digits),
        5 => digits.starts_with("140"),
        6 => digits.starts_with("150"),
        7 => digits.starts_with("1500"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::zone::Zone;
    use super::*;

    /// Province code and its area codes; `*` marks a code shared with a neighbour.
    const BY_PROVINCE: &[(u8, &str)] = &[
        (11, "627 629 641-646 650-659"),
        (12, "620-628 631-636 639"),
        (13, "751-757"),
        (14, "624 760-769"),
        (15, "741-748"),
        (16, "702 711-714 730 731 733-735"),
        (17, "732 736-739"),
        (18, "721-729"),
        (19, "715-719"),
        (21, "771-773 776-779"),
        (32, "231-234 251 260-267"),
        (33, "271-273 275 276 280-287 289 291-298"),
        (34, "274"),
        (35, "321-328 331-336 338 341-343 351-358"),
        (36, "252-254"),
        (51, "361-363 365 366 368"),
        (52, "370-374 376"),
        (53, "380-389"),
        (61, "534 561-568"),
        (62, "513 522 525 528 531 532 536-539"),
        (63, "511 512 517 518 527"),
        (64, "541-543 545 548 549 554"),
        (65, "551-553 556"),
        (71, "430-432 434 438"),
        (72, "451-453 457 458 461-465"),
        (73, "410 411 413 414 417-421 423 427 471 473 474 481 482 484 485"),
        (74, "401-405 408"),
        (75, "435 443"),
        (76, "422 426 428"),
        (81, "910 911 913-918"),
        (82, "920-924 927 929"),
        (91, "966 967 981 983"),
        (92, "955-957 980 986"),
        (93, "902 971 975"),
        (94, "901 984"),
        (95, "969"),
        (96, "951 952"),
    ];

    #[test]
    fn every_area_code_in_use_is_known_and_lies_in_its_provinces_zone() {
        // Of these we know no place, but the region.
        let mut listed = vec![515, 516, 519, 526];
        for (code, zone) in [
            (268, Zone::Wib),
            (288, Zone::Wib),
            (379, Zone::Wita),
            (409, Zone::Wita),
            (436, Zone::Wita),
            (535, Zone::Wib),
            (758, Zone::Wib),
            (759, Zone::Wib),
            (770, Zone::Wib),
            (958, Zone::Wit),
            (962, Zone::Wit),
            (963, Zone::Wit),
            (979, Zone::Wit),
        ] {
            listed.push(code);
            assert_eq!(kind(&format!("{code}00001")), Ok(Kind::Fixed), "{code}");
            assert_eq!(Zone::of_area_code(&code.to_string()), Some(zone), "{code}");
        }
        for (province, codes) in BY_PROVINCE {
            let zone = Zone::of_province_code(*province);
            for range in codes.split(' ') {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                for code in from.parse::<u16>().unwrap()..=to.parse().unwrap() {
                    listed.push(code);
                    let number = format!("{code}00001");
                    assert_eq!(kind(&number), Ok(Kind::Fixed), "{code}");
                    assert_eq!(Zone::of_area_code(&number), zone, "{code}");
                }
            }
        }
        for code in 200..1000 {
            let big_city = matches!(code / 10, 21 | 22 | 24 | 31 | 61);
            if !big_city && !(800..900).contains(&code) && !listed.contains(&code) {
                let number = format!("{code}00001");
                assert_eq!(kind(&number), Err(Reason::PhoneNoAreaCode), "{code}");
            }
        }
        for code in ["526", "516"] {
            assert_eq!(Zone::of_area_code(code), None);
        }
        for code in ["21", "22", "24", "31", "61"] {
            assert_eq!(Zone::of_area_code(code), Some(Zone::Wib));
        }
    }

    #[test]
    fn every_operator_prefix_is_mobile() {
        for (from, to) in [
            (811, 819),
            (821, 823),
            (831, 833),
            (838, 838),
            (851, 853),
            (855, 859),
            (877, 879),
            (881, 883),
            (887, 889),
            (895, 899),
        ] {
            for prefix in from..=to {
                for (more, verdict) in [
                    ("00000", Err(Reason::PhoneTooShort)),
                    ("000000", Ok(Kind::Mobile)),
                    ("000000000", Ok(Kind::Mobile)),
                    ("0000000000", Err(Reason::PhoneTooLong)),
                ] {
                    assert_eq!(kind(&format!("{prefix}{more}")), verdict, "{prefix}{more}");
                }
            }
        }
        assert_eq!(kind("84100000001"), Err(Reason::PhoneNoAreaCode));
        assert_eq!(kind("86800000001"), Err(Reason::PhoneSpecial));
    }
}
