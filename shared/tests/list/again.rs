//! Rows that come again: in the same list, in another one, in another campaign.

use super::make::{gzip, zstd};
use super::*;
use dering::campaign::{Campaign, Shelf, State};
use dering::hours::Country;
use dering::list::{self, Intake, Label, Manifest, Others, Reason, Taken};
use dering::store::{Counting, MemoryStore, Store, keys};
use dering::tick::{self, ShardNews};
use dering::vault::Vault;
use futures::executor::block_on;
use serde_json::json;
use std::cell::RefCell;

/// 2027-03-01T09:00 in Jakarta.
const NOW_MS: i64 = 1_803_866_400_000;
const HEADER: &str = "NPWP;NAMA;HP;PERIHAL;JENIS PAJAK;MASA;TAHUN;JATUH TEMPO\n";

/// Two campaigns, `a` and `b`, and whatever is uploaded for them.
struct Office {
    store: Counting<MemoryStore>,
    vault: Vault,
    dice: RefCell<Dice>,
    shelf: Shelf,
}

impl Office {
    fn new() -> Self {
        let campaign = |id: &str| {
            let settings = json!({ "name": id, "matter": "not_filed", "caller_ids": ["+622129881500"] });
            let (_, settings) = Campaign::parse(settings).unwrap();
            Campaign { id: id.into(), state: State::Running, version: 1, settings }
        };
        Office {
            store: Counting::new(MemoryStore::new()),
            vault: Vault::for_tests(),
            dice: RefCell::new(Dice(11)),
            shelf: Shelf { campaigns: vec![campaign("a"), campaign("b")], ..Shelf::default() },
        }
    }

    fn take(&self, label: Label, file: impl AsRef<[u8]>) -> Result<Taken, Problem> {
        let dice = |bytes: &mut [u8]| bytes.iter_mut().for_each(|b| *b = self.dice.borrow_mut().below(256) as u8);
        let settings = &self.shelf.get(&label.campaign).unwrap().settings;
        let rules = Rules::for_campaign(settings, &self.vault, Vec::new(), NOW_MS);
        block_on(async {
            let others = Others::of(&self.store, &self.vault, &self.shelf, &label.campaign, NOW_MS).await?;
            let mut intake = Intake::new(&self.store, &self.vault, &dice, 1, label, rules).beside(others);
            for chunk in file.as_ref().chunks(64 << 10) {
                if let Err(problem) = intake.push(chunk).await {
                    intake.undo().await;
                    return Err(problem);
                }
            }
            intake.finish(|| NOW_MS, async |_| {}).await
        })
    }

    fn upload(&self, campaign: &str, rows: &str) -> Manifest {
        let label = Label { campaign: campaign.into(), ..Label::default() };
        match self.take(label, format!("{HEADER}{rows}")).unwrap() {
            Taken::New(manifest) => manifest,
            Taken::Known(manifest) => panic!("known as {}", manifest.list),
        }
    }

    fn withdraw(&self, list: &str) -> Vec<String> {
        block_on(async {
            let lists = list::withdraw(&self.store, async |_| {}, list).await.unwrap();
            for list in &lists {
                let news = ShardNews::ListWithdrawn { list: list.clone() };
                tick::log(0).append(&self.store, &news.encode(), || NOW_MS).await.unwrap();
            }
            lists
        })
    }

    fn rejected(&self, manifest: &Manifest) -> Vec<Rejection> {
        block_on(async {
            let key = list::data_key(&self.store, &self.vault, &manifest.list).await.unwrap().unwrap();
            let mut rows = Vec::new();
            for page in 0..manifest.rejected_pages {
                rows.extend(list::read_rejected(&self.store, &key, &manifest.list, page).await.unwrap().unwrap());
            }
            rows
        })
    }
}

/// A taxpayer whose number passes the check.
fn npwp(n: u32) -> String {
    let body = format!("{n:08}");
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, b)| {
            let digit = u32::from(b - b'0');
            if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    format!("{body}{}541000", (10 - sum % 10) % 10)
}

fn row(n: u32) -> String {
    row_about(n, "BELUM LAPOR", "PPh", "2026")
}

fn row_about(n: u32, matter: &str, tax: &str, year: &str) -> String {
    format!("{};Budi {n};0812{n:08};{matter};{tax};;{year};31/03/2027\n", npwp(n))
}

fn rows(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(row).collect()
}

fn counts(manifest: &Manifest) -> (u64, u64, u64) {
    (manifest.rows, manifest.accepted, manifest.rejected)
}

#[test]
fn a_file_is_the_same_list_however_it_is_packed() {
    let csv = format!("{HEADER}{}", rows(1..=3_000));
    let other = format!("{HEADER}{}", rows(1..=2_999));
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(csv.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let label = || Label { campaign: "a".into(), key: Some("k-1".into()), ..Label::default() };
    for (name, file) in [("text", csv.as_bytes()), ("UTF-16", &utf16)] {
        let packed = [file.to_vec(), gzip(file), zstd(file), zstd(&gzip(file))];
        let office = Office::new();
        for (first, file) in packed.iter().enumerate() {
            match office.take(label(), file).unwrap() {
                Taken::New(manifest) if first == 0 => assert_eq!(manifest.accepted, 3_000),
                Taken::Known(manifest) if first > 0 => assert_eq!(manifest.accepted, 3_000),
                other => panic!("{name}, {first}: {other:?}"),
            }
        }
        for file in [gzip(other.as_bytes()), zstd(other.as_bytes())] {
            assert_eq!(office.take(label(), &file).unwrap_err().code, "idempotency_key_used");
        }
    }
    // Packed first, and then as it is.
    let office = Office::new();
    assert!(matches!(office.take(label(), zstd(csv.as_bytes())), Ok(Taken::New(_))));
    assert!(matches!(office.take(label(), &csv), Ok(Taken::Known(_))));
}

#[test]
fn a_row_that_another_list_of_the_campaign_has_is_told_and_not_taken() {
    let office = Office::new();
    let first = office.upload("a", &rows(1..=10));
    let second = office.upload("a", &rows(8..=12));
    assert_eq!(counts(&second), (5, 2, 3));
    assert_eq!(second.tally.rejected, [("duplicate_in_list".to_owned(), 3)].into());
    assert_eq!(second.tally.duplicates_of, [(first.list.clone(), 3)].into());
    let rejected = office.rejected(&second);
    let told = |r: &Rejection| (r.row, r.column.clone(), r.reason, r.list.clone());
    let expected = (2..=4).map(|row| (row, "NPWP".to_owned(), Reason::DuplicateInList, Some(first.list.clone())));
    assert_eq!(rejected.iter().map(told).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert_eq!(rejected[0].cells[1], "Budi 8");
    assert!(!rejected[0].value.contains(&npwp(8)));
    // Contacts are those of the accepted rows.
    assert_eq!(second.groups.iter().map(|g| g.contacts).sum::<u32>(), 2);
}

#[test]
fn the_corrected_file_adds_only_what_is_new() {
    let office = Office::new();
    let bad = row(3).replace("0812", "08x2");
    let first = office.upload("a", &format!("{}{bad}{}", rows(1..=2), rows(4..=5)));
    assert_eq!(counts(&first), (5, 4, 1));
    // The whole file again with the row corrected, and the corrected row alone.
    let whole = office.upload("a", &rows(1..=5));
    assert_eq!(counts(&whole), (5, 1, 4));
    let again = office.upload("a", &rows([3]));
    assert_eq!(counts(&again), (1, 0, 1));
    assert_eq!(again.tally.duplicates_of, [(whole.list, 1)].into());
}

#[test]
fn another_campaign_counts_as_long_as_it_is_not_finished() {
    let mut office = Office::new();
    let first = office.upload("a", &rows(1..=3));
    let second = office.upload("b", &rows(2..=4));
    assert_eq!(second.tally.rejected, [("duplicate_in_campaign".to_owned(), 2)].into());
    assert_eq!(second.tally.duplicates_of, [(first.list, 2)].into());
    office.shelf.campaigns[0].state = State::Finished;
    assert_eq!(counts(&office.upload("b", &rows(1..=4))), (4, 3, 1), "only its own list counts");
}

#[test]
fn another_matter_tax_or_period_is_another_row() {
    let office = Office::new();
    office.upload("a", &row_about(1, "BELUM LAPOR", "PPh", "2026"));
    for (row, same) in [
        (row_about(1, "BELUM BAYAR", "PPh", "2026"), false),
        (row_about(1, "BELUM LAPOR", "PPN", "2026"), false),
        (row_about(1, "BELUM LAPOR", "PPh", "2025"), false),
        (row_about(2, "BELUM LAPOR", "PPh", "2026"), false),
        (row_about(1, "belum lapor SPT", "pph", "2026"), true),
        // Another phone does not make it another duty.
        (row(1).replace("0812", "0813"), true),
    ] {
        let manifest = office.upload("a", &row);
        assert_eq!(manifest.rejected, u64::from(same), "{row}");
        office.withdraw(&manifest.list);
    }
    // Where the rows name neither tax nor period, the due date does.
    let bare = |due: &str| format!("{};A;081200000009;;;;;{due}\n", npwp(9));
    assert_eq!(office.upload("a", &bare("31/03/2027")).accepted, 1);
    assert_eq!(office.upload("a", &bare("2027-03-31")).accepted, 0);
    assert_eq!(office.upload("a", &bare("30/04/2027")).accepted, 1);
}

#[test]
fn a_withdrawn_list_does_not_count_and_its_file_may_come_again() {
    let office = Office::new();
    let first = office.upload("a", &rows(1..=3));
    let label = || Label { campaign: "a".into(), ..Label::default() };
    let file = format!("{HEADER}{}", rows(1..=3));
    assert!(matches!(office.take(label(), &file), Ok(Taken::Known(known)) if known.list == first.list));
    assert_eq!(office.withdraw(&first.list), std::slice::from_ref(&first.list));
    let Ok(Taken::New(second)) = office.take(label(), &file) else { panic!("it is meant") };
    assert_eq!(counts(&second), (3, 3, 0));
    assert!(matches!(office.take(label(), &file), Ok(Taken::Known(known)) if known.list == second.list));
}

#[test]
fn a_long_file_is_compared_by_few_reads_and_exactly() {
    let office = Office::new();
    for part in 0..3 {
        assert_eq!(office.upload("a", &rows((1..=4_000).map(|n| n * 3 + part))).rejected, 0);
    }
    office.store.reset();
    // Every second row is known, in three lists.
    let file: String = (3..12_003).map(|n| if n % 2 == 0 { row(n) } else { row(n + 100_000) }).collect();
    let manifest = office.upload("b", &file);
    assert_eq!(counts(&manifest), (12_000, 6_000, 6_000));
    assert_eq!(manifest.tally.duplicates_of.values().copied().collect::<Vec<_>>(), [2_000; 3]);
    let order: Vec<u32> = office.rejected(&manifest).iter().map(|r| r.row).collect();
    assert!(order.is_sorted());
    let counts = office.store.counts();
    assert!(counts.get_all < 60, "{counts:?}");
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let office = Office::new();
    let first = office.upload("a", &rows(1..=3));
    block_on(office.store.set(&keys::identities(&first.list, 0), b"damaged")).unwrap();
    let second = office.upload("a", &rows(2..=4));
    assert_eq!(counts(&second), (3, 3, 0));
    assert_eq!(second.tally.not_compared, [first.list].into());
}

#[test]
fn appended_rows_are_withdrawn_with_their_list_and_not_taken_after() {
    let office = Office::new();
    let first = office.upload("a", &rows(1..=3));
    let label = || Label { campaign: "a".into(), part_of: Some(first.list.clone()), ..Label::default() };
    let file = format!("{HEADER}{}", rows(3..=5));
    let Ok(Taken::New(part)) = office.take(label(), &file) else { panic!("it is new") };
    assert_eq!((counts(&part), part.part_of.as_ref()), ((3, 2, 1), Some(&first.list)));
    // Sent again it is the same, once.
    assert!(matches!(office.take(label(), &file), Ok(Taken::Known(known)) if known.list == part.list));
    let family = block_on(list::family(&office.store, &first.list)).unwrap();
    assert_eq!((family.withdrawn, family.parts), (false, vec![part.list.clone()]));

    assert_eq!(office.withdraw(&first.list), [first.list.clone(), part.list.clone()]);
    let refused = office.take(label(), format!("{HEADER}{}", rows(6..=7))).unwrap_err();
    assert_eq!((refused.status, refused.code.as_ref()), (409, "list_withdrawn"));
    // Refused it leaves nothing that stands in the way of a list of its own.
    assert_eq!(counts(&office.upload("a", &rows(6..=7))), (2, 2, 0));
    assert_eq!(counts(&office.upload("a", &rows(1..=5))), (5, 5, 0));
}

#[test]
fn an_idempotency_key_stands_for_one_file() {
    let office = Office::new();
    let label = |key: &str| Label { campaign: "a".into(), key: Some(key.into()), ..Label::default() };
    let file = |n: u32| format!("{HEADER}{}", row(n));
    let Ok(Taken::New(first)) = office.take(label("k1"), file(1)) else { panic!("it is new") };
    assert!(matches!(office.take(label("k1"), file(1)), Ok(Taken::Known(known)) if known.list == first.list));
    let keys_before = office.store.inner().keys();
    let refused = office.take(label("k1"), file(2)).unwrap_err();
    assert_eq!((refused.status, refused.code.as_ref()), (422, "idempotency_key_used"));
    // Of the refused file nothing is left but the note that an upload began, and counters.
    let lists = |keys: &[String]| {
        keys.iter()
            .filter(|k| !k.starts_with("dering/n/") && !k.starts_with("dering/l/") && !k.starts_with("dering/c/"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(lists(&office.store.inner().keys()), lists(&keys_before));
    assert!(matches!(office.take(label("k2"), file(2)), Ok(Taken::New(_))));
}

#[test]
fn a_dry_run_tells_all_and_leaves_the_store_as_it_is() {
    let office = Office::new();
    let first = office.upload("a", &rows(1..=3));
    let values = || {
        let keys = office.store.inner().keys();
        keys.into_iter().map(|key| (block_on(office.store.inner().get(&key)).unwrap(), key)).collect::<Vec<_>>()
    };
    let before = values();
    office.store.reset();
    let settings = &office.shelf.get("a").unwrap().settings;
    let file = format!("{HEADER}{}{}{}", rows(2..=4), row(9).replace("0812", "08x2"), row(4));
    let preview = block_on(async {
        let rules = Rules::for_campaign(settings, &office.vault, Vec::new(), NOW_MS);
        let others = Others::of(&office.store, &office.vault, &office.shelf, "a", NOW_MS).await?;
        let mut preview = list::Preview::new(&office.store, rules, list::Format::default(), others);
        for chunk in file.as_bytes().chunks(50) {
            preview.push(chunk).await?;
        }
        preview.finish().await
    });
    let preview = preview.unwrap();
    assert_eq!(values(), before);
    let counts = office.store.counts();
    assert_eq!((counts.set, counts.set_many, counts.delete_many), (0, 0, 0), "{counts:?}");
    let figure = |name: &str| preview[name].as_u64().unwrap();
    assert_eq!(["rows", "accepted", "contacts", "rejected", "duplicates"].map(figure), [5, 1, 1, 4, 1]);
    assert_eq!(preview["rejected_by_reason"], json!({ "duplicate": 1, "duplicate_in_list": 2, "phone_letters": 1 }));
    assert_eq!(preview["guesses_by_kind"], json!({ "zone_of_registration": 1 }));
    assert_eq!(preview["columns"]["HP"], "phone");
    let rows = preview["first_rows"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    assert_eq!((&rows[0]["rejected"], &rows[0]["list"]), (&json!("duplicate_in_list"), &json!(first.list)));
    assert_eq!((&rows[2]["phones"], &rows[2]["row"]), (&json!(["+6281200000004"]), &json!(4)));
}

#[test]
fn rejected_rows_come_back_as_they_were() {
    use dering::list::{RejectedLine, Table, TableFormat, rejected_titles};
    let office = Office::new();
    let header = "NPWP;NAMA;HP;JATUH TEMPO;KETERANGAN;LAIN\n";
    // Each has a wrong due date, and cells that a spreadsheet would take for formulas.
    let cells = ["=Budi", "-Siti; \"A\"", "@Ani", "+Tono", "' Rini", "'=Dewi"];
    let row = |n: u32, name: &str, due: &str| {
        format!(
            "{};\"{}\";+62812{n:08};{due};\"- {}\";=1+1\n",
            npwp(n),
            name.replace('"', "\"\""),
            name.replace('"', "\"\"")
        )
    };
    let file = |due: &str| header.to_owned() + &(1..).zip(cells).map(|(n, name)| row(n, name, due)).collect::<String>();
    let Ok(Taken::New(first)) = office.take(Label { campaign: "a".into(), ..Label::default() }, file("31/02/2027"))
    else {
        panic!("it is new")
    };
    assert_eq!(counts(&first), (6, 0, 6));
    let written = |format, correct: fn(&str) -> String| {
        let mut out = Vec::new();
        let mut table = Table::new(format, rejected_titles(&first.header), &mut out).unwrap();
        for mut rejection in office.rejected(&first) {
            rejection.cells.iter_mut().for_each(|cell| *cell = correct(cell));
            table.add(&RejectedLine::of(&rejection, &first.header), &mut out).unwrap();
        }
        table.end(&mut out).unwrap();
        out
    };
    let correct = |cell: &str| cell.replace("31/02/2027", "31/03/2027");
    let corrected = String::from_utf8(written(TableFormat::Csv, correct)).unwrap();
    let from_xlsx = read([written(TableFormat::Xlsx, correct).as_slice()]).unwrap().0;
    assert_eq!(
        from_xlsx.iter().map(accepted).collect::<Vec<_>>(),
        text(&corrected).0.iter().map(accepted).collect::<Vec<_>>()
    );
    let (from_csv, from_file) = (text(&corrected).0, text(&file("31/03/2027")).0);
    assert_eq!(from_csv.len(), 6);
    for (a, b) in from_csv.iter().zip(&from_file) {
        assert_eq!(accepted(a), accepted(b));
    }
    assert_eq!(accepted(&from_csv[0]).name, "=Budi");
    let Ok(Taken::New(second)) = office.take(Label { campaign: "a".into(), ..Label::default() }, &corrected) else {
        panic!("it is new")
    };
    assert_eq!(counts(&second), (6, 6, 0));
}

#[test]
fn of_two_lists_uploaded_at_once_the_later_is_told_of_the_other() {
    let office = Office::new();
    let dice = |bytes: &mut [u8]| bytes.iter_mut().for_each(|b| *b = office.dice.borrow_mut().below(256) as u8);
    let begin = |name: &str| {
        let rules = Rules::for_campaign(&office.shelf.campaigns[0].settings, &office.vault, Vec::new(), NOW_MS);
        let label = Label { campaign: "a".into(), name: name.into(), ..Label::default() };
        let others = block_on(Others::of(&office.store, &office.vault, &office.shelf, "a", NOW_MS)).unwrap();
        Intake::new(&office.store, &office.vault, &dice, 1, label, rules).beside(others)
    };
    let (mut first, mut second) = (begin("first"), begin("second"));
    let end =
        |intake: &mut Intake<'_, _>, numbers| block_on(intake.push(format!("{HEADER}{}", rows(numbers)).as_bytes()));
    end(&mut first, 1..=5).unwrap();
    end(&mut second, 4..=9).unwrap();
    let finish = |intake: Intake<'_, _>| match block_on(intake.finish(|| NOW_MS, async |_| {})).unwrap() {
        Taken::New(manifest) => manifest,
        Taken::Known(_) => panic!("it is new"),
    };
    let (first, second) = (finish(first), finish(second));
    assert_eq!((counts(&first), counts(&second)), ((5, 5, 0), (6, 6, 0)));
    assert_eq!((first.tally.also_in.len(), second.tally.also_in.clone()), (0, [(first.list.clone(), 2)].into()));
    let kept = block_on(list::manifest(&office.store, &second.list)).unwrap().unwrap();
    assert_eq!(kept, second);
}

#[test]
fn who_allows_more_numbers_and_sends_the_file_again_has_what_was_rejected_added() {
    let mut office = Office::new();
    let abroad = row(3).replace("081200000003", "+65 6123 4567");
    let file = rows(1..=2) + &abroad;
    let first = office.upload("a", &file);
    assert_eq!(first.tally.rejected, [("phone_foreign".to_owned(), 1)].into());
    let campaign = office.shelf.campaigns.iter_mut().find(|campaign| campaign.id == "a").unwrap();
    campaign.settings.allowed_numbers.foreign.push(Country::Sg);
    let second = office.upload("a", &file);
    assert_eq!((counts(&second), &second.tally.rejected), ((3, 1, 2), &[("duplicate_in_list".to_owned(), 2)].into()));
    let again = office.take(Label { campaign: "a".into(), ..Label::default() }, format!("{HEADER}{file}")).unwrap();
    assert_eq!(again, Taken::Known(second));
}
