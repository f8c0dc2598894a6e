//! Taxes and periods as a voice says them. Lists write them in Indonesian and full of acronyms.

use super::words;
use crate::contact::{Duty, Language};

/// Acronyms and how they are said; speech engines read them as words, each in another way.
const ACRONYMS: [(&str, &str); 18] = [
    ("spt", "es pe te"),
    ("pph", "pe pe ha"),
    ("ppn", "pe pe en"),
    ("ppnbm", "pe pe en be em"),
    ("pbb", "pe be be"),
    ("umkm", "u em ka em"),
    ("stp", "es te pe"),
    ("skp", "es ka pe"),
    ("skpkb", "es ka pe ka be"),
    ("skpkbt", "es ka pe ka be te"),
    ("npwp", "en pe we pe"),
    ("kpp", "ka pe pe"),
    ("nik", "nik"),
    ("jkp", "je ka pe"),
    ("bkp", "be ka pe"),
    ("kms", "ka em es"),
    ("wp", "we pe"),
    ("op", "orang pribadi"),
];

/// Revenue account codes (KAP) and what they stand for, for lists that give the code only. PER-10/PJ/2024.
const ACCOUNTS: [(&str, &str); 9] = [
    ("411121", "PPh Pasal 21"),
    ("411122", "PPh Pasal 22"),
    ("411124", "PPh Pasal 23"),
    ("411127", "PPh Pasal 26"),
    ("411125", "PPh Orang Pribadi"),
    ("411126", "PPh Badan"),
    ("411128", "PPh Final"),
    ("411211", "PPN Dalam Negeri"),
    ("411221", "PPnBM Dalam Negeri"),
];

/// A list may hold anything; no tax has a longer name.
const TAX_CHARS_MAX: usize = 120;

/// The tax, never empty.
pub fn tax(language: Language, duty: &Duty) -> String {
    let written = written(duty);
    match language {
        Language::Id if written.is_empty() => "pajak".into(),
        Language::Id => indonesian(&written),
        Language::En => {
            let (name, article) = english(&Tokens::of(&written));
            format!("{name}{article}")
        }
    }
}

/// The tax return, never empty.
pub fn tax_return(language: Language, duty: &Duty) -> String {
    let written = written(duty);
    let tokens = Tokens::of(&written);
    match language {
        Language::Id if written.is_empty() => "es pe te".into(),
        Language::Id if tokens.has("spt") => indonesian(&written),
        Language::Id => format!("es pe te {}", indonesian(&written)),
        Language::En => {
            let rhythm = match () {
                () if tokens.has("tahunan") => "annual ",
                () if tokens.has("masa") => "monthly ",
                () => "",
            };
            let (name, article) = english(&tokens);
            format!("{rhythm}{name} return{article}")
        }
    }
}

/// The tax year or month; empty if the list gives none, or none that can be read.
pub fn period(language: Language, duty: &Duty) -> String {
    let (year, month) = match duty.tax_period.split_once('-') {
        Some((year, month)) => (year, month.parse().ok().map(|m| words::month(language, m)).filter(|m| !m.is_empty())),
        None => (duty.tax_period.as_str(), Some("")),
    };
    let year = year.parse().ok().filter(|y| (1900..=2999).contains(y)).map(|y| words::year(language, y));
    match (language, year, month) {
        (_, None, _) | (_, _, None) => String::new(),
        (Language::Id, Some(year), Some("")) => format!("tahun pajak {year}"),
        (Language::Id, Some(year), Some(month)) => format!("masa pajak {month} {year}"),
        (Language::En, Some(year), Some("")) => format!("the tax year {year}"),
        (Language::En, Some(year), Some(month)) => format!("{month} {year}"),
    }
}

fn written(duty: &Duty) -> String {
    let listed = duty.tax_type.chars().map(|c| if c.is_control() { ' ' } else { c });
    let listed: String = listed.take(TAX_CHARS_MAX).collect();
    match listed.trim() {
        "" => {
            let account = duty.tax_code.get(..6).and_then(|kap| ACCOUNTS.iter().find(|(code, _)| *code == kap));
            account.map_or("", |(_, name)| name).to_owned()
        }
        listed => listed.to_owned(),
    }
}

/// Runs of letters, runs of digits, and whatever else, each in its order.
struct Tokens<'t>(Vec<&'t str>);

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Self {
        let kind = |c: char| (c.is_alphabetic(), c.is_ascii_digit());
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
            let Some((token, after)) = rest.split_at_checked(end) else {
                break;
            };
            tokens.push(token);
            rest = after;
        }
        Tokens(tokens)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|token| token.eq_ignore_ascii_case(word))
    }

    /// What stands after `word`, figures as words: the number of an article.
    fn after(&self, word: &str) -> Option<String> {
        let at = self.0.iter().position(|token| token.eq_ignore_ascii_case(word))?;
        let numbers: Vec<_> = self.0.iter().skip(at + 1).take(4).map(|t| t.trim()).filter(|t| !t.is_empty()).collect();
        let mut out = Vec::new();
        for token in numbers {
            match token {
                "/" => out.push("or".to_owned()),
                "(" => out.push("paragraph".to_owned()),
                figure => match figure.parse() {
                    Ok(n) => out.push(words::number(Language::En, n)),
                    Err(_) => break,
                },
            }
        }
        (!out.is_empty()).then(|| out.join(" "))
    }
}

fn indonesian(written: &str) -> String {
    let mut out = String::new();
    for token in Tokens::of(written).0 {
        let lower = token.to_lowercase();
        match ACRONYMS.iter().find(|(acronym, _)| *acronym == lower) {
            Some((_, spelled)) => out.push_str(spelled),
            None if token.starts_with(|c: char| c.is_ascii_digit()) => out.push_str(&figure(token)),
            None if token == "/" => out.push_str(" garis miring "),
            None if token.trim() == "(" => out.push_str(" ayat "),
            None if token.trim() == ")" => out.push(' '),
            None => out.push_str(token),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number, or a code where it begins with 0 or is too long to be a number of anything here.
fn figure(run: &str) -> String {
    match run.parse() {
        Ok(n) if run.len() <= 4 && !run.starts_with('0') => words::number(Language::Id, n),
        _ => words::digits(Language::Id, run),
    }
}

/// The English name of a tax and its article, from the Indonesian words that decide which it is. A tax not known here
/// stays "tax": an English voice makes nothing of Indonesian words, and the officer or the letter says the rest.
fn english(tokens: &Tokens<'_>) -> (String, String) {
    let whose = match () {
        () if tokens.has("badan") => "corporate ",
        () if tokens.has("pribadi") || tokens.has("op") => "individual ",
        () => "",
    };
    let name = match () {
        () if tokens.has("ppnbm") => "luxury goods sales tax",
        () if tokens.has("ppn") => "value added tax",
        () if tokens.has("pbb") => "land and building tax",
        () if tokens.has("meterai") => "stamp duty",
        () if tokens.has("pph") && tokens.has("final") => "final income tax",
        () if tokens.has("pph") => {
            let article = tokens.after("pasal").map(|article| format!(" under Article {article}"));
            return (format!("{whose}income tax"), article.unwrap_or_default());
        }
        () => "tax",
    };
    (name.into(), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::samples;
    use Language::{En, Id};

    fn about(tax_type: &str, tax_code: &str, tax_period: &str) -> Duty {
        Duty { tax_type: tax_type.into(), tax_code: tax_code.into(), tax_period: tax_period.into(), ..samples::duty() }
    }

    #[test]
    fn taxes_are_spelled_out_or_translated() {
        for (written, id, en) in [
            ("PPh Pasal 21", "pe pe ha Pasal dua puluh satu", "income tax under Article twenty-one"),
            ("PPh Pasal 4 (2)", "pe pe ha Pasal empat ayat dua", "income tax under Article four paragraph two"),
            ("PPh Pasal 4(2)", "pe pe ha Pasal empat ayat dua", "income tax under Article four paragraph two"),
            (
                "PPh Pasal 25/29 Badan",
                "pe pe ha Pasal dua puluh lima garis miring dua puluh sembilan Badan",
                "corporate income tax under Article twenty-five or twenty-nine",
            ),
            ("PPh Final UMKM", "pe pe ha Final u em ka em", "final income tax"),
            ("PPN Dalam Negeri", "pe pe en Dalam Negeri", "value added tax"),
            ("STP 00012", "es te pe nol nol nol, satu dua", "tax"),
            ("Bea Meterai", "Bea Meterai", "stamp duty"),
            ("", "pajak", "tax"),
            ("<Say>&\u{0}{due}", "<Say>& {due}", "tax"),
        ] {
            assert_eq!(tax(Id, &about(written, "", "")), id);
            assert_eq!(tax(En, &about(written, "", "")), en);
        }
    }

    #[test]
    fn a_code_names_the_tax_where_nothing_else_does() {
        assert_eq!(tax(Id, &about("", "411121-100", "")), "pe pe ha Pasal dua puluh satu");
        assert_eq!(tax(En, &about("", "411211", "")), "value added tax");
        assert_eq!(tax(Id, &about("", "999999-100", "")), "pajak");
        assert_eq!(tax(Id, &about("", "4112é", "")), "pajak");
    }

    #[test]
    fn a_return_is_called_a_return() {
        for (written, id, en) in [
            (
                "SPT Tahunan PPh Orang Pribadi",
                "es pe te Tahunan pe pe ha Orang Pribadi",
                "annual individual income tax return",
            ),
            ("SPT Masa PPN", "es pe te Masa pe pe en", "monthly value added tax return"),
            ("PPh Pasal 21", "es pe te pe pe ha Pasal dua puluh satu", "income tax return under Article twenty-one"),
            ("", "es pe te", "tax return"),
        ] {
            assert_eq!(tax_return(Id, &about(written, "", "")), id);
            assert_eq!(tax_return(En, &about(written, "", "")), en);
        }
    }

    #[test]
    fn a_period_is_a_year_or_a_month_or_nothing() {
        for (written, id, en) in [
            ("2026", "tahun pajak dua ribu dua puluh enam", "the tax year two thousand twenty-six"),
            ("2027-02", "masa pajak Februari dua ribu dua puluh tujuh", "February two thousand twenty-seven"),
            ("", "", ""),
            ("2027-13", "", ""),
            ("2027-", "", ""),
            ("-2", "", ""),
            ("99999", "", ""),
        ] {
            assert_eq!(period(Id, &about("", "", written)), id);
            assert_eq!(period(En, &about("", "", written)), en);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(tax(Id, &about(&"x".repeat(10_000), "", "")).len(), TAX_CHARS_MAX);
    }
}
