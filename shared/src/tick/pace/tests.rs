use super::gcra::{HORIZON_MS, SHIFT_MAX_MS};
use super::*;
use crate::attempt::Refusal;
use crate::provider::Placing;
use crate::store::encode;
use serde_json::json;

const NOW: i64 = 1_800_000_000_000;
const ID: &str = "+622150000001";

fn campaign(id: &str, rate: serde_json::Value) -> Campaign {
    let json = json!({ "name": id, "matter": "not_filed", "caller_ids": [ID, "+622150000002"], "rate": rate });
    let (_, settings) = Campaign::parse(json).unwrap();
    Campaign { id: id.into(), state: State::Running, version: 1, settings }
}

fn tick(now_ms: i64, ballot: u64) -> Tick {
    let accounts = BTreeMap::from([(Provider::Twilio, Default::default())]);
    Tick { shard: 0, shards: 1, ballot, now_ms, alive: Alive::default(), accounts }
}

fn order(caller_id: &str) -> Ordered<'_> {
    Ordered { provider: Provider::Twilio, caller_id, campaign: "c", fingerprint: 7 }
}

fn refusal(refusal: Refusal, retry_after_s: Option<u32>) -> Placing {
    Placing::Refused { refusal, code: "1".into(), retry_after_s }
}

#[test]
fn what_each_answer_means_to_the_provider_and_the_caller_id() {
    use Refusal::*;
    let placed = Placing::Placed { provider_call: "CA1".into() };
    // Answer; taken, failed, rest; whether the same number, and another, may still be shown.
    for (answer, expected) in [
        (placed, (1, 0, None, true, true)),
        (Placing::Unclear, (0, 1, None, true, true)),
        (refusal(InvalidNumber, None), (1, 0, None, true, true)),
        (refusal(Blocked, None), (1, 0, None, true, true)),
        (refusal(Configuration, None), (0, 1, None, true, true)),
        (refusal(Unreachable, None), (0, 1, None, true, true)),
        (refusal(CallerId, None), (1, 0, None, false, true)),
        (refusal(Busy, Some(7)), (0, 0, Some(NOW + 7_000), false, false)),
        (refusal(Busy, Some(u32::MAX)), (0, 0, Some(NOW + RETRY_AFTER_MAX_MS), false, false)),
        (refusal(Busy, None), (0, 0, Some(NOW + REST_MS), false, false)),
        (refusal(Configuration, Some(5)), (0, 1, Some(NOW + 5_000), false, false)),
    ] {
        let mut guard = Guard::default();
        guard.heard(&order(ID), NOW, &answer);
        let (same, other) = (guard.lets_out(&order(ID), NOW).is_ok(), guard.lets_out(&order("+62215"), NOW).is_ok());
        let heard = guard.finish().unwrap().providers[&Provider::Twilio];
        assert_eq!((heard.taken, heard.failed, heard.rest_until_ms, same, other), expected, "{answer:?}");
    }
    assert_eq!(Guard::default().finish(), None);
}

#[test]
fn the_state_stays_small_whatever_happens() {
    let mut pace = Pace::default();
    let campaigns: Vec<Campaign> =
        (0..20).map(|n| campaign(&format!("c{n}"), json!({ "per_caller_id": { "calls_per_second": 1 } }))).collect();
    let shelf = Shelf { campaigns, ..Shelf::default() };
    for ballot in 0..3_000u64 {
        let now = NOW + ballot as i64 * 500;
        pace.look_round(&shelf, now);
        let mut tick = tick(now, ballot);
        let _ = tick.claim(&mut pace, &shelf.campaigns[ballot as usize % 20], "+628110000001", &[], 0);
        pace.unread.push((ballot, now + ANSWERS_MS));
        let surplus = pace.unread.len().saturating_sub(UNREAD_MAX);
        pace.unread.drain(..surplus);
        let number = format!("+62215{ballot:07}");
        let mut guard = pace.guard();
        guard.heard(&Ordered { campaign: "c1", ..order(&number) }, now, &refusal(Refusal::CallerId, None));
        pace.learn(ballot, guard.finish().as_ref(), now);
    }
    assert!(pace.out.len() <= OUT_MAX && pace.caller_ids.len() <= 2 && pace.campaigns.len() == 20);
    pace.look_round(&shelf, NOW + 3_000 * 500);
    // Their list is not the one they were refused under.
    assert_eq!(pace.out.len(), 0);
    assert!(encode(1, &pace).len() < 2_000, "{}", encode(1, &pace).len());
    pace.look_round(&Shelf::default(), NOW);
    assert!(pace.campaigns.is_empty());
}

#[test]
fn room_is_what_claims_can_use() {
    for (rate, limits, expected) in [
        (json!({ "calls_per_second": 7, "concurrent": 100 }), (None, None), (14, RATE)),
        (json!({ "calls_per_second": 7, "concurrent": 5 }), (None, None), (5, CONCURRENT)),
        (json!({ "calls_per_second": 7, "concurrent": 100 }), (Some(1.5), None), (3, RATE)),
        (json!({ "calls_per_second": 7, "concurrent": 100 }), (Some(1.5), Some(2)), (2, CONCURRENT)),
        (
            json!({ "calls_per_second": 7, "concurrent": 100, "per_caller_id": { "concurrent": 3 } }),
            (None, None),
            (6, CONCURRENT),
        ),
        (
            json!({ "calls_per_second": 7, "concurrent": 100, "per_caller_id": { "calls_per_second": 0.5 } }),
            (None, None),
            (2, RATE),
        ),
        (json!({ "calls_per_second": 10, "concurrent": 100, "ramp_up": "20s" }), (None, None), (4, RATE)),
    ] {
        let mut pace = Pace::default();
        let shelf = Shelf { campaigns: vec![campaign("c", rate.clone())], ..Shelf::default() };
        pace.look_round(&shelf, NOW);
        let mut tick = tick(NOW, 1);
        let (calls_per_second, concurrent) = limits;
        tick.accounts.insert(Provider::Twilio, crate::campaign::Limits { calls_per_second, concurrent });
        let campaign = &shelf.campaigns[0];
        assert_eq!(tick.room(&pace, campaign), expected, "{rate}");
        let mut claimed = 0;
        let why = loop {
            match tick.claim(&mut pace, campaign, "+628110000001", &[], claimed as u16) {
                Ok(turn) => assert!((NOW..NOW + HORIZON_MS).contains(&turn.dial_at_ms)),
                Err(why) => break why,
            }
            claimed += 1;
        };
        // A ramp is judged by the end of the horizon, and is lower until then.
        let fewer = usize::from(campaign.settings.rate.ramp_up.is_some());
        assert!((expected.0 - fewer * 2..=expected.0).contains(&claimed), "{claimed}: {rate}");
        assert_eq!(why, expected.1, "{rate}");
    }
}

#[test]
fn orders_put_off_keep_their_distances_and_the_next_tick_comes_after_them() {
    let rate = json!({ "calls_per_second": 10, "concurrent": 100, "per_caller_id": { "calls_per_second": 6 } });
    let shelf = Shelf { campaigns: vec![campaign("c", rate)], ..Shelf::default() };
    for (ready_ms, shift) in [(NOW - 5, 0), (NOW + 700, 700), (NOW + 60_000, SHIFT_MAX_MS)] {
        let mut pace = Pace::default();
        pace.look_round(&shelf, NOW);
        let mut first = tick(NOW, 1);
        let turns: Vec<Turn> =
            (0..20).filter_map(|n| first.claim(&mut pace, &shelf.campaigns[0], "+628110000001", &[], n).ok()).collect();
        assert_eq!(turns.len(), 20);
        let given: Vec<Given<'_>> = turns
            .iter()
            .map(|Turn { provider, caller_id, dial_at_ms }| Given {
                campaign: "c",
                provider: *provider,
                caller_id,
                dial_at_ms: *dial_at_ms,
            })
            .collect();
        assert_eq!(first.settle(&mut pace, &given, ready_ms), shift);
        let last_ms = turns.iter().map(|t| t.dial_at_ms).max().unwrap() + shift;
        let mut second = tick(NOW + 1_000 + shift, 2);
        let next = second.claim(&mut pace, &shelf.campaigns[0], "+628110000001", &[], 0).unwrap();
        assert_eq!(next.dial_at_ms, last_ms + 100);
    }
}

/// Found by a story of two hosts whose clocks differ: the one ahead forgot a number's last turn, and the one behind gave the
/// next one too early, each time anew.
#[test]
fn a_host_ahead_does_not_forget_what_holds_back_one_behind() {
    let rate = json!({ "calls_per_second": 10, "concurrent": 100, "per_caller_id": { "calls_per_second": 0.2 } });
    let shelf = Shelf { campaigns: vec![campaign("c", rate.clone()), campaign("d", rate)], ..Shelf::default() };
    let mut pace = Pace::default();
    pace.look_round(&shelf, NOW);
    let mut turns: Vec<(String, i64)> = Vec::new();
    // Every five seconds there is one to call for each campaign.
    for ballot in (2..400).filter(|ballot| ballot / 2 % 5 == 0) {
        // Half a second between ticks, by turns on a host four seconds ahead.
        let ahead = ballot % 2 == 0;
        let now_ms = NOW + 500 * ballot + if ahead { 4_000 } else { 0 };
        let campaign = &shelf.campaigns[usize::from(ahead)];
        let mut tick = tick(now_ms, ballot as u64);
        let given: Vec<Turn> = tick.claim(&mut pace, campaign, "+628110000001", &[], 0).ok().into_iter().collect();
        turns.extend(given.iter().map(|t| (t.caller_id.clone(), t.dial_at_ms)));
        let given: Vec<Given<'_>> = given
            .iter()
            .map(|Turn { provider, caller_id, dial_at_ms }| Given {
                campaign: &campaign.id,
                provider: *provider,
                caller_id,
                dial_at_ms: *dial_at_ms,
            })
            .collect();
        tick.settle(&mut pace, &given, now_ms);
    }
    for number in [ID, "+622150000002"] {
        let of: Vec<i64> = turns.iter().filter(|(n, _)| n == number).map(|(_, at)| *at).collect();
        assert!(of.len() > 15 && of.windows(2).all(|pair| pair[1] - pair[0] >= 5_000), "{number}: {of:?}");
    }
}
