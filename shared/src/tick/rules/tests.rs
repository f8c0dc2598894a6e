use super::*;
use crate::attempt::Past;
use crate::campaign::Campaign;
use crate::contact::{Duty, Matter};
use crate::hours::{Calendar, Holidays, LegalHours};
use crate::tick::state::{ContactRef, Rank};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn contact(phones: usize, due_date: &str) -> Contact {
    Contact {
        taxpayer_id: "0079001012541000".into(),
        name: String::new(),
        phones: (0..phones).map(|i| format!("+62812000000{i}")).collect(),
        duty: Duty {
            row: 2,
            matter: Matter::NotFiled,
            tax_type: String::new(),
            tax_code: String::new(),
            tax_period: String::new(),
            amount: None,
            due_date: due_date.parse().unwrap(),
            office: String::new(),
            billing_code: String::new(),
            note: String::new(),
            extra: Default::default(),
        },
        others: Vec::new(),
        priority: 2,
        language: None,
        time_zone: Some("Asia/Jakarta".into()),
    }
}

fn retry(due_date: Date) -> Retry {
    Retry {
        contact: ContactRef { list: "l-1".into(), group: 0, page: 0, index: 0 },
        attempts: 0,
        phone: 0,
        not_before_ms: 0,
        rank: Rank { callback: false, priority: 2, due_date },
        past: Past::default(),
        unknown: None,
        refused_by: Vec::new(),
        looked: 0,
    }
}

/// Three attempts, one a day and two a week; persons two a day and three a week; Tuesday to Saturday, 08:00 to 17:00.
fn settings() -> Settings {
    let (_, settings) = Campaign::parse(json!({
        "name": "c", "matter": "not_filed", "holidays": ["2027-03-04"],
        "callable_hours": { "tue-sat": ["08:00-17:00"] },
        "attempts": { "max": 3, "per_day": 1, "per_week": 2 },
        "person_limits": { "per_day": 2, "per_week": 3 },
    }))
    .unwrap();
    settings
}

/// Every combination of rules that hold, against the order that the documentation gives them.
#[test]
fn every_combination_of_rules_gives_the_documented_verdict() {
    use Rule::*;
    let settings = settings();
    let calendar = Calendar::new(&settings, &LegalHours::unlimited(), &Holidays::default());
    // Wednesday, 3 March 2027, 10:00 and 18:00 in Jakarta. Thursday is a day without calls.
    let (inside, outside) = (ms("2027-03-03T03:00:00Z"), ms("2027-03-03T11:00:00Z"));
    let friday = ms("2027-03-05T01:00:00Z");
    let rules = [
        Overtaken,
        Withdrawn,
        Expired,
        Settled,
        Deceased,
        DoNotCall,
        WrongNumber,
        AttemptsCampaign,
        HeldOut,
        Unconfirmed,
        InCall,
        NotYetDue,
        AttemptsDay,
        AttemptsWeek,
        PersonDay,
        PersonWeek,
        OutsideHours,
    ];
    let mut seen = 0;
    for bits in 0_u32..1 << rules.len() {
        let has = |rule: Rule| rules.iter().position(|r| *r == rule).is_some_and(|i| bits & (1 << i) != 0);
        // Two entries cannot be shown for one person, and who was tried thrice is neither held out nor waits for a word.
        let tried = has(AttemptsCampaign);
        if has(Deceased) && has(DoNotCall) || tried && (has(HeldOut) || has(Unconfirmed)) {
            continue;
        }
        seen += 1;
        let now_ms = if has(OutsideHours) { outside } else { inside };
        let contact = contact(1, if has(Expired) { "2027-03-02" } else { "2027-03-31" });
        let mut retry = retry(contact.duty.due_date);
        retry.attempts = if has(AttemptsCampaign) { 3 } else { 0 };
        retry.not_before_ms = if has(NotYetDue) { now_ms + 5 * DAY_MS } else { now_ms };
        if has(AttemptsWeek) {
            retry.past.dials.extend([now_ms - 6 * DAY_MS, now_ms - 5 * DAY_MS]);
        }
        if has(AttemptsDay) {
            retry.past.dials.push(now_ms - HOUR_MS);
        }
        let mut dials: [Vec<i64>; 2] = [vec![], vec![now_ms - 8 * DAY_MS]];
        if has(PersonWeek) {
            dials[1].extend([4, 3, 2].map(|n| now_ms - n * DAY_MS));
        }
        if has(PersonDay) {
            dials[0].extend([2, 1].map(|n| now_ms - n * HOUR_MS));
        }
        let suppressed = match (has(Deceased), has(DoNotCall)) {
            (true, _) => Some(Reason::Deceased),
            (_, true) => Some(Reason::AskedInCall),
            _ => None,
        };
        let facts = Facts {
            now_ms,
            local: Local { settings: &settings, calendar: &calendar, zone: contact.time_zone.as_deref() },
            contact: &contact,
            retry: &retry,
            overtaken: has(Overtaken).then_some(End::Reached),
            withdrawn: has(Withdrawn),
            unconfirmed: has(Unconfirmed),
            settled: has(Settled),
            last_due: contact.last_due(),
            suppressed,
            wrong_number: has(WrongNumber),
            held_out: has(HeldOut),
            in_call: has(InCall),
            person_dials: &dials,
            person_limits: settings.person_limits.unwrap(),
        };
        let ends = [
            (Overtaken, End::Reached),
            (Withdrawn, End::Withdrawn),
            (Expired, End::Expired),
            (Settled, End::Settled),
            (Deceased, End::Suppressed),
            (DoNotCall, End::Suppressed),
            (WrongNumber, End::WrongNumber),
            (AttemptsCampaign, End::Exhausted),
            (HeldOut, End::HeldOut),
        ];
        let waits = [
            // A week after the first that still counts: with the attempt of today the older one counts no more.
            (AttemptsWeek, now_ms + if has(AttemptsDay) { 2 * DAY_MS } else { DAY_MS }),
            (PersonWeek, now_ms + 3 * DAY_MS),
            (NotYetDue, now_ms + 5 * DAY_MS),
            (Unconfirmed, now_ms + 60_000),
            (InCall, now_ms + 60_000),
            (AttemptsDay, friday),
            (PersonDay, friday),
            (OutsideHours, friday),
        ];
        let expected = match ends.iter().find(|(rule, _)| has(*rule)) {
            Some((_, end)) => Verdict::Close(*end),
            None => match waits.iter().filter(|(rule, _)| has(*rule)).map(|(_, at)| *at).max() {
                None => Verdict::Call,
                Some(at) => Verdict::Later(facts.local.next_callable(at).unwrap(), None),
            },
        };
        let held: Vec<&str> = rules.into_iter().filter(|r| has(*r)).map(Rule::as_str).collect();
        let verdict = match judge(&facts) {
            Verdict::Later(at_ms, reason) => {
                assert!(reason.is_some_and(|reason| held.contains(&reason)), "{reason:?} of {held:?}");
                Verdict::Later(at_ms, None)
            }
            verdict => verdict,
        };
        assert_eq!(verdict, expected, "{held:?}");
        let explained = explain(&facts);
        let told: Vec<&str> = explained.iter().filter(|h| h.holds).map(|h| h.rule).collect();
        assert_eq!(told, held);
        assert_eq!(explained.len(), RULES.len());
        assert!(explained.iter().all(|h| h.holds || h.until.is_none()));
    }
    assert_eq!(seen, (1 << 17) * 3 / 4 * 5 / 8);
}

#[test]
fn a_day_without_calls_is_told_from_hours() {
    let settings = settings();
    let calendar = Calendar::new(&settings, &LegalHours::unlimited(), &Holidays::default());
    let contact = contact(1, "2027-03-31");
    let retry = retry(contact.duty.due_date);
    let held = |at: &str| {
        let facts = Facts {
            now_ms: ms(at),
            local: Local { settings: &settings, calendar: &calendar, zone: contact.time_zone.as_deref() },
            contact: &contact,
            retry: &retry,
            overtaken: None,
            withdrawn: false,
            unconfirmed: false,
            settled: false,
            last_due: contact.last_due(),
            suppressed: None,
            wrong_number: false,
            held_out: false,
            in_call: false,
            person_dials: &[vec![], vec![]],
            person_limits: PersonLimits::default(),
        };
        let held: Vec<Held> = explain(&facts).into_iter().filter(|h| h.holds).collect();
        held.into_iter().map(|h| (h.rule, h.until.unwrap().to_string())).collect::<Vec<_>>()
    };
    assert_eq!(held("2027-03-04T03:00:00Z"), [("blackout", "2027-03-05T01:00:00Z".to_owned())]);
    assert_eq!(held("2027-03-08T03:00:00Z"), [("outside_hours", "2027-03-09T01:00:00Z".to_owned())]);
    assert_eq!(held("2027-03-05T03:00:00Z"), []);
}

#[test]
fn a_wrong_number_gives_way_to_the_next_usable_one() {
    let settings = settings();
    let calendar = Calendar::new(&settings, &LegalHours::unlimited(), &Holidays::default());
    let contact = contact(3, "2027-03-31");
    let verdict = |phone: u8, spoilt: &[u8], wrong_number: bool| {
        let mut retry = retry(contact.duty.due_date);
        retry.phone = phone;
        spoilt.iter().for_each(|n| retry.past.spoil(*n));
        judge(&Facts {
            now_ms: ms("2027-03-03T03:00:00Z"),
            local: Local { settings: &settings, calendar: &calendar, zone: contact.time_zone.as_deref() },
            contact: &contact,
            retry: &retry,
            overtaken: None,
            withdrawn: false,
            unconfirmed: false,
            settled: false,
            last_due: contact.last_due(),
            suppressed: None,
            wrong_number,
            held_out: false,
            in_call: false,
            person_dials: &[vec![], vec![]],
            person_limits: PersonLimits::default(),
        })
    };
    assert_eq!(verdict(1, &[0], false), Verdict::Call);
    assert_eq!(verdict(0, &[], true), Verdict::OtherNumber(1));
    assert_eq!(verdict(2, &[], true), Verdict::OtherNumber(0));
    assert_eq!(verdict(1, &[2], true), Verdict::OtherNumber(0));
    assert_eq!(verdict(1, &[0, 2], true), Verdict::Close(End::WrongNumber));
    // A place of which there is no number.
    assert_eq!(verdict(9, &[0], false), Verdict::OtherNumber(1));
    assert_eq!(verdict(9, &[0, 1, 2], false), Verdict::Close(End::WrongNumber));
}
