//! What no single file shows: whole calls, every path, and who hears what.

mod audience;
mod conversations;
mod paths;
pub mod samples;

use super::place::Node;
use super::{Officer, Place, Scene, Script, Scripts, Topic, Verb, When};
use crate::contact::{Contact, Duty, Language, Matter};
use jiff::ToSpan;
use jiff::civil::date;

const MATTERS: [Matter; 4] = [Matter::NotFiled, Matter::NotPaid, Matter::FallsDue, Matter::Arrears];
const LANGUAGES: [Language; 2] = [Language::Id, Language::En];
const OFFICER: Officer<'static> = Officer { line: "sip:line@officers.example", caller_id: "+62211500200" };
const KEYS: [&str; 12] = ["", "0", "1", "2", "3", "4", "5", "9", "*", "#", "12", "é"];

/// A contact whose every secret can be recognised when it is said.
fn canary(matter: Matter, name: &str, taxpayer_id: &str) -> Contact {
    let duty = Duty {
        matter,
        tax_type: "PPN Zirkonium".into(),
        tax_code: "411211-777".into(),
        tax_period: "2029-09".into(),
        amount: Some(377_635),
        due_date: date(2031, 10, 19),
        office: "647".into(),
        billing_code: "027030000000666".into(),
        note: "Keberatan, kapal selam".into(),
        extra: [("SEKTOR".into(), "kapal selam".into())].into(),
        ..samples::duty()
    };
    Contact { duty, ..samples::contact(taxpayer_id, name) }
}

/// Words that tell the matter, an amount, a tax, a date or a number of the canary, or that anything is owed.
const SECRETS: &str = "lapor|bayar|lunas|tunggak|tagih|tetap|tempo|batas waktu|kewajiban|coretax|billing|\
    rupiah|pajak|es pe te|pe pe en|zirkonium|september|oktober|sembilan belas|tiga ratus|\
    dua puluh|tiga puluh|file|filing|pay|paid|arrears|overdue|assessment|obligation|\
    value added| tax|return|october|nineteenth|three hundred|thirty|twenty|377|2031|647|\
    666|3273011503859001|keberatan|kapal selam";

fn link(place: &Place) -> String {
    format!("https://dering.example/{}", place.encode())
}

fn follow(url: &str) -> Place {
    let token = url.strip_prefix("https://dering.example/").expect("our own link");
    Place::decode(token).expect("our own token")
}

fn said(verbs: &[Verb]) -> Vec<&str> {
    verbs
        .iter()
        .flat_map(|verb| match verb {
            Verb::Say { text, .. } => vec![text.as_str()],
            Verb::Gather { prompt, .. } => said(prompt),
            Verb::Transfer { .. } | Verb::Hangup => vec![],
        })
        .collect()
}

/// What the service calls itself is no secret.
fn secrets_in(text: &str) -> Vec<&'static str> {
    let text =
        text.to_lowercase().replace("kring pajak, the tax authority's contact centre", "").replace("kring pajak", "");
    SECRETS.split('|').filter(|secret| text.contains(secret)).collect()
}

/// Everything a step may depend on: an officer or none, a machine or not, and all, some or none of the duties settled.
fn scenes<'a>(
    scripts: &'a Scripts,
    topics: &'a [Topic<'a>],
    contact: &'a Contact,
    language: Language,
) -> Vec<Scene<'a>> {
    let scene = |topics: &'a [Topic<'a>], bits: u8| Scene {
        script: scripts.leading(topics),
        contact,
        topics,
        also: scripts.also(),
        language,
        local_hour: 10,
        officer: (bits & 1 != 0).then_some(OFFICER),
        machine: bits & 2 != 0,
    };
    let mut open = vec![topics, &[]];
    if topics.len() > 1 {
        open.extend([&topics[1..], &topics[..2], &topics[..1]]);
    }
    open.into_iter().flat_map(|topics| (0..4).map(move |bits| scene(topics, bits))).collect()
}

/// The scripts up to the due date and after it, with contacts of one matter and of several, some due later.
fn for_every_script(mut check: impl FnMut(&Scripts, &Contact, Language)) {
    let parties = [("Budi Contoh", "3273011503859001"), ("PT Contoh", "0019001031091000"), ("", "0019001031091000")];
    for when in [When::BeforeDue, When::AfterDue] {
        for matter in MATTERS {
            for (name, taxpayer_id) in parties {
                let one = canary(matter, name, taxpayer_id);
                let scripts = samples::scripts(one.duty.due_date, when);
                let mut several = one.clone();
                several.others = MATTERS.map(|matter| Duty { matter, ..one.duty.clone() }).to_vec();
                several.others[3].due_date += 9.days();
                for language in LANGUAGES {
                    check(&scripts, &one, language);
                    check(&scripts, &several, language);
                }
            }
        }
    }
}
