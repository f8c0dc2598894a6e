//! What rows have to do with each other, and what a list leaves open.

use super::*;
use dering::campaign::{AllowedNumbers, KeepColumns};
use dering::hours::Country;
use dering::list::{Guess, Mapping, Reason, Warning};
use std::collections::BTreeMap;

#[test]
fn an_unclosed_quotation_mark_does_not_lose_rows_silently() {
    let list = "NPWP;NAMA;HP;JATUH TEMPO;KETERANGAN\n\
        079001012541000;A;081200000101;31/03/2027;\"rumah\n\
        079001111526000;B;081200000111;31/03/2027;\n";
    let (rows, _) = text(list);
    assert_eq!(rows.len(), 1);
    let rejection = rejected(&rows[0]);
    assert_eq!(rejection.reason, Reason::Columns);
    assert!(rejection.cells[4].contains("079001111526000"));
}

#[test]
fn duplicates_have_the_same_taxpayer_tax_and_period() {
    let header = "NPWP;HP;PERIHAL;JENIS PAJAK;KAP;KJS;MASA;TAHUN;JATUH TEMPO\n";
    let row = |npwp: &str, hp: &str, tax: &str, kjs: &str, masa: &str| {
        let kap = if kjs.is_empty() { "" } else { "411121" };
        format!("{npwp};{hp};BELUM BAYAR;{tax};{kap};{kjs};{masa};2027;31/03/2027\n")
    };
    let (a, hp) = ("07.900.101.2-541.000", "081200000101");
    let first = row(a, hp, "PPh 21", "100", "02");
    for (second, same) in [
        (row("0079001012541000", "081200000102", "PPh 21", "100", "Februari"), true),
        (row(a, hp, "PPh 21", "100", "03"), false),
        (row(a, hp, "PPh 21", "300", "02"), false),
        (row("079001111526000", hp, "PPh 21", "100", "02"), false),
    ] {
        let (rows, summary) = text(&format!("{header}{first}{second}"));
        assert_eq!(accepted(&rows[0]).duty.tax_code, "411121-100");
        assert_eq!(summary.duplicates, u32::from(same), "{second}");
    }
    // Without a code the tax's name tells; a period that is not understood is the same only if written the same.
    for (first, second, same) in [
        (row(a, hp, "PPh 21", "", "02"), row(a, hp, "PPN", "", "02"), false),
        (row(a, hp, "PPh 21", "", "02"), row(a, hp, "pph-21", "", "02"), true),
        (row(a, hp, "PPN", "", "Triwulan I"), row(a, hp, "PPN", "", "Triwulan II"), false),
        (row(a, hp, "PPN", "", "Triwulan I"), row(a, hp, "PPN", "", "Triwulan I"), true),
    ] {
        let (_, summary) = text(&format!("{header}{first}{second}"));
        assert_eq!(summary.duplicates, u32::from(same), "{first}{second}");
    }
    // A row that was rejected stands in nobody's way.
    let bad = row(a, "0812-0", "PPh 21", "100", "02");
    let (_, summary) = text(&format!("{header}{bad}{first}"));
    assert_eq!((summary.accepted, summary.duplicates), (1, 0));
}

#[test]
fn what_a_list_leaves_open_comes_from_the_rules_or_is_marked() {
    let list = "NIK;NAMA;HP;PERIHAL;MASA;JATUH TEMPO;KPP;KODE BILLING;PRIORITAS;BAHASA;ZONA\n\
        3273011503859001;;081200000101;SURVEI;?;01/02/2027;;123;tinggi;en;\n\
        1000123456789012;B;081200000102;;;31/03/2027;11;27030000000106;;;\n\
        1000123456789013;C;081200000103;Tunggakan;;31/03/2027;;;9;;WIT\n\
        1000123456789014;D;081200000104;;;31/03/2027;;;;;\n";
    let mut reader = Reader::new(Rules { past_due_allowed: true, matter: Matter::NotPaid, ..rules() });
    let mut rows = Vec::new();
    reader.push(list.as_bytes(), &mut rows).unwrap();
    let summary = reader.finish(&mut rows).unwrap();
    assert_eq!((summary.rows, summary.accepted), (4, 4));
    let warnings = |row: &Row| match row {
        Row::Accepted { warnings, .. } => warnings.clone(),
        Row::Rejected(_) => panic!(),
    };
    use Warning::*;
    assert_eq!(warnings(&rows[0]), [NameMissing, MatterUnknown, BillingCodeInvalid]);
    assert_eq!(accepted(&rows[0]).duty.matter, Matter::NotPaid);
    assert_eq!(accepted(&rows[0]).priority, 1);
    assert_eq!(accepted(&rows[0]).time_zone.as_deref(), Some("Asia/Jakarta"));
    assert_eq!(warnings(&rows[1]), [NpwpPrefixUnknown]);
    assert_eq!(accepted(&rows[1]).duty.office, "011");
    assert_eq!(accepted(&rows[1]).duty.billing_code, "027030000000106");
    assert_eq!(accepted(&rows[1]).priority, 2);
    assert_eq!(accepted(&rows[2]).duty.matter, Matter::Arrears);
    assert_eq!(accepted(&rows[2]).time_zone.as_deref(), Some("Asia/Jayapura"));
    assert_eq!(warnings(&rows[3]), [NpwpPrefixUnknown, ZoneUnknown]);
    assert_eq!(accepted(&rows[3]).time_zone, None);
}

#[test]
fn many_niks_ending_in_0_are_noticed() {
    let list = |ends: &str| {
        let mut list = "NIK;HP;JATUH TEMPO\n".to_owned();
        for (n, end) in ends.chars().enumerate() {
            list += &format!("327301150385{n}00{end};0812000001{n}{end};31/03/2027\n");
        }
        text(&list).1
    };
    assert_eq!(list("123456").accepted, 6);
    assert!(!list("123000").niks_seem_cut);
    let cut = "NIK;HP;JATUH TEMPO\n".to_owned()
        + &(1..7).map(|n| format!("32730115038590{n}0;08120000010{n};31/03/2027\n")).collect::<String>();
    assert!(text(&cut).1.niks_seem_cut);
}

#[test]
fn remarks_are_kept_and_long_ones_cut_with_a_warning() {
    let exactly = "é".repeat(500);
    let longer = format!("{exactly}!");
    let blank_ends = format!("{exactly}   \n ");
    let long_words = "kata ".repeat(101);
    for (cell, note, cut) in [
        ("Tolong hubungi  sore\u{200b} hari\r\nlewat resepsionis", "Tolong hubungi sore hari lewat resepsionis", false),
        ("", "", false),
        (" - ", "", false),
        (exactly.as_str(), exactly.as_str(), false),
        (blank_ends.as_str(), exactly.as_str(), false),
        (longer.as_str(), &format!("{}…", "é".repeat(499)), true),
        (long_words.as_str(), &format!("{}…", long_words[..499].trim_end()), true),
        ("\u{200b} a \u{200b} b", "a b", false),
    ] {
        let list = format!(
            "NPWP;HP;JATUH TEMPO;PROVINSI;NAMA;KETERANGAN\n0079001012541000;081200000101;31/03/2027;DKI Jakarta;A;\"{cell}\"\n"
        );
        let (rows, _) = text(&list);
        assert_eq!(accepted(&rows[0]).duty.note, note);
        assert!(note.chars().count() <= dering::contact::NOTE_MAX);
        let Row::Accepted { warnings, .. } = &rows[0] else { unreachable!() };
        assert_eq!(warnings.contains(&Warning::NoteCut), cut, "{cell}");
    }
    // Two rows that differ in their remarks only are one.
    let (_, summary) = text(
        "NPWP;HP;JATUH TEMPO;CATATAN\n0079001012541000;081200000101;31/03/2027;a\n0079001012541000;081200000101;31/03/2027;b\n",
    );
    assert_eq!(summary.duplicates, 1);
}

fn with_rules(rules: Rules, list: &str) -> (Vec<Row>, Summary) {
    let mut reader = Reader::new(rules);
    let mut rows = Vec::new();
    reader.push(list.as_bytes(), &mut rows).unwrap();
    let summary = reader.finish(&mut rows).unwrap();
    (rows, summary)
}

fn mapping(parameters: &[(&str, &str)]) -> Result<Mapping, Problem> {
    Mapping::parse(parameters.iter().copied())
}

#[test]
fn the_request_may_name_columns() {
    let list = "IDENTITAS;SIAPA;NOMOR A;NOMOR B;TELEPON;BATAS;NILAI\n\
        0079001012541000;Budi;081200000101;081200000102;081200000199;31/03/2027;abc\n";
    let named = [
        ("column.taxpayer_id", "identitas"),
        ("column.name", "Siapa"),
        ("column.phone", "Nomor B"),
        ("column.phone", "NOMOR A"),
        ("column.due_date", " batas"),
        ("column.amount", ""),
        ("name", "Maret"),
    ];
    let (rows, summary) = with_rules(Rules { mapping: mapping(&named).unwrap(), ..rules() }, list);
    let contact = accepted(&rows[0]);
    assert_eq!((contact.name.as_str(), contact.duty.amount), ("Budi", None));
    // In the order in which they are named; a column that is not named for the field does not serve it.
    assert_eq!(contact.phones, ["+6281200000102", "+6281200000101"]);
    assert_eq!(summary.columns[0], ("IDENTITAS".to_owned(), "taxpayer_id".to_owned()));
    assert_eq!(summary.ignored_columns(), ["TELEPON", "NILAI"]);
    for (bad, says) in [(("column.telefon", "x"), "telefon"), (("column.", "x"), "no such field")] {
        let problem = mapping(&[bad]).unwrap_err();
        assert_eq!((problem.status, problem.code.as_ref()), (400, "parameter_invalid"));
        assert!(problem.detail.contains(says), "{}", problem.detail);
    }
    assert!(mapping(&[("column.name", "a"), ("column.name", "b")]).is_err());
    let mut reader = Reader::new(Rules { mapping: mapping(&[("column.name", "APA")]).unwrap(), ..rules() });
    let pushed = reader.push(list.as_bytes(), &mut Vec::new());
    let problem = pushed.and_then(|()| reader.finish(&mut Vec::new()).map(drop)).unwrap_err();
    assert_eq!((problem.status, problem.code.as_ref()), (422, "column_unknown"));
}

#[test]
fn columns_are_kept_as_the_campaign_says_and_within_bounds() {
    let list = "NPWP;HP;JATUH TEMPO;SEKTOR;KPP;row;AR\n\
        0079001012541000;081200000101;31/03/2027;'=Perdagangan;541;7;  Ibu  Ani\n\
        0079001111526000;081200000111;31/03/2027;;541;7;\n";
    let extra = |keep| {
        let (rows, summary) = with_rules(Rules { keep, ..rules() }, list);
        let extra: Vec<_> = rows.iter().map(|row| accepted(row).duty.extra.clone()).collect();
        (extra, summary.kept_columns)
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let none = || vec![BTreeMap::new(), BTreeMap::new()];
    assert_eq!(extra(KeepColumns::default()), (none(), vec![]));
    let (sector, person) = (pair("SEKTOR", "=Perdagangan"), pair("AR", "Ibu Ani"));
    let kept = vec![BTreeMap::from([sector, person.clone()]), BTreeMap::new()];
    assert_eq!(extra(KeepColumns::All), (kept, vec!["SEKTOR".into(), "AR".into()]));
    let named = KeepColumns::Named(vec!["ar".into(), "TIDAK ADA".into(), "KPP".into()]);
    assert_eq!(extra(named), (vec![BTreeMap::from([person]), BTreeMap::new()], vec!["AR".into()]));

    let names: String = (0..30).map(|n| format!(";K{n}")).collect();
    let cells = format!(";{}", "é".repeat(150)).repeat(30);
    let wide = format!("NPWP;HP;JATUH TEMPO{names}\n0079001012541000;081200000101;31/03/2027{cells}\n");
    let (rows, summary) = with_rules(Rules { keep: KeepColumns::All, ..rules() }, &wide);
    assert_eq!((summary.kept_columns.len(), summary.ignored_columns().len()), (20, 10));
    let Row::Accepted { contact, warnings, .. } = &rows[0] else { panic!("{rows:?}") };
    assert_eq!(contact.duty.extra.len(), 6, "2,000 bytes");
    assert!(warnings.contains(&Warning::ExtraCut));
}

#[test]
fn every_guess_is_told() {
    use Guess::*;
    let list = |row: &str| format!("NPWP;HP;JATUH TEMPO;PERIHAL;ZONA;PROVINSI;KPP;PRIORITAS;BAHASA\n{row}\n");
    for (row, zone, guesses, warnings) in [
        ("0079001012541000;0215250208;31/03/2027;BELUM LAPOR;WIT;Bali;541;1;id", "Jayapura", vec![], vec![]),
        (
            "0079001012541000;0215250208;31/03/2027;;;Bali;541;;",
            "Jakarta",
            vec![MatterOfCampaign, ZoneOfAreaCode],
            vec![],
        ),
        ("0079001012541000;081200000101;31/03/2027;SKP;;Bali;541;;", "Makassar", vec![ZoneOfProvince], vec![]),
        ("0079001012541000;081200000101;31/03/2027;SKP;;;904;;", "Makassar", vec![ZoneOfOffice], vec![]),
        ("0079001012541000;081200000101;31/03/2027;SKP;;;;;", "Jakarta", vec![ZoneOfRegistration], vec![]),
        ("5171011503859001;081200000101;31/03/2027;SKP;;;;;", "Makassar", vec![ZoneOfNik], vec![]),
        (
            "0079001012541000;081200000101;31/03/2027;SURVEI;WIBB;;KPP Sleman;segera;jawa",
            "Jakarta",
            vec![MatterOfCampaign, ZoneOfRegistration],
            vec![
                (Warning::MatterUnknown, "xxxxxx"),
                (Warning::OfficeUnknown, "xxx xxxxxx"),
                (Warning::TimeZoneUnknown, "xxxx"),
                (Warning::PriorityUnknown, "xxxxxx"),
                (Warning::LanguageUnknown, "xxxx"),
            ],
        ),
    ] {
        let (rows, _) = text(&list(row));
        let Row::Accepted { contact, warnings: told, origin } = &rows[0] else { panic!("{row}: {rows:?}") };
        assert_eq!(contact.time_zone, Some(format!("Asia/{zone}")), "{row}");
        assert_eq!(origin.guesses, guesses, "{row}");
        let told: Vec<_> = told.iter().copied().zip(origin.values.iter().map(String::as_str)).collect();
        let told: Vec<_> = told.into_iter().filter(|(warning, _)| *warning != Warning::NameMissing).collect();
        assert_eq!(told, warnings, "{row}");
    }
}

#[test]
fn where_somebody_with_a_foreign_number_is_only_the_list_can_tell() {
    let allowed = AllowedNumbers { foreign: vec![Country::Sg], premium: false };
    let list = |phone: &str, zone: &str| {
        format!(
            "NPWP;NAMA;HP;JATUH TEMPO;PERIHAL;ZONA;PROVINSI;KPP\n0079001012541000;A;{phone};31/03/2027;SKP;{zone};Bali;541\n"
        )
    };
    use Warning::*;
    for (phone, zone, expected, warnings) in [
        ("+65 6123 4567", "", None, vec![ZoneUnknown]),
        ("021-5250208 / +65 6123 4567", "", None, vec![ZoneUnknown]),
        ("+65 6123 4567", "Singapura", None, vec![TimeZoneUnknown, ZoneUnknown]),
        ("+65 6123 4567", "asia/singapore", Some("Asia/Singapore"), vec![]),
        ("+65 6123 4567", "America/New_York", Some("America/New_York"), vec![]),
        ("+65 6123 4567", "WIT", Some("Asia/Jayapura"), vec![]),
        ("081200000101", "", Some("Asia/Makassar"), vec![]),
    ] {
        let rules = Rules {
            allowed_numbers: allowed.clone(),
            // That of the campaign is Indonesia's, too.
            default_zone: Some("Asia/Jakarta".into()),
            ..rules()
        };
        let (rows, _) = with_rules(rules, &list(phone, zone));
        let Row::Accepted { contact, warnings: told, .. } = &rows[0] else { panic!("{phone}: {rows:?}") };
        assert_eq!((contact.time_zone.as_deref(), told), (expected, &warnings), "{phone} {zone}");
    }
    let (rows, _) = text(&list("+65 6123 4567", "Asia/Singapore"));
    assert_eq!(rejected(&rows[0]).reason, Reason::PhoneForeign);
}

/// What becomes of one row with these cells.
fn one(npwp: &str, hp: &str, due: &str, amount: &str) -> Row {
    let list = format!("NPWP\tHP\tJATUH TEMPO\tJUMLAH\tPROVINSI\n{npwp}\t{hp}\t{due}\t{amount}\tBali\n");
    text(&list).0.remove(0)
}

#[test]
fn values_as_offices_write_them() {
    let (npwp, hp, due) = ("0079001012541000", "081200000101", "31/03/2027");
    for (cell, numbers) in [
        ("0812-0000-0101 / 0813 0000 0102", "+6281200000101 +6281300000102"),
        ("0812-0000-0101, 0813 0000 0102", "+6281200000101 +6281300000102"),
        ("0812-0000-0101; 0813 0000 0102", "+6281200000101 +6281300000102"),
        ("0812-0000-0101 atau 0813 0000 0102", "+6281200000101 +6281300000102"),
        ("+62 812 0000 0101", "+6281200000101"),
        ("62812.0000.0101", "+6281200000101"),
        ("81200000101", "+6281200000101"),
        ("(021) 5250208 ext. 15", "+62215250208"),
        // What a program made of a number: the last zero is nobody's digit.
        ("81200000101.0", "+6281200000101"),
        ("6281200000101.00", "+6281200000101"),
        ("81200000101,0", "+6281200000101"),
    ] {
        assert_eq!(accepted(&one(npwp, cell, due, "")).phones.join(" "), numbers, "{cell}");
    }
    for (cell, reason) in [
        ("0812OO00101", Reason::PhoneLetters),
        ("81200000101.5", Reason::PhoneLetters),
        ("8.12E+10", Reason::PhoneScientific),
        ("14045", Reason::PhoneSpecial),
        ("0809 1234567", Reason::PhoneSpecial),
        ("+65 6123 4567", Reason::PhoneForeign),
    ] {
        assert_eq!(rejected(&one(npwp, cell, due, "")).reason, reason, "{cell}");
    }
    for cell in
        ["07.900.101.2-541.000", "079001012541000", "79001012541000", "79001012541000.0", "0079001012541000000001"]
    {
        assert_eq!(accepted(&one(cell, hp, due, "")).taxpayer_id, npwp, "{cell}");
    }
    for (cell, reason) in [
        ("7.90010125E+13", Reason::NpwpScientific),
        ("79001012541000.5", Reason::NpwpChecksum),
        ("3273011503850000", Reason::NikTruncated),
    ] {
        assert_eq!(rejected(&one(cell, hp, due, "")).reason, reason, "{cell}");
    }
    for cell in ["1.234.567,00", "Rp 1,234,567", "1234567", "1234567.0", "Rp1.234.567,-"] {
        assert_eq!(accepted(&one(npwp, hp, due, cell)).duty.amount, Some(1_234_567), "{cell}");
    }
    for cell in ["31/03/2027", "2027-03-31", "31 Maret 2027", "46477", "46477.0", "31-03-2027", "31 March 2027"] {
        assert_eq!(accepted(&one(npwp, hp, cell, "")).duty.due_date, date(2027, 3, 31), "{cell}");
    }
}
