//! Whole calls as a reader hears them: `golden/*.txt` are the scripts with everything filled in.

use super::samples;
use crate::attempt::News;
use crate::contact::Language;
use crate::contact::{Contact, Duty, Matter};
use crate::flow::{Officer, Place, Scene, Turn, Verb, When, answered, step};
use crate::provider::Input;
use jiff::civil::date;

struct Call<'a> {
    when: When,
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
        let Call { when, contact, language, local_hour, officer, settled, machine } = self;
        let scripts = samples::scripts(contact.duty.due_date, *when);
        let topics = if *settled { Vec::new() } else { scripts.topics(contact.duties()) };
        let scene = Scene {
            script: scripts.leading(&topics),
            contact,
            topics: &topics,
            also: scripts.also(),
            language: *language,
            local_hour: *local_hour,
            officer: *officer,
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
        when: When::BeforeDue,
        contact: samples::contact("3174055207909002", "Siti Umpama, S.E., M.Ak."),
        language,
        local_hour: 9,
        officer: officer.then_some(OFFICER),
        settled: false,
        machine: false,
    }
}

fn company(matter: Matter) -> Call<'static> {
    let duty = Duty {
        matter,
        tax_type: "PPh Pasal 21".into(),
        tax_code: "411121-100".into(),
        tax_period: "2027-02".into(),
        amount: Some(1_250_000),
        due_date: date(2027, 3, 16),
        ..samples::duty()
    };
    let contact = Contact { duty, ..samples::contact("0029001062904000", "PT Umpama Bali Makmur") };
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

/// The day after the due date.
fn overdue(call: Call<'static>) -> Call<'static> {
    Call { when: When::AfterDue, ..call }
}

/// Four matters; the last falls due a month after the others.
fn several(matters: usize, language: Language) -> Call<'static> {
    let mut call = Call { language, ..company(Matter::NotPaid) };
    let first = call.contact.duty.clone();
    let return_of = Duty { matter: Matter::NotFiled, due_date: date(2027, 3, 20), ..first.clone() };
    let notice = Duty { matter: Matter::FallsDue, amount: None, tax_type: "PPN".into(), ..return_of.clone() };
    let later = Duty { due_date: date(2027, 4, 20), tax_period: "2027-03".into(), ..return_of.clone() };
    call.contact.others = [return_of, notice, later].into_iter().take(matters - 1).collect();
    call
}

#[test]
fn the_due_date_has_passed() {
    check(include_str!("golden/overdue_promise.id.txt"), &overdue(company(Matter::NotPaid)), "11");
    check(include_str!("golden/overdue_return.en.txt"), &overdue(person(Language::En, true)), "13");
    check(include_str!("golden/overdue_informed.id.txt"), &overdue(company(Matter::FallsDue)), "1--");
    check(include_str!("golden/overdue_arrears.id.txt"), &overdue(company(Matter::Arrears)), "12+");
    check(include_str!("golden/overdue_wrong_number.en.txt"), &overdue(person(Language::En, true)), "21");
}

#[test]
fn after_the_due_date_a_machine_hears_no_more_than_before() {
    for (golden, machine, settled) in
        [(include_str!("golden/voicemail.id.txt"), true, false), (include_str!("golden/settled.id.txt"), false, true)]
    {
        check(golden, &Call { machine, settled, ..overdue(person(Language::Id, true)) }, "");
    }
}

#[test]
fn several_matters_are_named_in_one_call() {
    check(include_str!("golden/several_promise.id.txt"), &several(2, Language::Id), "11");
    check(include_str!("golden/several_settled.en.txt"), &several(3, Language::En), "1*3");
}

#[test]
fn of_many_matters_three_are_named_and_the_others_counted() {
    check(include_str!("golden/several_more.id.txt"), &several(4, Language::Id), "1--");
    check(include_str!("golden/several_more.en.txt"), &several(4, Language::En), "12!");
}

#[test]
fn what_is_overdue_and_what_is_not_are_told_apart_in_one_call() {
    check(include_str!("golden/several_overdue.id.txt"), &overdue(several(3, Language::Id)), "11");
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
