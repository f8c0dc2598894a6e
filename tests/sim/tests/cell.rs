//! `Cell` under every interleaving.

use dering_sim::cell::{
    CellAudit, EditFlaw, Flaw, Note, ReadFlaw, editor, flawed_editor, flawed_reader, flawed_writer, hinting_writer,
    reader, writer,
};
use dering_sim::{Body, Crew, Faults, Outcome, Reads, Setup, explore, fails, holds};

const CALM: Faults = Faults { crashes: 0, lost: 0, late: 0, partial: 0, jumps: 0 };
const CRASH: Faults = Faults { crashes: 1, ..CALM };
const LOST: Faults = Faults { lost: 1, ..CALM };
const LATE: Faults = Faults { late: 1, ..CALM };
const PARTIAL: Faults = Faults { partial: 1, ..CALM };

type Crews = Vec<Crew<Note>>;
fn run(writers: Crews, watched: Crews, faults: Faults, reads: Reads) -> Outcome {
    let audit = CellAudit::new(writers.iter().map(|crew| crew.tasks).sum());
    explore(Setup { crews: writers.into_iter().chain(watched).collect(), audit, faults, reads })
}

const EACH: [(&str, Faults); 5] =
    [("calm", CALM), ("crash", CRASH), ("lost reply", LOST), ("late write", LATE), ("partial batch", PARTIAL)];
const ONE_OF_EACH: Faults = Faults { crashes: 1, lost: 1, late: 1, partial: 1, jumps: 0 };

fn writers(tasks: usize, rounds: u8) -> Crews {
    vec![Crew::new(tasks, rounds, writer())]
}

fn one(body: Body<Note>) -> Crews {
    vec![Crew::new(1, 1, body)]
}

#[test]
fn three_writers_of_two_rounds() {
    for (name, faults) in EACH {
        holds(&format!("3 writers x 2, {name}"), run(writers(3, 2), vec![], faults, Reads::AtOnce));
    }
}

#[test]
fn four_writers() {
    for reads in [Reads::AtOnce, Reads::AnyOrder] {
        for (name, faults) in EACH {
            holds(&format!("4 writers, {name}, {reads:?}"), run(writers(4, 1), vec![], faults, reads));
        }
    }
}

#[test]
fn a_read_of_many_keys_is_no_snapshot() {
    for (name, faults) in EACH {
        holds(&format!("2 writers x 2, any order, {name}"), run(writers(2, 2), vec![], faults, Reads::AnyOrder));
    }
}

#[test]
fn many_faults_at_once() {
    holds("3 writers", run(writers(3, 1), vec![], ONE_OF_EACH, Reads::AnyOrder));
    holds("2 writers x 2", run(writers(2, 2), vec![], ONE_OF_EACH, Reads::AnyOrder));
}

#[test]
fn a_reader_finds_what_was_committed_before() {
    for (name, faults) in EACH {
        for reads in [Reads::AtOnce, Reads::OneByOne] {
            let outcome = run(writers(3, 1), one(reader()), faults, reads);
            holds(&format!("3 writers, a reader, {name}, {reads:?}"), outcome);
        }
    }
    holds("3 writers, a reader, backwards", run(writers(3, 1), one(reader()), CALM, Reads::Backwards));
    holds("2 writers x 2, a reader", run(writers(2, 2), one(reader()), CALM, Reads::AtOnce));
}

fn three_editors() -> Crews {
    vec![Crew::new(1, 1, editor(101, 2, 2)), Crew::new(1, 1, editor(102, 1, 1)), Crew::new(1, 1, editor(103, 1, 1))]
}

#[test]
fn an_acknowledged_edit_stays_in() {
    for (name, faults) in EACH {
        let outcome = run(vec![], three_editors(), faults, Reads::AtOnce);
        holds(&format!("3 editors, {name}"), outcome);
    }
}

#[test]
fn the_protocol_spelt_out_passes_as_well() {
    holds("no flaw", run(vec![Crew::new(3, 2, flawed_writer(Flaw::None))], vec![], CALM, Reads::AtOnce));
    holds(
        "no flaw, faults",
        run(vec![Crew::new(3, 1, flawed_writer(Flaw::None))], vec![], ONE_OF_EACH, Reads::AnyOrder),
    );
}

#[test]
fn flawed_writers_are_found_out() {
    let cases = [
        (Flaw::NoFinalCheck, 2, CALM, Reads::AtOnce),
        (Flaw::EffectsBeforeCheck, 2, CALM, Reads::AtOnce),
        (Flaw::BaseBeforeBallot, 2, CALM, Reads::AtOnce),
        (Flaw::OnlyPrevious, 3, CRASH, Reads::AtOnce),
        (Flaw::ErrorMeansCommitted, 2, LOST, Reads::AtOnce),
        (Flaw::SlotErrorIgnored, 2, LATE, Reads::AtOnce),
        (Flaw::CleanUpBeforeCheck, 3, CALM, Reads::AnyOrder),
    ];
    for (flaw, tasks, faults, reads) in cases {
        fails(&format!("{flaw:?}"), run(vec![Crew::new(tasks, 1, flawed_writer(flaw))], vec![], faults, reads));
    }
}

#[test]
fn flawed_readers_are_found_out() {
    let read = |flaw, faults, reads| run(writers(3, 1), one(flawed_reader(flaw)), faults, reads);
    fails("one look", read(ReadFlaw::OneLook, CALM, Reads::AtOnce));
    fails("no second look", read(ReadFlaw::NoSecondLook, CALM, Reads::OneByOne));
    let hinting = vec![Crew::new(4, 1, hinting_writer())];
    fails("windows from a hint", run(hinting, one(flawed_reader(ReadFlaw::Hint)), LATE, Reads::AtOnce));
}

#[test]
fn flawed_editors_are_found_out() {
    let kept = vec![
        Crew::new(1, 1, flawed_editor(101, EditFlaw::KeepUnconfirmed)),
        Crew::new(1, 1, editor(102, 1, 1)),
        Crew::new(1, 1, editor(103, 1, 1)),
    ];
    fails("kept without commit", run(vec![], kept, CALM, Reads::AtOnce));
    let blind = vec![Crew::new(1, 1, flawed_editor(101, EditFlaw::Blind)), Crew::new(1, 1, editor(102, 1, 1))];
    fails("added without looking", run(vec![], blind, CALM, Reads::AtOnce));
}
