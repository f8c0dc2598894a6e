//! What no single file shows: whole calls, every path, and who hears what.

mod audience;
mod conversations;
mod paths;
pub mod samples;

use super::place::Node;
use super::{Officer, Place, Scene, Script, Verb};
use crate::contact::{Contact, Language, Matter};
use jiff::civil::date;

const MATTERS: [Matter; 4] = [Matter::NotFiled, Matter::NotPaid, Matter::FallsDue, Matter::Arrears];
const LANGUAGES: [Language; 2] = [Language::Id, Language::En];
const OFFICER: Officer<'static> = Officer { line: "sip:line@officers.example", caller_id: "+62211500200" };
const KEYS: [&str; 12] = ["", "0", "1", "2", "3", "4", "5", "9", "*", "#", "12", "é"];

/// A contact whose every secret can be recognised when it is said.
fn canary(matter: Matter, name: &str, taxpayer_id: &str) -> Contact {
    Contact {
        matter,
        tax_type: "PPN Zirkonium".into(),
        tax_code: "411211-777".into(),
        tax_period: "2029-09".into(),
        amount: Some(377_635),
        due_date: date(2031, 10, 19),
        office: "647".into(),
        billing_code: "027030000000666".into(),
        note: "Keberatan, kapal selam".into(),
        ..samples::contact(taxpayer_id, name)
    }
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

fn scenes<'a>(script: &'a Script, contact: &'a Contact, language: Language) -> Vec<Scene<'a>> {
    let scene = |bits: u8| Scene {
        script,
        contact,
        language,
        local_hour: 10,
        officer: (bits & 1 != 0).then_some(OFFICER),
        settled: bits & 2 != 0,
        machine: bits & 4 != 0,
    };
    (0..8).map(scene).collect()
}

fn for_every_script(mut check: impl FnMut(&Script, &Contact, Language)) {
    let parties = [("Budi Contoh", "3273011503859001"), ("PT Contoh", "0019001031091000"), ("", "0019001031091000")];
    for name in Script::NAMES {
        let script = Script::named(name).expect("a name of a script");
        for matter in MATTERS {
            for (name, taxpayer_id) in parties {
                for language in LANGUAGES {
                    check(&script, &canary(matter, name, taxpayer_id), language);
                }
            }
        }
    }
}
