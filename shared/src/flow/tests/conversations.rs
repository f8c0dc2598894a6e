//! Whole calls as a reader hears them: `golden/*.txt` are the scripts with everything filled in.

use super::samples;
use crate::attempt::News;
use crate::contact::Language;
use crate::contact::{Contact, Matter};
use crate::flow::{Officer, Place, Scene, Script, Turn, Verb, answered, step};
use crate::provider::Input;
use jiff::civil::date;

struct Call<'a> {
    contact: Contact,
    language: Language,
    local_hour: i8,
    officer: Option<Officer<'a>>,
    settled: bool,
    machine: bool,
}

impl Call<'_> {
    /// The call with `keys` pressed in turn; `-` is silence, `+` and `!` an officer who answers and one who does not.
    fn play(&self, keys: &str) -> String {
        let script = Script::named("reminder").expect("a name of a script");
        let Call { contact, language, local_hour, officer, settled, machine } = self;
        let scene = Scene {
            script: &script,
            contact,
            language: *language,
            local_hour: *local_hour,
            officer: *officer,
            settled: *settled,
            machine: *machine,
        };
        let mut out = String::new();
        let mut next = write(&mut out, &answered(&scene, &Place::encode));
        for key in keys.chars() {
            let (input, heading) = match key {
                '-' => (Input::Keys(String::new()), "> silence".to_owned()),
                '+' => (Input::Transfer { bridged: true }, "> the officer answered".to_owned()),
                '!' => (Input::Transfer { bridged: false }, "> the officer did not answer".to_owned()),
                key => (Input::Keys(key.into()), format!("> {key}")),
            };
            out.push_str(&format!("\n{heading}\n\n"));
            let place = Place::decode(&next.expect("the call goes on")).expect("our own token");
            next = write(&mut out, &step(&scene, place, &input, &Place::encode));
        }
        assert_eq!(next, None, "the call has ended");
        out
    }
}

/// Writes a turn; what the next step's token is, if there is one.
fn write(out: &mut String, turn: &Turn) -> Option<String> {
    match &turn.news {
        Some(News::Dialog(said)) => out.push_str(&format!("[{said:?}]\n")),
        Some(News::Transfer { bridged }) => out.push_str(&format!("[Transfer, bridged: {bridged}]\n")),
        _ => {}
    }
    let mut next = None;
    for verb in &turn.verbs {
        match verb {
            Verb::Say { text, .. } => out.push_str(&format!("{text}\n")),
            Verb::Gather { prompt, timeout_s, next: token, .. } => {
                write(out, &Turn { verbs: prompt.clone(), news: None });
                out.push_str(&format!("(waits {timeout_s} s for a key)\n"));
                next = Some(token.clone());
            }
            Verb::Transfer { to, timeout_s, next: token, .. } => {
                out.push_str(&format!("(rings {to} for {timeout_s} s)\n"));
                next = Some(token.clone());
            }
            Verb::Hangup => out.push_str("(hangs up)\n"),
        }
    }
    next
}

const OFFICER: Officer<'static> = Officer { line: "+622150000200", caller_id: "+62211500200" };

fn person(language: Language, officer: bool) -> Call<'static> {
    Call {
        contact: samples::contact("3174055207909002", "Siti Umpama, S.E., M.Ak."),
        language,
        local_hour: 9,
        officer: officer.then_some(OFFICER),
        settled: false,
        machine: false,
    }
}

fn company(matter: Matter) -> Call<'static> {
    let contact = Contact {
        matter,
        tax_type: "PPh Pasal 21".into(),
        tax_code: "411121-100".into(),
        tax_period: "2027-02".into(),
        amount: Some(1_250_000),
        due_date: date(2027, 3, 16),
        ..samples::contact("0029001062904000", "PT Umpama Bali Makmur")
    };
    Call { contact, local_hour: 15, ..person(Language::Id, true) }
}

fn check(golden: &str, call: &Call<'_>, keys: &str) {
    assert_eq!(call.play(keys), golden, "keys {keys}");
}

#[test]
fn a_promise_after_a_slip_and_a_repeat() {
    check(include_str!("golden/promise.id.txt"), &person(Language::Id, true), "71*1");
}

#[test]
fn an_officer_answers() {
    check(include_str!("golden/officer.en.txt"), &person(Language::En, true), "12+");
}

#[test]
fn an_officer_does_not_answer() {
    check(include_str!("golden/officer_busy.id.txt"), &company(Matter::NotPaid), "12!");
}

#[test]
fn no_officer_is_there_to_ask_for() {
    check(include_str!("golden/no_officer.en.txt"), &person(Language::En, false), "12");
}

#[test]
fn somebody_listens_and_says_nothing() {
    check(include_str!("golden/informed.id.txt"), &company(Matter::FallsDue), "1--");
}

#[test]
fn arrears_are_said_to_be_paid() {
    check(include_str!("golden/says_settled.id.txt"), &company(Matter::Arrears), "13");
}

#[test]
fn a_wrong_number() {
    check(include_str!("golden/wrong_number.id.txt"), &person(Language::Id, true), "21");
}

#[test]
fn nobody_answers_the_question() {
    check(include_str!("golden/no_input.en.txt"), &person(Language::En, true), "--");
}

#[test]
fn paid_while_it_rang() {
    let call = Call { settled: true, ..person(Language::Id, true) };
    check(include_str!("golden/settled.id.txt"), &call, "");
}

#[test]
fn an_answering_machine() {
    let call = Call { machine: true, ..person(Language::Id, true) };
    check(include_str!("golden/voicemail.id.txt"), &call, "");
}

#[test]
fn what_each_key_is_written_down_as() {
    let english = person(Language::En, true);
    for (keys, news) in [
        ("3", "Callback"),
        ("9", "DoNotCall"),
        ("777", "NoInput"),
        ("***7**", "NoInput"),
        ("22", "ThirdParty"),
        ("29", "DoNotCall"),
        ("2--", "ThirdParty"),
        ("2777", "ThirdParty"),
        ("11", "Promise"),
        ("13", "SaysSettled"),
        ("15", "Callback"),
        ("19", "DoNotCall"),
        ("1444", "NoInput"),
        ("1-777", "Informed"),
        ("1**--", "Informed"),
        ("1***-5", "Callback"),
        ("1-*1", "Promise"),
    ] {
        let written: Vec<_> = english
            .play(keys)
            .lines()
            .filter_map(|line| Some(line.strip_prefix('[')?.trim_end_matches(']').to_owned()))
            .collect();
        assert_eq!(written, [news], "keys {keys}");
    }
}
