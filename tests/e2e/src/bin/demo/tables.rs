//! What the demo prints: the answer to the upload, the campaign's report, the year.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use dering_e2e::api::{CampaignReport, Upload};
use dering_e2e::lists::List;

use crate::Findings;

/// The answer to an upload.
pub fn upload(upload: &Upload, took: Duration) -> String {
    let mut out = format!(
        "\nList {}: {} rows, {} accepted, {} rejected, {} with warnings ({:.1} s)\n",
        upload.list,
        upload.rows,
        upload.accepted,
        upload.rejected,
        upload.warnings,
        took.as_secs_f64()
    );
    table(&mut out, "rejected because", &upload.rejected_by_reason);
    out
}

/// What is wrong with the answer to an upload.
pub fn upload_faults(list: &List, upload: &Upload) -> Vec<String> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for (_, reason) in list.rejected() {
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }
    let expected = (list.rows.len() as u64, list.contacts().count() as u64, list.rejected().count() as u64, &reasons);
    let reported = (upload.rows, upload.accepted, upload.rejected, &upload.rejected_by_reason);
    if reported == expected {
        return Vec::new();
    }
    vec![format!("rows, accepted, rejected and reasons of the list: reported {reported:?}, expected {expected:?}")]
}

/// The campaign's report and the year's table.
pub fn report(findings: &Findings) -> String {
    let report = &findings.report;
    let mut out = String::from("\nCampaign report\n");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<28} {value:>10}");
    };
    line("contacts", report.contacts.to_string());
    line("attempts", report.attempts.to_string());
    line("right-party contacts", report.right_party_contacts.to_string());
    line("minutes of talk", format!("{:.1}", report.talk_seconds as f64 / 60.0));
    line("ticks", findings.ticks.ticks.to_string());
    line("duration", format!("{:.1} s", findings.lasted.as_secs_f64()));
    out.push('\n');
    table(&mut out, "calls by disposition", &CampaignReport::nonzero(&report.dispositions));
    table(&mut out, "contacts by end", &CampaignReport::nonzero(&report.ends));
    annual(&mut out, findings);
    out
}

/// In the form of the authority's annual report.
fn annual(out: &mut String, findings: &Findings) {
    let annual = &findings.annual;
    let percent = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2} %"));
    let _ = writeln!(out, "Contact centre                          {:>10}", annual.year);
    for (name, value) in [
        ("outbound calls", annual.outbound_calls.to_string()),
        ("  change on the year before", percent(annual.outbound_change_percent)),
        ("inbound calls received", annual.inbound_received.to_string()),
        ("inbound calls answered", annual.inbound_answered.to_string()),
        ("  per cent answered", percent(annual.inbound_answered_percent)),
    ] {
        let _ = writeln!(out, "  {name:<28} {value:>10}");
    }
}

fn table(out: &mut String, title: &str, entries: &BTreeMap<String, u64>) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}");
    let mut sorted: Vec<(&String, &u64)> = entries.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (name, n) in sorted {
        let _ = writeln!(out, "  {name:<28} {n:>10}");
    }
    out.push('\n');
}
