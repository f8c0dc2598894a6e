//! Sentences of a campaign's own, told after the message about a matter: to the right party only, like the message itself.

use super::template::{Template, Told};
use crate::campaign::AlsoSay;
use crate::contact::{Duty, Language};
use crate::list;

/// What ends a kept cell that was too long: the rest is not known, so it is not told.
const CUT: char = '…';

/// A campaign's own sentences, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Also {
    id: Vec<Template<Told>>,
    en: Vec<Template<Told>>,
}

impl Also {
    /// Reads them; what is wrong with which of them (its JSON pointer below the member) if one cannot be read, or names
    /// a column that `kept` does not know.
    pub fn read(say: &AlsoSay, kept: impl Fn(&str) -> bool) -> Result<Self, (String, String)> {
        let read = |language: &str, sentences: &[String]| {
            let sentence = |(n, text): (usize, &String)| {
                let refused = |why| (format!("/{language}/{n}"), why);
                let template = Template::<Told>::try_from(text.clone()).map_err(refused)?;
                let unknown = template.blanks().into_iter().find_map(|blank| match blank {
                    Told::Extra(name) if !kept(name) => Some(name.clone()),
                    _ => None,
                });
                match unknown {
                    None => Ok(template),
                    Some(name) => Err(refused(format!(
                        "the sentence says {{extra.{name}}}, and the campaign keeps no column of that name: add it to \
                         `keep_columns`, which holds for files taken from then on"
                    ))),
                }
            };
            sentences.iter().enumerate().map(sentence).collect::<Result<Vec<_>, _>>()
        };
        Ok(Also { id: read("id", &say.id)?, en: read("en", &say.en)? })
    }

    pub(super) fn sentences(&self, language: Language) -> &[Template<Told>] {
        match language {
            Language::Id => &self.id,
            Language::En => &self.en,
        }
    }
}

/// A kept column's cell as it is told; empty if the row has none, or one of which the end is not known.
pub(super) fn extra(duty: &Duty, name: &str) -> String {
    let key = list::column_key(name);
    let cell = duty.extra.iter().find(|(column, _)| list::column_key(column) == key).map(|(_, cell)| cell);
    let told = cell.filter(|cell| cell.chars().any(char::is_alphanumeric) && !cell.ends_with(CUT));
    told.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::speech::Speech;
    use crate::flow::tests::samples;
    use crate::flow::{Scene, Verb};

    const SAY: &str = "Petugas Anda {extra.Nama AR}[, telepon {extra.TELP AR}].";

    fn also(sentences: &[&str]) -> Result<Also, (String, String)> {
        let id = sentences.iter().map(|text| (*text).to_owned()).collect();
        Also::read(&AlsoSay { id, en: Vec::new() }, |name| ["Nama AR", "TELP AR", "TEMPAT"].contains(&name))
    }

    fn duty(extra: &[(&str, &str)]) -> Duty {
        let extra = extra.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()));
        Duty { extra: extra.collect(), ..samples::duty() }
    }

    /// What is told after the messages about these duties.
    fn told(sentences: &[&str], language: Language, duties: &[Duty]) -> Vec<String> {
        let also = also(sentences).unwrap();
        let contact = samples::contact("3174096112900001", "SITI CONTOH");
        let scripts = samples::scripts(samples::duty().due_date, crate::flow::When::BeforeDue);
        let topics = scripts.topics(duties);
        let script = scripts.leading(&topics);
        let bare = Also::default();
        let scene = Scene {
            script,
            contact: &contact,
            topics: &topics,
            also: &bare,
            language,
            local_hour: 9,
            officer: None,
            machine: false,
        };
        let without = Speech::of(&scene).message(3);
        let with = Speech::of(&Scene { also: &also, ..scene }).message(3);
        let text = |verb: Verb| match verb {
            Verb::Say { text, .. } => text,
            other => panic!("{other:?}"),
        };
        with.into_iter().filter(|verb| !without.contains(verb)).map(text).collect()
    }

    #[test]
    fn a_sentence_is_told_with_the_cells_of_the_row_or_not_at_all() {
        let line = "Bawalah surat Anda ke {extra.TEMPAT}.";
        let long = format!("{}…", "x".repeat(199));
        for (extra, expected) in [
            (
                vec![("NAMA AR", "Ibu Rekaan"), ("Telp. AR", "021-555")],
                vec!["Petugas Anda Ibu Rekaan, telepon 021-555."],
            ),
            (vec![("NAMA AR", "Ibu Rekaan")], vec!["Petugas Anda Ibu Rekaan."]),
            (vec![("Telp. AR", "021-555")], vec![]),
            (vec![], vec![]),
            (vec![("NAMA AR", "-"), ("TEMPAT", &long)], vec![]),
            (vec![("TEMPAT", "{amount} [x] null")], vec!["Bawalah surat Anda ke {amount} [x] null."]),
        ] {
            assert_eq!(told(&[SAY, line], Language::Id, &[duty(&extra)]), expected, "{extra:?}");
        }
        assert!(told(&[SAY], Language::En, &[duty(&[("NAMA AR", "Ibu Rekaan")])]).is_empty());
    }

    #[test]
    fn of_several_matters_each_has_its_own_and_nothing_is_told_twice() {
        let ar = |name| duty(&[("NAMA AR", name)]);
        let same = told(&[SAY], Language::Id, &[ar("A"), ar("A")]);
        assert_eq!(same, ["Petugas Anda A."]);
        let each = told(&[SAY], Language::Id, &[ar("A"), duty(&[]), ar("B")]);
        assert_eq!(each, ["Petugas Anda A.", "Petugas Anda B."]);
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_its_place() {
        let refused = |sentence| also(&[SAY, sentence]).unwrap_err();
        for (sentence, why) in [
            ("Sektor {extra.SEKTOR}.", "the sentence says {extra.SEKTOR}, and the campaign keeps no column"),
            ("[{extra.SEKTOR}]", "keeps no column"),
            ("{extra.}", "may not say {extra.}"),
            ("{extra. - }", "may not say"),
            ("{pin}", "may not say {pin}"),
            ("", "empty"),
            ("{extra.TEMPAT", "no `}`"),
        ] {
            let (at, told) = refused(sentence);
            assert_eq!(at, "/id/1");
            assert!(told.contains(why), "{sentence}: {told}");
        }
    }
}
