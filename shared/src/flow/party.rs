//! Whom a call is for, as a voice says it.

use crate::contact::{Contact, Language};

/// The taxpayer to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Form of address and name.
    pub spoken: String,
    /// A company speaks through a representative.
    pub is_company: bool,
}

/// Nobody's name is longer; a list may hold anything.
const NAME_CHARS_MAX: usize = 80;

const TITLES: [&str; 4] = ["Dr", "Dr.", "Prof", "Prof."];

/// Forms of organisation that a name begins or ends with: as written, as said in Indonesian and in English.
const FORMS: [(&str, &str, &str); 19] = [
    ("PT", "pe te", "P T"),
    ("CV", "se ve", "C V"),
    ("UD", "u de", "U D"),
    ("PD", "pe de", "P D"),
    ("PO", "pe o", "P O"),
    ("FA", "Firma", "Firma"),
    ("NV", "en ve", "N V"),
    ("BUT", "be u te", "B U T"),
    ("KSO", "ka es o", "K S O"),
    ("FIRMA", "Firma", "Firma"),
    ("KOPERASI", "Koperasi", "Koperasi"),
    ("YAYASAN", "Yayasan", "Yayasan"),
    ("PERKUMPULAN", "Perkumpulan", "Perkumpulan"),
    ("PERUM", "Perum", "Perum"),
    ("PERUMDA", "Perumda", "Perumda"),
    ("PERSEROAN", "Perseroan", "Perseroan"),
    ("BUMDES", "Bumdes", "Bumdes"),
    ("BENDAHARA", "Bendahara", "Bendahara"),
    ("DINAS", "Dinas", "Dinas"),
];

impl Party {
    /// `None` where the list gives no name: then there is nobody to ask for, and nobody to confirm.
    pub fn of(language: Language, contact: &Contact) -> Option<Self> {
        let (name, degrees) = match contact.name.split_once(',') {
            Some((name, after)) => (words(name), words(after)),
            None => (words(&contact.name), Vec::new()),
        };
        let (first, rest) = name.split_first()?;
        if let Some(sex) = nik(&contact.taxpayer_id) {
            return Some(Party { spoken: person(language, Some(sex), &name), is_company: false });
        }
        let company = |form: &str, rest: &[&str]| {
            let name = capitalised(rest, |word| word.chars().count() > 3);
            Party { spoken: shortened(&format!("{form} {name}")), is_company: true }
        };
        // "PT Contoh", "Contoh, PT" and "Contoh PT" are one company.
        if let Some(form) = form(language, first).filter(|_| !rest.is_empty()) {
            return Some(company(form, rest));
        }
        if let Some(form) = degrees.first().and_then(|word| form(language, word)) {
            return Some(company(form, &name));
        }
        match name.split_last().map(|(last, head)| (form(language, last), head)) {
            Some((Some(form), head)) if !head.is_empty() => Some(company(form, head)),
            _ => Some(Party { spoken: person(language, None, &name), is_company: false }),
        }
    }
}

#[derive(Clone, Copy)]
enum Sex {
    Man,
    Woman,
}

/// A resident's identity number tells the sex: 40 is added to a woman's day of birth. `None` for other numbers,
/// which begin with `0` or, for companies registered lately, `1000`; no province has the number 10 or one below.
fn nik(taxpayer_id: &str) -> Option<Sex> {
    let resident = taxpayer_id.get(..2)?.parse::<u8>().ok()? > 10;
    let day = taxpayer_id.get(6..8)?.parse::<u8>().ok()?;
    resident.then_some(if day > 40 { Sex::Woman } else { Sex::Man })
}

fn person(language: Language, sex: Option<Sex>, name: &[&str]) -> String {
    let address = match (language, sex) {
        (Language::Id, Some(Sex::Man)) => "Bapak ",
        (Language::Id, Some(Sex::Woman)) => "Ibu ",
        (Language::Id, None) => "Bapak atau Ibu ",
        // An English title takes the place of the form of address.
        (Language::En, _) if name.first().is_some_and(|word| TITLES.iter().any(|t| word.eq_ignore_ascii_case(t))) => "",
        (Language::En, Some(Sex::Man)) => "Mr. ",
        (Language::En, Some(Sex::Woman)) => "Ms. ",
        (Language::En, None) => "",
    };
    shortened(&format!("{address}{}", capitalised(name, |_| true)))
}

fn form(language: Language, word: &str) -> Option<&'static str> {
    let plain = word.replace('.', "").to_uppercase();
    let (_, id, en) = FORMS.iter().find(|(written, _, _)| *written == plain)?;
    Some(match language {
        Language::Id => id,
        Language::En => en,
    })
}

/// Words, with control characters taken for spaces: they mean nothing to a voice and may break what carries it.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect()
}

/// Lists shout, and a voice spells what is shouted. Words in capitals get one capital only, where the whole name is in
/// capitals and `is_word` says that it is no abbreviation.
fn capitalised(name: &[&str], is_word: impl Fn(&str) -> bool) -> String {
    let shouted = !name.iter().any(|word| word.chars().any(char::is_lowercase));
    let capitalise = |word: &&str| match word.char_indices().nth(1) {
        Some((second, _)) if shouted && is_word(word) => {
            let (head, tail) = word.split_at_checked(second).unwrap_or((word, ""));
            format!("{head}{}", tail.to_lowercase())
        }
        _ => (*word).to_owned(),
    };
    name.iter().map(capitalise).collect::<Vec<_>>().join(" ")
}

fn shortened(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::samples;

    const MAN: &str = "3273011503859001";
    const WOMAN: &str = "3174055207909002";
    const OLD: &str = "0079001012541000";
    const NEW_COMPANY: &str = "1000000001234567";

    #[test]
    fn a_person_is_addressed_by_the_identity_number_and_without_degrees() {
        for (taxpayer_id, name, id, en) in [
            (MAN, "Budi Rekaan", "Bapak Budi Rekaan", "Mr. Budi Rekaan"),
            (WOMAN, "Dr. Rina Misalnya, S.E., M.Ak.", "Ibu Dr. Rina Misalnya", "Dr. Rina Misalnya"),
            (WOMAN, "NUR'AINI  REKAAN", "Ibu Nur'aini Rekaan", "Ms. Nur'aini Rekaan"),
            (OLD, "Budi Rekaan", "Bapak atau Ibu Budi Rekaan", "Budi Rekaan"),
            (MAN, "A", "Bapak A", "Mr. A"),
            // A shop's owner is a person, and so is somebody who is called like a form of company.
            (MAN, "UD Maju", "Bapak UD Maju", "Mr. UD Maju"),
            (OLD, "Fa", "Bapak atau Ibu Fa", "Fa"),
            ("?", "Budi", "Bapak atau Ibu Budi", "Budi"),
        ] {
            let contact = samples::contact(taxpayer_id, name);
            for (language, spoken) in [(Language::Id, id), (Language::En, en)] {
                let expected = Party { spoken: spoken.into(), is_company: false };
                assert_eq!(Party::of(language, &contact), Some(expected), "{name}");
            }
        }
    }

    #[test]
    fn a_company_is_known_by_its_form_wherever_it_stands() {
        for (taxpayer_id, name, id, en) in [
            (OLD, "PT Contoh Sejahtera Abadi", "pe te Contoh Sejahtera Abadi", "P T Contoh Sejahtera Abadi"),
            (OLD, "PT. CONTOH BRI", "pe te Contoh BRI", "P T Contoh BRI"),
            (OLD, "CONTOH JAYA, P.T.", "pe te Contoh Jaya", "P T Contoh Jaya"),
            (OLD, "Misal Jaya CV", "se ve Misal Jaya", "C V Misal Jaya"),
            (NEW_COMPANY, "CV Misal Jaya", "se ve Misal Jaya", "C V Misal Jaya"),
            (OLD, "Bendahara Desa Contoh", "Bendahara Desa Contoh", "Bendahara Desa Contoh"),
        ] {
            let contact = samples::contact(taxpayer_id, name);
            for (language, spoken) in [(Language::Id, id), (Language::En, en)] {
                let expected = Party { spoken: spoken.into(), is_company: true };
                assert_eq!(Party::of(language, &contact), Some(expected), "{name}");
            }
        }
    }

    #[test]
    fn without_a_name_there_is_nobody_to_ask_for() {
        for name in ["", " \t", ", S.E.", "\u{0}\u{7}"] {
            assert_eq!(Party::of(Language::Id, &samples::contact(MAN, name)), None, "{name:?}");
        }
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        let contact = samples::contact(MAN, &"ñ".repeat(10_000));
        let spoken = Party::of(Language::Id, &contact).map(|p| p.spoken).unwrap_or_default();
        assert_eq!(spoken.chars().count(), NAME_CHARS_MAX);
    }
}
