//! What rows have to do with each other, and what a list leaves open.

use super::*;
use dering::list::{Reason, Warning};

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
