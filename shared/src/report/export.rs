//! A campaign's attempts as lines of a file. What agents noted and what the list said besides are personal, so they are opened
//! only if they are asked for.

use super::contacts::Contacts;
use super::{rfc3339, shard_states};
use crate::assist::{self, Note};
use crate::attempt::{Disposition, End};
use crate::contact::{Contact, Duty};
use crate::list::{self, Line};
use crate::problem::Problem;
use crate::store::Store;
use crate::tick::Attempt;
use crate::vault::Vault;
use serde::Serialize;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What of an attempt's personal data is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What agents noted.
    pub notes: bool,
    /// The columns of the list that the campaign keeps.
    pub extra: bool,
}

type Extra = BTreeMap<String, String>;

/// An attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptLine {
    campaign: String,
    list: String,
    row: u32,
    other_rows: Vec<u32>,
    call: String,
    attempt: u8,
    disposition: Disposition,
    talk_s: u32,
    dial_at: Option<String>,
    folded_at: Option<String>,
    provider_call: Option<String>,
    end: Option<End>,
    late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Noted>,
    /// Kept columns of `row`, where they are wanted; null if the list was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Option<Extra>>,
    /// And of `other_rows`, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_extra: Vec<Extra>,
    /// Of the table that it is a row of.
    #[serde(skip)]
    columns: Rc<Columns>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Noted {
    agent: String,
    text: String,
    at: Option<String>,
}

/// The columns of a file of attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    wanted: Wanted,
    kept: Vec<String>,
}

impl Columns {
    /// Of a file without titles.
    pub fn untitled(wanted: Wanted) -> Rc<Self> {
        Rc::new(Columns { wanted, kept: Vec::new() })
    }

    /// Of a campaign: with the kept columns of all its lists, if they are wanted, those of the first list first.
    pub async fn of<S: Store>(store: &S, shards: u16, campaign: &str, wanted: Wanted) -> Result<Rc<Self>, Problem> {
        let mut kept: Vec<String> = Vec::new();
        if wanted.extra {
            let states = shard_states(store, shards).await?;
            let mut seen: Vec<&str> = Vec::new();
            for list in states.iter().flat_map(|state| &state.lists).filter(|list| list.campaign == campaign) {
                if seen.contains(&list.id.as_str()) {
                    continue;
                }
                seen.push(&list.id);
                let manifest = list::manifest(store, &list.id).await.map_err(|e| Problem::store(&e))?;
                for column in manifest.map(|manifest| manifest.kept_columns).unwrap_or_default() {
                    if !kept.contains(&column) {
                        kept.push(column);
                    }
                }
            }
        }
        Ok(Rc::new(Columns { wanted, kept }))
    }

    /// Their titles.
    pub fn titles(&self) -> Vec<String> {
        let own = [
            "campaign",
            "list",
            "row",
            "other_rows",
            "call",
            "attempt",
            "disposition",
            "talk_s",
            "dial_at",
            "folded_at",
            "provider_call",
            "end",
            "late",
        ];
        let noted: &[&str] = if self.wanted.notes { &["agent", "note", "noted_at"] } else { &[] };
        own.iter().chain(noted).map(|title| (*title).to_owned()).chain(self.kept.iter().cloned()).collect()
    }

    /// The lines of some attempts of a shard.
    pub async fn lines<S: Store>(
        self: &Rc<Self>,
        store: &S,
        vault: Option<&Vault>,
        shard: u16,
        attempts: Vec<Attempt>,
    ) -> Result<Vec<AttemptLine>, Problem> {
        let mut notes = Vec::new();
        if let (true, Some(vault)) = (self.wanted.notes, vault) {
            let calls: Vec<_> = attempts.iter().map(|a| (a.contact.list.as_str(), a.call)).collect();
            notes = assist::notes(store, vault, shard, &calls).await?;
        }
        let mut notes = notes.into_iter();
        let mut contacts = Contacts::default();
        let mut lines = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let note = notes.next().flatten();
            let contact = match (self.wanted.extra, vault) {
                (true, Some(vault)) => Some(contacts.find(store, vault, &attempt.contact).await?),
                _ => None,
            };
            lines.push(self.line(shard, attempt, note, contact));
        }
        Ok(lines)
    }

    fn line(
        self: &Rc<Self>,
        shard: u16,
        attempt: Attempt,
        note: Option<Note>,
        contact: Option<Option<Contact>>,
    ) -> AttemptLine {
        let of = |contact: &Contact, row: u32| -> Extra {
            contact.duties().find(|duty: &&Duty| duty.row == row).map(|duty| duty.extra.clone()).unwrap_or_default()
        };
        let others = contact.as_ref().and_then(Option::as_ref);
        let others = others.map(|contact| attempt.other_rows.iter().map(|row| of(contact, *row)).collect());
        AttemptLine {
            campaign: attempt.campaign,
            list: attempt.contact.list,
            row: attempt.row,
            other_extra: others.unwrap_or_default(),
            other_rows: attempt.other_rows,
            call: format!("{shard}.{}.{}", attempt.call.0, attempt.call.1),
            attempt: attempt.attempt,
            disposition: attempt.disposition,
            talk_s: attempt.talk_s,
            dial_at: rfc3339(attempt.dial_at_ms),
            folded_at: rfc3339(attempt.folded_at_ms),
            provider_call: attempt.provider_call,
            end: attempt.end,
            late: attempt.late,
            note: note.map(|Note { agent, text, at_ms }| Noted { agent, text, at: rfc3339(at_ms) }),
            extra: contact.map(|contact| contact.map(|contact| of(&contact, attempt.row))),
            columns: Rc::clone(self),
        }
    }
}

impl Line for AttemptLine {
    fn cells(&self) -> Vec<String> {
        let others: Vec<String> = self.other_rows.iter().map(u32::to_string).collect();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut cells = vec![
            self.campaign.clone(),
            self.list.clone(),
            self.row.to_string(),
            others.join(" / "),
            self.call.clone(),
            self.attempt.to_string(),
            self.disposition.as_str().to_owned(),
            self.talk_s.to_string(),
            text(&self.dial_at),
            text(&self.folded_at),
            text(&self.provider_call),
            self.end.map_or("", End::as_str).to_owned(),
            self.late.to_string(),
        ];
        if self.columns.wanted.notes {
            cells.extend(match &self.note {
                Some(Noted { agent, text: noted, at }) => [agent.clone(), noted.clone(), text(at)],
                None => Default::default(),
            });
        }
        // A call about several rows has what they say, each thing once.
        let rows: Vec<&Extra> = self.extra.iter().flatten().chain(&self.other_extra).collect();
        cells.extend(self.columns.kept.iter().map(|column| {
            let mut said: Vec<&str> = Vec::new();
            for cell in rows.iter().filter_map(|row| row.get(column)) {
                if !said.contains(&cell.as_str()) {
                    said.push(cell);
                }
            }
            said.join(" / ")
        }));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{Table, TableFormat};
    use crate::tick::ContactRef;
    use serde_json::json;

    fn attempt(other_rows: &[u32]) -> Attempt {
        Attempt {
            campaign: "c".into(),
            contact: ContactRef { list: "l-1".into(), group: 0, page: 0, index: 0 },
            row: 2,
            other_rows: other_rows.into(),
            call: (7, 1),
            attempt: 1,
            disposition: Disposition::Promise,
            talk_s: 31,
            dial_at_ms: 1_803_870_000_000,
            folded_at_ms: 1_803_870_060_000,
            provider_call: None,
            end: Some(End::Reached),
            late: false,
        }
    }

    fn contact(rows: &[(u32, &[(&str, &str)])]) -> Contact {
        let duty = |(row, extra): &(u32, &[(&str, &str)])| {
            let extra = extra.iter().map(|(name, cell)| ((*name).into(), (*cell).into())).collect();
            Duty { row: *row, extra, ..crate::flow::tests::samples::duty() }
        };
        let mut duties = rows.iter().map(duty);
        let duty = duties.next().unwrap();
        Contact { duty, others: duties.collect(), ..crate::flow::tests::samples::contact("0079001012541000", "A") }
    }

    fn columns(notes: bool, kept: &[&str]) -> Rc<Columns> {
        let kept: Vec<String> = kept.iter().map(|name| (*name).to_owned()).collect();
        Rc::new(Columns { wanted: Wanted { notes, extra: !kept.is_empty() }, kept })
    }

    #[test]
    fn kept_columns_are_columns_of_the_files_own_names_and_no_formulas() {
        let columns = columns(true, &["=SEKTOR", "AR"]);
        let note = Note { agent: "a17".into(), text: "@sedang; rapat".into(), at_ms: 1_803_870_000_000 };
        let one = contact(&[(2, &[("=SEKTOR", "=HYPERLINK(\"x\")"), ("AR", "Ibu Rekaan")])]);
        let several = contact(&[(5, &[("AR", "C")]), (2, &[("AR", "B")]), (9, &[("AR", "B"), ("=SEKTOR", "+1")])]);
        let lines = [
            columns.line(3, attempt(&[]), Some(note), Some(Some(one))),
            columns.line(3, attempt(&[5, 9]), None, Some(Some(several))),
            columns.line(3, attempt(&[]), None, Some(None)),
        ];
        let mut csv = Vec::new();
        let mut table = Table::new(TableFormat::Csv, columns.titles(), &mut csv).unwrap();
        lines.iter().for_each(|line| table.add(line, &mut csv).unwrap());
        table.end(&mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let ends: Vec<&str> =
            csv.lines().map(|line| line.split_once(";late").or(line.split_once(";false")).unwrap().1).collect();
        assert_eq!(
            ends,
            [
                ";agent;note;noted_at;'=SEKTOR;AR",
                ";a17;\"'@sedang; rapat\";2027-03-01T03:00:00Z;\"'=HYPERLINK(\"\"x\"\")\";Ibu Rekaan",
                ";;;;'+1;B / C",
                ";;;;;",
            ]
        );
        assert!(csv.contains("c;l-1;2;5 / 9;3.7.1;1;promise;31;"), "{csv}");
    }

    #[test]
    fn in_json_each_row_has_its_own_and_what_is_not_wanted_is_not_there() {
        let columns_kept = columns(false, &["AR"]);
        let json = |line: AttemptLine| serde_json::to_value(line).unwrap();
        let several = contact(&[(5, &[("AR", "C")]), (2, &[("AR", "B")]), (9, &[])]);
        let line = json(columns_kept.line(0, attempt(&[5, 9]), None, Some(Some(several))));
        assert_eq!((&line["extra"], &line["other_extra"]), (&json!({ "AR": "B" }), &json!([{ "AR": "C" }, {}])));
        let erased = json(columns_kept.line(0, attempt(&[5]), None, Some(None)));
        assert_eq!((erased.get("extra"), erased.get("other_extra")), (Some(&json!(null)), None));
        let bare = json(columns(false, &[]).line(0, attempt(&[]), None, None));
        assert_eq!((bare.get("extra"), bare.get("note")), (None, None));
        assert_eq!((&bare["call"], &bare["end"]), (&json!("0.7.1"), &json!("reached")));
    }
}
