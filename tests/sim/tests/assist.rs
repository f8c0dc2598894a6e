//! Agents and ticks around one claim, under every interleaving.

use dering_sim::assist::{AssistAudit, Flaw, Note, agent, handed_out, offered, owner, tick};
use dering_sim::world::World;
use dering_sim::{Crew, Faults, Outcome, Reads, Setup, explore_from, fails, holds};

const CALM: Faults = Faults { crashes: 0, lost: 0, late: 0, partial: 0, jumps: 0 };
const EACH: [(&str, Faults); 5] = [
    ("calm", CALM),
    ("crash", Faults { crashes: 1, ..CALM }),
    ("lost reply", Faults { lost: 1, ..CALM }),
    ("late write", Faults { late: 1, ..CALM }),
    ("partial batch", Faults { partial: 1, ..CALM }),
];
const ONE_OF_EACH: Faults = Faults { crashes: 1, lost: 1, late: 1, partial: 1, jumps: 0 };

fn run(world: World, crews: Vec<Crew<Note>>, faults: Faults, reads: Reads) -> Outcome {
    explore_from(world, Setup { crews, audit: AssistAudit::default(), faults, reads })
}

fn agents(tries: u8, flaw: Flaw) -> Vec<Crew<Note>> {
    (1..=2).map(|name| Crew::new(1, 1, agent(name, tries, flaw))).collect()
}

fn with_ticks(mut crews: Vec<Crew<Note>>, tasks: usize, rounds: u8, flaw: Flaw) -> Vec<Crew<Note>> {
    crews.push(Crew::new(tasks, rounds, tick(flaw)));
    crews
}

#[test]
fn two_agents_and_a_tick() {
    for (name, faults) in EACH {
        for reads in [Reads::AtOnce, Reads::AnyOrder] {
            let crews = with_ticks(agents(2, Flaw::None), 1, 2, Flaw::None);
            holds(&format!("2 agents, a tick x 2, {name}, {reads:?}"), run(offered(), crews, faults, reads));
        }
    }
}

#[test]
fn two_agents_and_two_ticks() {
    for (name, faults) in EACH {
        let crews = with_ticks(agents(2, Flaw::None), 2, 1, Flaw::None);
        holds(&format!("2 agents, 2 ticks, {name}"), run(offered(), crews, faults, Reads::AtOnce));
    }
}

#[test]
fn an_agent_that_repeats_itself_and_two_ticks() {
    for (name, faults) in EACH {
        let crews = with_ticks(vec![Crew::new(2, 1, owner(1, 2))], 2, 1, Flaw::None);
        holds(&format!("an owner twice, 2 ticks, {name}"), run(handed_out(), crews, faults, Reads::AtOnce));
    }
}

#[test]
fn many_faults_at_once() {
    let crews = with_ticks(agents(2, Flaw::None), 1, 2, Flaw::None);
    holds("2 agents, a tick x 2", run(offered(), crews, ONE_OF_EACH, Reads::AtOnce));
    let crews = with_ticks(vec![Crew::new(2, 1, owner(1, 1))], 2, 1, Flaw::None);
    holds("an owner twice, 2 ticks", run(handed_out(), crews, ONE_OF_EACH, Reads::AtOnce));
}

#[test]
fn flawed_agents_are_found_out() {
    let cases = [
        (Flaw::StartLooksFirst, CALM),
        (Flaw::StartErrorIgnored, Faults { late: 1, ..CALM }),
        (Flaw::TakeLooksFirst, CALM),
    ];
    for (flaw, faults) in cases {
        let crews = with_ticks(agents(1, flaw), 1, 2, Flaw::None);
        fails(&format!("{flaw:?}"), run(offered(), crews, faults, Reads::AtOnce));
    }
}

#[test]
fn flawed_ticks_are_found_out() {
    let cases = [
        (Flaw::RevokeLooksFirst, CALM),
        (Flaw::RevokeErrorIgnored, Faults { late: 1, ..CALM }),
        (Flaw::BackBeforeCommit, CALM),
    ];
    for (flaw, faults) in cases {
        let crews = with_ticks(agents(1, Flaw::None), 2, 1, flaw);
        fails(&format!("{flaw:?}"), run(offered(), crews, faults, Reads::AtOnce));
    }
}
