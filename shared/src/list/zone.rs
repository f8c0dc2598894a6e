//! Where a contact's clock stands: by area code, province or tax office.
//!
//! Indonesia has three zones without daylight saving time; no province lies in two. A mobile number has no zone.

use super::{Guess, text};

/// A time zone of Indonesia.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// West: UTC+7.
    Wib,
    /// Central: UTC+8.
    Wita,
    /// East: UTC+9.
    Wit,
}

/// Provinces: the Home Ministry's code (with which a NIK begins), zone, names and short forms.
#[rustfmt::skip]
const PROVINCES: &[(u8, Zone, &[&str])] = &[
    (11, Zone::Wib, &["aceh", "nanggroeacehdarussalam", "nad"]),
    (12, Zone::Wib, &["sumaterautara", "sumatrautara", "sumut"]),
    (13, Zone::Wib, &["sumaterabarat", "sumatrabarat", "sumbar"]),
    (14, Zone::Wib, &["riau"]),
    (15, Zone::Wib, &["jambi"]),
    (16, Zone::Wib, &["sumateraselatan", "sumatraselatan", "sumsel"]),
    (17, Zone::Wib, &["bengkulu"]),
    (18, Zone::Wib, &["lampung"]),
    (19, Zone::Wib, &["kepulauanbangkabelitung", "kepbangkabelitung", "bangkabelitung", "babel"]),
    (21, Zone::Wib, &["kepulauanriau", "kepriau", "kepri"]),
    (31, Zone::Wib, &["dkijakarta", "daerahkhususjakarta", "dkjakarta", "daerahkhususibukotajakarta", "jakarta", "dki"]),
    (32, Zone::Wib, &["jawabarat", "jabar"]),
    (33, Zone::Wib, &["jawatengah", "jateng"]),
    (34, Zone::Wib, &["daerahistimewayogyakarta", "diyogyakarta", "yogyakarta", "diy"]),
    (35, Zone::Wib, &["jawatimur", "jatim"]),
    (36, Zone::Wib, &["banten"]),
    (51, Zone::Wita, &["bali"]),
    (52, Zone::Wita, &["nusatenggarabarat", "ntb"]),
    (53, Zone::Wita, &["nusatenggaratimur", "ntt"]),
    (61, Zone::Wib, &["kalimantanbarat", "kalbar"]),
    (62, Zone::Wib, &["kalimantantengah", "kalteng"]),
    (63, Zone::Wita, &["kalimantanselatan", "kalsel"]),
    (64, Zone::Wita, &["kalimantantimur", "kaltim"]),
    (65, Zone::Wita, &["kalimantanutara", "kaltara"]),
    (71, Zone::Wita, &["sulawesiutara", "sulut"]),
    (72, Zone::Wita, &["sulawesitengah", "sulteng"]),
    (73, Zone::Wita, &["sulawesiselatan", "sulsel"]),
    (74, Zone::Wita, &["sulawesitenggara", "sultra"]),
    (75, Zone::Wita, &["gorontalo"]),
    (76, Zone::Wita, &["sulawesibarat", "sulbar"]),
    (81, Zone::Wit, &["maluku"]),
    (82, Zone::Wit, &["malukuutara", "malut"]),
    (91, Zone::Wit, &["papua"]),
    (92, Zone::Wit, &["papuabarat"]),
    (93, Zone::Wit, &["papuaselatan"]),
    (94, Zone::Wit, &["papuatengah"]),
    (95, Zone::Wit, &["papuapegunungan"]),
    (96, Zone::Wit, &["papuabaratdaya"]),
];

/// What tells the zone, the surest first.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clues<'a> {
    /// The list's own column.
    pub time_zone: &'a str,
    /// First number to be dialled, without country code, if it is a fixed line.
    pub fixed_line: Option<&'a str>,
    pub province: &'a str,
    /// The list's column; else the one in an old NPWP, where the taxpayer registered.
    pub office: &'a str,
    pub registered_at: Option<&'a str>,
    /// A NIK: the province of first issue.
    pub nik: Option<&'a str>,
}

impl Zone {
    /// The zone that the clues tell, and which clue, unless the list names the zone itself.
    pub fn of(clues: &Clues<'_>) -> Option<(Zone, Option<Guess>)> {
        let guess = |zone: Option<Zone>, guess| zone.map(|zone| (zone, Some(guess)));
        Zone::named(clues.time_zone)
            .map(|zone| (zone, None))
            .or_else(|| guess(clues.fixed_line.and_then(Zone::of_area_code), Guess::ZoneOfAreaCode))
            .or_else(|| guess(Zone::of_province(clues.province), Guess::ZoneOfProvince))
            .or_else(|| guess(Zone::of_office(clues.office), Guess::ZoneOfOffice))
            .or_else(|| guess(clues.registered_at.and_then(Zone::of_office), Guess::ZoneOfRegistration))
            .or_else(|| guess(clues.nik.and_then(Zone::of_nik), Guess::ZoneOfNik))
    }

    /// IANA name. Asia/Pontianak has the same clock as Asia/Jakarta.
    pub fn iana(self) -> &'static str {
        match self {
            Zone::Wib => "Asia/Jakarta",
            Zone::Wita => "Asia/Makassar",
            Zone::Wit => "Asia/Jayapura",
        }
    }

    fn named(name: &str) -> Option<Zone> {
        match text::key(name).as_str() {
            "wib" | "asiajakarta" | "asiapontianak" => Some(Zone::Wib),
            "wita" | "asiamakassar" | "asiaujungpandang" => Some(Zone::Wita),
            "wit" | "asiajayapura" => Some(Zone::Wit),
            _ => None,
        }
    }

    /// By the first digits of a national number without its 0. Nothing for 0526 and 0516, which lie on both sides
    /// of a border or are in doubt.
    pub fn of_area_code(national: &str) -> Option<Zone> {
        let starts = |codes: &[&str]| codes.iter().any(|code| national.starts_with(code));
        // What is not in Kalimantan (05) tells by one digit or two.
        let two = national.get(..2)?;
        match two.as_bytes() {
            b"51" | b"52" if starts(&["511", "512", "517", "518", "527"]) => Some(Zone::Wita),
            b"51" | b"52" if starts(&["513", "515", "519", "522", "525", "528"]) => Some(Zone::Wib),
            b"53" | b"56" => Some(Zone::Wib),
            b"54" | b"55" => Some(Zone::Wita),
            b"36" | b"37" | b"38" => Some(Zone::Wita),
            [b'3', b'1'..=b'5'] | [b'2' | b'6' | b'7', _] => Some(Zone::Wib),
            [b'4', _] => Some(Zone::Wita),
            [b'9', _] => Some(Zone::Wit),
            _ => None,
        }
    }

    /// By a province's name or code.
    pub fn of_province(name: &str) -> Option<Zone> {
        let key = text::key(name);
        if let Ok(code) = key.parse() {
            return Zone::of_province_code(code);
        }
        let bare = key
            .strip_prefix("provinsi")
            .or_else(|| key.strip_prefix("propinsi"))
            .or_else(|| key.strip_prefix("prov"))
            .unwrap_or(&key);
        PROVINCES.iter().find(|(_, _, names)| names.contains(&bare)).map(|(_, zone, _)| *zone)
    }

    /// By the code with which a NIK begins.
    pub fn of_province_code(code: u8) -> Option<Zone> {
        PROVINCES.iter().find(|(known, _, _)| *known == code).map(|(_, zone, _)| *zone)
    }

    fn of_nik(nik: &str) -> Option<Zone> {
        Zone::of_province_code(nik.get(..2)?.parse().ok()?)
    }

    /// By the three digits of a tax office (KPP).
    pub fn of_office(code: &str) -> Option<Zone> {
        if code.len() != 3 || code == "000" {
            return None;
        }
        match code.get(..2)?.parse::<u8>().ok()? {
            0..=71 => Some(Zone::Wib),
            72..=74 | 80..=92 => Some(Zone::Wita),
            94 | 95 => Some(Zone::Wit),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Zone::*;

    #[test]
    fn provinces_by_name_and_code() {
        assert_eq!(PROVINCES.len(), 38);
        for (name, zone) in [
            ("DKI Jakarta", Some(Wib)),
            ("Daerah Khusus Jakarta", Some(Wib)),
            ("D.I. Yogyakarta", Some(Wib)),
            ("DAERAH ISTIMEWA YOGYAKARTA", Some(Wib)),
            ("Kep. Bangka Belitung", Some(Wib)),
            ("Sumut", Some(Wib)),
            ("Prov. Kalimantan Barat", Some(Wib)),
            ("NTT", Some(Wita)),
            ("Provinsi Bali", Some(Wita)),
            ("Kalimantan Utara", Some(Wita)),
            ("Maluku", Some(Wit)),
            ("Papua Barat Daya", Some(Wit)),
            ("64", Some(Wita)),
            ("Singapura", None),
            ("", None),
        ] {
            assert_eq!(Zone::of_province(name), zone, "{name}");
        }
    }

    #[test]
    fn offices_by_their_code() {
        for (codes, zone) in [
            ("001 011 059 093 101 225 335 455 545 657 701 714", Some(Wib)),
            ("721 729 741 736 801 816 821 834 901 915 926", Some(Wita)),
            ("941 942 943 951 956", Some(Wit)),
            ("000 999 931 75 5411 abc ½1", None),
        ] {
            for code in codes.split(' ') {
                assert_eq!(Zone::of_office(code), zone, "{code}");
            }
        }
    }

    #[test]
    fn the_surest_clue_wins() {
        let all = Clues {
            time_zone: "WIT",
            fixed_line: Some("215250208"),
            province: "Bali",
            office: "952",
            registered_at: Some("011"),
            nik: Some("5171011503859001"),
        };
        let without = |change: fn(&mut Clues<'_>)| {
            let mut clues = all;
            change(&mut clues);
            Zone::of(&clues)
        };
        assert_eq!(Zone::of(&all), Some((Wit, None)));
        assert_eq!(without(|c| c.time_zone = "?"), Some((Wib, Some(Guess::ZoneOfAreaCode))));
        let bordering = |c: &mut Clues<'_>| {
            c.time_zone = "";
            c.fixed_line = Some("526000124");
        };
        assert_eq!(without(bordering), Some((Wita, Some(Guess::ZoneOfProvince))));
        let office = |c: &mut Clues<'_>| (c.time_zone, c.fixed_line, c.province) = ("", None, "");
        assert_eq!(without(office), Some((Wit, Some(Guess::ZoneOfOffice))));
        let registered = |c: &mut Clues<'_>| {
            (c.time_zone, c.fixed_line, c.province, c.office) = ("", None, "", "");
        };
        assert_eq!(without(registered), Some((Wib, Some(Guess::ZoneOfRegistration))));
        let nik = |c: &mut Clues<'_>| {
            *c = Clues { nik: c.nik, ..Clues::default() };
        };
        assert_eq!(without(nik), Some((Wita, Some(Guess::ZoneOfNik))));
        assert_eq!(Zone::of(&Clues::default()), None);
    }
}
