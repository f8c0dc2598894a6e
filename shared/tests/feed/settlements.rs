//! The settlement feed: rows one by one, and what is written.

use super::NOW_MS;
use dering::contact::Matter;
use dering::list::Format;
use dering::list::feed::Kind;
use dering::problem::Problem;
use dering::settlement::{About, Answer, Intake, Settlement};
use dering::store::{Counting, MemoryStore, Store};
use dering::vault::Vault;
use futures::executor::block_on;
use proptest::prelude::*;

const NIK: &str = "3273011503859001";

fn feed_in(store: &Counting<MemoryStore>, kind: Kind, text: &[u8], size: usize) -> Result<Answer, Problem> {
    let vault = Vault::for_tests();
    block_on(async {
        let mut intake = Intake::new(store, &vault, 2, kind, NOW_MS);
        for chunk in text.chunks(size.max(1)) {
            if let Err(problem) = intake.push(chunk).await {
                intake.stop(|| NOW_MS).await?;
                return Err(problem);
            }
        }
        intake.finish(|| NOW_MS).await
    })
}

fn feed(text: &str) -> (Answer, Counting<MemoryStore>) {
    let store = Counting::new(MemoryStore::new());
    let answer = feed_in(&store, Kind::csv(), text.as_bytes(), 7).unwrap();
    (answer, store)
}

fn is_kept(store: &Counting<MemoryStore>, about: &About) -> bool {
    block_on(store.get(&about.key(&Vault::for_tests()))).unwrap().is_some()
}

fn duty(matter: Matter, tax: &str, tax_period: &str) -> About {
    About::Duty { taxpayer_id: NIK.into(), matter, tax: tax.into(), tax_period: tax_period.into() }
}

#[test]
fn the_table_of_rows_that_are_taken() {
    use Matter::*;
    let bill = || About::Bill { billing_code: "028030000000206".into() };
    for (header, row, expected) in [
        (
            "NPWP;KAP;KJS;MASA PAJAK;TAHUN PAJAK;TGL BAYAR;JUMLAH BAYAR;NTPN",
            "411125;200;02;2027;02/03/2027;1.000.000;A1",
            vec![
                duty(NotPaid, "411125-200", "2027-02"),
                duty(FallsDue, "411125-200", "2027-02"),
                duty(Arrears, "411125-200", "2027-02"),
            ],
        ),
        (
            "npwp;jenis pajak;tahun pajak;tgl lapor",
            "SPT Tahunan PPh OP;2026;02/03/2027",
            vec![duty(NotFiled, "spttahunanpphop", "2026")],
        ),
        (
            "taxpayer_id;matter;tax_code;tax_type;tax_period",
            "not_paid;411125-200;PPh Pasal 25;2027-02",
            vec![duty(NotPaid, "411125-200", "2027-02"), duty(NotPaid, "pphpasal25", "2027-02")],
        ),
        ("NIK,PERIHAL", "Belum lapor SPT Tahunan", vec![duty(NotFiled, "", "")]),
        ("NPWP\tKODE BILLING\tTANGGAL SETOR", "028030000000206\t2027-03-02 10:11:12", vec![bill()]),
        ("NPWP|KODE BILLING|MASA|TAHUN", "28030000000206|2|2027", vec![bill(), duty(NotPaid, "", "2027-02")]),
    ] {
        let delimiter = header.chars().find(|c| ";,\t|".contains(*c)).unwrap();
        let (answer, store) = feed(&format!("{header}\n{NIK}{delimiter}{row}\n"));
        assert_eq!((answer.tally.accepted, answer.tally.rejected), (1, 0), "{row}: {answer:?}");
        for about in &expected {
            assert!(is_kept(&store, about), "{row}: {about:?}");
        }
    }
    // A line of totals is no row, and is told; one that names somebody, or has more in it than sums, is a row like others.
    for (line, totals, rejected) in [
        ("Total;;;2.500.000", 1, 0),
        (";;Jumlah :;Rp 2.500.000", 1, 0),
        ("Jumlah;028030000000206;;1", 0, 1),
        (";;Jumlah Rekaan;1", 0, 1),
    ] {
        let (answer, _) = feed(&format!("NPWP;KODE BILLING;TGL BAYAR;JUMLAH\n{NIK};;02/03/2027;1\n{line}\n"));
        let Answer { tally, .. } = &answer;
        assert_eq!((tally.accepted, tally.totals, tally.rejected), (1, totals, rejected), "{line}: {answer:?}");
    }
    let (answer, store) = feed("KODE BILLING;JUMLAH\n028030000000206;1.000\n");
    assert!(answer.tally.accepted == 1 && is_kept(&store, &bill()));
}

#[test]
fn every_row_is_judged_alone_and_none_is_lost_for_another() {
    let header = "NPWP;PERIHAL;KAP;KJS;MASA PAJAK;TAHUN PAJAK;KODE BILLING;TGL BAYAR;JUMLAH BAYAR;BATAL";
    let good = format!("{NIK};BELUM BAYAR;411125;200;02;2027;;02/03/2027;1.000.000;");
    let bad = [
        ("07.800.201.2-541.000;;411125;200;02;2027;;02/03/2027;1000;", "npwp_checksum", "NPWP"),
        (";;;;;;;02/03/2027;1000;", "subject_missing", ""),
        (&format!("{NIK};;;;02;2027;;;1000;"), "matter_missing", ""),
        (&format!("{NIK};bayar;;;02;2027;;;1000;"), "matter_unknown", "PERIHAL"),
        (&format!("{NIK};;411125;200;;;;02/03/2027;1000;"), "tax_period_missing", "MASA PAJAK"),
        (&format!("{NIK};;411125;200;13;2027;;02/03/2027;1000;"), "tax_period_unknown", "MASA PAJAK"),
        (&format!("{NIK};;;;;;12345;02/03/2027;1000;"), "billing_code_invalid", "KODE BILLING"),
        (&format!("{NIK};;;;;;;31/02/2027;1000;"), "date_invalid", "TGL BAYAR"),
        (&format!("{NIK};;;;;;;22/03/2027;1000;"), "date_future", "TGL BAYAR"),
        (&format!("{NIK};;;;;;;02/03/2027;10,5;"), "amount_invalid", "JUMLAH BAYAR"),
        (&format!("{NIK};;;;;;;02/03/2027;1000;mungkin"), "reversed_unclear", "BATAL"),
        (&format!("{NIK};;;;"), "columns", ""),
    ];
    let rows: Vec<&str> = bad.iter().flat_map(|(row, ..)| [*row, &good]).collect();
    let (answer, store) = feed(&format!("{header}\n{}\n", rows.join("\n")));
    let tally = &answer.tally;
    assert_eq!((tally.rows, tally.accepted, tally.rejected, tally.unchanged), (24, 12, 12, 11));
    let told: Vec<_> = tally.rejections.iter().map(|r| (r.row, r.reason, r.column.as_str())).collect();
    let expected: Vec<_> = (0..).zip(&bad).map(|(i, (_, reason, column))| (2 + 2 * i, *reason, *column)).collect();
    assert_eq!(told, expected);
    assert!(tally.rejections.iter().all(|r| !r.hint.is_empty() && !r.value.contains("0152") && !r.value.contains(NIK)));
    assert!(is_kept(&store, &duty(Matter::NotPaid, "411125-200", "2027-02")));
}

#[test]
fn json_in_each_of_its_shapes_says_the_same() {
    let row = format!(r#"{{"taxpayer_id":"{NIK}","matter":"not_paid","amount":1000,"paid_on":"2027-03-02"}}"#);
    let back = format!(r#"{{"taxpayer_id":"{NIK}","matter":"not_paid","reversed":true}}"#);
    let typo = format!(r#"{{"taxpayer_id":"{NIK}","matter":"not_paid","reversd":true}}"#);
    for text in [
        format!(r#"{{"settlements":[{row},{back},{typo},{{}},{{"taxpayer_id":[1]}}]}}"#),
        format!(r#"[{row},{back},{typo},{{}},{{"taxpayer_id":[1]}}]"#),
        format!("{row}\n{back}\n\n{typo}\n{{}}\n{{\"taxpayer_id\":[1]}}\n"),
    ] {
        let store = Counting::new(MemoryStore::new());
        let answer = feed_in(&store, Kind::Json, text.as_bytes(), 5).unwrap();
        assert_eq!((answer.tally.accepted, answer.reversals), (2, 1), "{text}");
        let told: Vec<_> = answer.tally.rejections.iter().map(|r| (r.row, r.reason, r.column.as_str())).collect();
        assert_eq!(told, [(3, "columns", "reversd"), (4, "columns", ""), (5, "columns", "")], "{text}");
    }
}

#[test]
fn a_feed_costs_few_commits_and_again_none() {
    let npwp = |n: u32| {
        let eight = format!("07{n:06}");
        let digits = eight.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 });
        let sum: u32 = digits.map(|d| d / 10 + d % 10).sum();
        format!("{eight}{}013000", (10 - sum % 10) % 10)
    };
    let rows = 20_000;
    let mut text = "NPWP;TGL LAPOR\n".to_owned();
    (0..rows).for_each(|n| text.push_str(&format!("{};02/03/2027\n", npwp(n))));
    let store = Counting::new(MemoryStore::new());
    let answer = feed_in(&store, Kind::csv(), text.as_bytes(), 64 * 1024).unwrap();
    assert_eq!((answer.tally.accepted, answer.tally.unchanged), (rows.into(), 0));
    // Three batches, and two shards that are told by two commits each.
    let counts = store.counts();
    assert!(counts.set_many <= 4 && counts.commits == counts.set_many + 4, "{counts:?}");
    store.reset();
    let answer = feed_in(&store, Kind::csv(), text.as_bytes(), 1000).unwrap();
    assert_eq!((answer.tally.accepted, answer.tally.unchanged), (rows.into(), rows.into()));
    assert_eq!(store.counts().commits, 0);
}

#[test]
fn what_came_before_a_file_breaks_off_is_taken() {
    let quote = format!("NPWP;PERIHAL;KETERANGAN\n{NIK};BELUM LAPOR;a\n\"{}", "x".repeat(100_000));
    let store = Counting::new(MemoryStore::new());
    let problem = feed_in(&store, Kind::csv(), quote.as_bytes(), 1000).unwrap_err();
    assert_eq!((problem.status, problem.code.as_ref()), (422, "cell_too_long"));
    assert!(is_kept(&store, &duty(Matter::NotFiled, "", "")));
    for (kind, text, code) in [
        (Kind::csv(), "", "empty_file"),
        (Kind::csv(), "NAMA;TGL BAYAR\nBudi;1\n", "columns_missing"),
        (Kind::Json, "[{]", "invalid_json"),
        (Kind::csv(), "PK\u{3}\u{4}xx", "file_damaged"),
    ] {
        let store = Counting::new(MemoryStore::new());
        assert_eq!(feed_in(&store, kind, text.as_bytes(), 100).unwrap_err().code, code, "{text:?}");
        assert!(store.inner().is_empty(), "{text:?}");
    }
}

#[test]
fn nothing_personal_is_in_the_store_in_clear() {
    let (_, store) =
        feed(&format!("NPWP;KODE BILLING;TGL BAYAR;NTPN\n{NIK};028030000000206;02/03/2027;ABC123DEF456\n"));
    for key in store.inner().keys() {
        let value = block_on(store.get(&key)).unwrap().unwrap_or_default();
        for secret in [NIK, "028030000000206", "ABC123DEF456", "abc123def456"] {
            assert!(!key.contains(secret) && !String::from_utf8_lossy(&value).contains(secret), "{key}");
        }
    }
}

#[test]
fn kinds_of_files() {
    let of = |kind: Option<&str>, encoding: Option<&str>| {
        let (content_type, content_encoding) = (kind.map(str::to_owned), encoding.map(str::to_owned));
        Kind::of(Format { content_type, content_encoding, ..Format::default() })
    };
    for (kind, encoding, json) in [
        (None, None, false),
        (Some("text/csv; charset=utf-8"), None, false),
        (Some("text/csv"), Some("gzip"), false),
        (Some("application/json"), None, true),
        (Some("Application/X-NDJSON"), Some("identity"), true),
    ] {
        assert_eq!(of(kind, encoding).unwrap() == Kind::Json, json, "{kind:?}");
    }
    assert_eq!(of(Some("application/json"), Some("gzip")).map_err(|p| p.status), Err(415));
    // JSON that is not said to be JSON could be read otherwise than it is meant.
    let store = Counting::new(MemoryStore::new());
    let row = format!(r#"[{{"taxpayer_id":"{NIK}","matter":"not_paid"}}]"#);
    assert_eq!(feed_in(&store, Kind::csv(), row.as_bytes(), 100).unwrap_err().code, "feed_format");
    assert!(store.inner().is_empty());
}

#[test]
fn spreadsheets_and_packed_files_are_feeds_too() {
    use super::make::{self, xlsx};
    let store = Counting::new(MemoryStore::new());
    let csv = format!("NPWP;PERIHAL;MASA;TAHUN;TGL BAYAR;JUMLAH;BATAL\n{NIK};BELUM BAYAR;02;2027;02/03/2027;1000;\n");
    let packed = feed_in(&store, Kind::csv(), &make::gzip(csv.as_bytes()), 10).unwrap();
    assert_eq!((packed.tally.accepted, packed.tally.unchanged), (1, 0), "{packed:?}");
    // The same in a spreadsheet: a date as a number, an amount as a number, the last cells empty.
    let header = ["NPWP", "PERIHAL", "MASA", "TAHUN", "TGL BAYAR", "JUMLAH", "BATAL"].map(xlsx::text).to_vec();
    let row = vec![
        xlsx::text(NIK),
        xlsx::text("BELUM BAYAR"),
        xlsx::text("02"),
        xlsx::number("2027"),
        xlsx::date("46448"),
        xlsx::number("1000"),
    ];
    let file = xlsx::Book::of(&[header, row]).file();
    let sheet = feed_in(&store, Kind::csv(), &file, 1000).unwrap();
    assert_eq!((sheet.tally.accepted, sheet.tally.unchanged), (1, 1), "{sheet:?}");
}

#[test]
fn titles_above_the_header_are_passed_over() {
    let (answer, _) = feed(&format!("REALISASI PENERIMAAN\n\nNPWP;TGL LAPOR\n{NIK};02/03/2027\n"));
    assert_eq!((answer.tally.accepted, answer.tally.rejected), (1, 0));
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>, rows in "[0-9;,/\"\\-\n\\[\\]{}:a-z]{0,200}", size in 1_usize..50) {
        for kind in [Kind::csv(), Kind::Json] {
            for text in [bytes.clone(), rows.clone().into_bytes(), format!("NPWP;TGL BAYAR;JUMLAH\n{rows}").into_bytes()] {
                let store = Counting::new(MemoryStore::new());
                if let Ok(answer) = feed_in(&store, kind.clone(), &text, size) {
                    prop_assert_eq!(answer.tally.rows, answer.tally.accepted + answer.tally.rejected);
                }
            }
        }
    }

    /// What is written as a row is read as it was meant, in pieces of any size.
    #[test]
    fn amounts_and_days_come_back(amount in 1_u64..999_999_999_999, day in 1_i8..20, size in 1_usize..30) {
        let store = Counting::new(MemoryStore::new());
        let text = format!("NPWP;PERIHAL;TGL BAYAR;JUMLAH\n{NIK};BELUM BAYAR;{day:02}/03/2027;{amount}\n");
        feed_in(&store, Kind::csv(), text.as_bytes(), size).unwrap();
        let kept = block_on(store.get(&duty(Matter::NotPaid, "", "").key(&Vault::for_tests()))).unwrap();
        let settlement = Settlement::read(kept.as_deref());
        let on = Some(jiff::civil::date(2027, 3, day));
        prop_assert_eq!(settlement.settles(Matter::NotPaid, Some(amount)).map(|done| done.on), Some(on));
        prop_assert_eq!(settlement.settles(Matter::NotPaid, Some(amount + 1)), None);
    }
}
