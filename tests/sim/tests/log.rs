//! `Log` under every interleaving.

use dering_sim::log::{AppendFlaw, LogAudit, Note, ReadFlaw, flawed_reader, reader, writer};
use dering_sim::{Body, Crew, Faults, Outcome, Reads, Setup, explore, fails, holds};

const CALM: Faults = Faults { crashes: 0, lost: 0, late: 0, partial: 0, jumps: 0 };
const EACH: [(&str, Faults); 5] = [
    ("calm", CALM),
    ("crash", Faults { crashes: 1, ..CALM }),
    ("lost reply", Faults { lost: 1, ..CALM }),
    ("late write", Faults { late: 1, ..CALM }),
    ("four days", Faults { jumps: 1, ..CALM }),
];
const ONE_OF_EACH: Faults = Faults { crashes: 1, lost: 1, late: 1, partial: 1, jumps: 1 };

fn run(writers: Vec<Crew<Note>>, reader: Body<Note>, faults: Faults, reads: Reads) -> Outcome {
    let crews = writers.into_iter().chain([Crew::new(1, 1, reader)]).collect();
    explore(Setup { crews, audit: LogAudit::default(), faults, reads })
}

fn writers(n: u8, rounds: u8, flaw: Option<AppendFlaw>) -> Vec<Crew<Note>> {
    (0..n).map(|id| Crew::new(1, rounds, writer(id, flaw))).collect()
}

#[test]
fn every_acknowledged_entry_is_read_once() {
    let read = || reader(&[false, true], 100);
    for (name, faults) in EACH {
        holds(&format!("2 writers x 2, {name}"), run(writers(2, 2, None), read(), faults, Reads::AtOnce));
        holds(&format!("3 writers, {name}"), run(writers(3, 1, None), read(), faults, Reads::AtOnce));
    }
    holds("2 writers, one of each", run(writers(2, 1, None), read(), ONE_OF_EACH, Reads::AtOnce));
}

#[test]
fn bounded_reads_lose_nothing() {
    for (name, faults) in EACH {
        let read = reader(&[true, false, false], 1);
        holds(&format!("one at a time, {name}"), run(writers(2, 1, None), read, faults, Reads::AtOnce));
    }
}

#[test]
fn a_read_of_many_keys_is_no_snapshot() {
    for (name, faults) in EACH {
        for reads in [Reads::OneByOne, Reads::Backwards] {
            let outcome = run(writers(2, 1, None), reader(&[false, true], 100), faults, reads);
            holds(&format!("2 writers, {name}, {reads:?}"), outcome);
        }
    }
}

#[test]
fn the_reader_spelt_out_passes_as_well() {
    for (name, faults) in EACH {
        let outcome = run(writers(2, 1, None), flawed_reader(ReadFlaw::None), faults, Reads::AtOnce);
        holds(&format!("no flaw, {name}"), outcome);
    }
}

#[test]
fn flawed_writers_are_found_out() {
    let append = |flaw, faults| run(writers(2, 1, Some(flaw)), reader(&[true, true, true], 100), faults, Reads::AtOnce);
    fails("counter after the entry", append(AppendFlaw::CounterAfterEntry, CALM));
    fails("no time limit", append(AppendFlaw::NoTimeLimit, Faults { jumps: 1, ..CALM }));
}

#[test]
fn flawed_readers_are_found_out() {
    let cases = [
        (ReadFlaw::NoHoles, CALM),
        (ReadFlaw::StampedEarly, Faults { jumps: 1, ..CALM }),
        (ReadFlaw::GivenUpUnseen, Faults { jumps: 1, ..CALM }),
        (ReadFlaw::DeletedEarly, Faults { crashes: 1, ..CALM }),
    ];
    for (flaw, faults) in cases {
        fails(&format!("{flaw:?}"), run(writers(2, 1, None), flawed_reader(flaw), faults, Reads::AtOnce));
    }
}
