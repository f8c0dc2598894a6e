//! Handing out: a request for claims, and how many a dialler gets.

use super::Card;
use super::desk::{Desk, agent, failed, invalid};
use super::lease::{self, RELEASED, REPORTED, REVOKED};
use super::record::{Answered, Board, Handed, OpenBlock, Requests};
use crate::attempt::CallId;
use crate::campaign::{self, Campaign, Mode, State};
use crate::flow::Line;
use crate::problem::Problem;
use crate::store::{Store, keys};
use crate::tick::pace::abandonment::{self, Share};
use crate::tick::{CALLBACKS_MS, PREVIEW_MS, unreported_ms};
use serde::{Deserialize, Serialize};

/// Claims a request at most.
pub const SLOTS_MAX: u16 = 100;
/// Blocks tried for one request: each costs a durable commit.
const TRIES_MAX: usize = 4;
/// Ids are taken so long: an hour less than what they name is kept.
const IDS_MS: i64 = CALLBACKS_MS - 3_600_000;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person with a screen.
    #[default]
    Agent,
    /// A machine that bridges answered calls to agents: it is told the number and nothing of the person.
    Dialler,
}

/// A request for claims.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    pub agent: String,
    pub campaign: String,
    #[serde(default)]
    pub kind: Kind,
    /// Claims wanted: the free lines.
    #[serde(default = "one")]
    pub slots: u16,
    /// Of a dialler: how many agents are at hand, free or in one of its calls of this campaign.
    #[serde(default)]
    pub agents: u16,
}

fn one() -> u16 {
    1
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandedOut {
    pub claims: Vec<Card>,
    /// Why a dialler got fewer than it wanted, though there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<&'static str>,
    /// Asking again sooner is of no use.
    pub next_poll_s: u8,
}

/// Shard, ballot, number.
type Name = (u16, u64, u16);

impl<S: Store> Desk<'_, S> {
    /// Hands out claims. `request` is the request's `Idempotency-Key`: the same again is answered with the same claims.
    ///
    /// Two durable commits. Should two requests with one key run at the same moment, each may be handed claims of its
    /// own; what is not started goes back when its lease ends.
    pub async fn claim(&self, ask: &Ask, request: &str) -> Result<HandedOut, Problem> {
        agent(&ask.agent)?;
        if !(1..=SLOTS_MAX).contains(&ask.slots) {
            return Err(invalid("/slots", format!("1 to {SLOTS_MAX}")));
        }
        if request.is_empty() || request.len() > 200 {
            return Err(invalid("", "the header Idempotency-Key must have 1 to 200 characters"));
        }
        let shelf = self.campaigns.read(self.store).await?;
        let campaign = shelf.get(&ask.campaign).ok_or_else(|| campaign::unknown(&ask.campaign))?;
        if campaign.settings.mode != Mode::Assisted {
            return Err(Problem::new(
                409,
                "not_assisted",
                "The campaign is not for agents",
                format!("the mode of campaign \"{}\" is automated", ask.campaign),
                "Claim calls of a campaign whose mode is assisted.",
            ));
        }
        let remembered = keys::request(&self.vault.hash(b"agent", ask.agent.as_bytes()));
        let request = self.vault.hash(b"request", format!("{}|{request}", ask.campaign).as_bytes());
        let bytes = self.store.get(&remembered).await.map_err(failed)?;
        let mut requests = bytes.map_or_else(Requests::default, |bytes| Requests::decode(&bytes));
        let mut held = None;
        let claims = match requests.of(&request) {
            Some(answered) => answered.claims.clone(),
            None if campaign.state != State::Running => Vec::new(),
            None => {
                let boards = self.boards(campaign).await?;
                let slots = match ask.kind {
                    Kind::Agent => ask.slots,
                    Kind::Dialler => self.slots(ask, campaign, &boards, &mut requests).await?,
                };
                held = (slots < ask.slots).then_some(abandonment::HELD);
                let claims = self.take(boards, slots).await?;
                if !claims.is_empty() {
                    if ask.kind == Kind::Dialler {
                        let (campaign, at_ms) = (&campaign.id, self.now_ms);
                        let handed =
                            claims.iter().map(|claim| Handed { campaign: campaign.clone(), claim: *claim, at_ms });
                        requests.handed.extend(handed);
                    }
                    requests.push(Answered { request, claims: claims.clone() });
                    self.store.set(&remembered, &requests.encode()).await.map_err(failed)?;
                }
                claims
            }
        };
        let claims = self.cards(&claims, ask).await?;
        // Nothing to do: the next ticks may change that.
        let next_poll_s = if claims.is_empty() { 5 } else { 1 };
        Ok(HandedOut { claims, held, next_poll_s })
    }

    async fn boards(&self, campaign: &Campaign) -> Result<Vec<Board>, Problem> {
        let boards: Vec<String> = (0..self.shards).map(|shard| keys::board(shard, &campaign.id)).collect();
        let boards = self.store.get_all(&boards).await.map_err(failed)?;
        let boards = boards.iter().flatten().filter_map(|bytes| Board::decode(bytes));
        Ok(boards.filter(|board| board.identity == self.vault.id()).collect())
    }

    /// How many claims a dialler gets. Forgets those that it holds no more.
    async fn slots(
        &self,
        ask: &Ask,
        campaign: &Campaign,
        boards: &[Board],
        requests: &mut Requests,
    ) -> Result<u16, Problem> {
        let share = boards.iter().fold(Share::default(), |sum, board| sum.and(board.share));
        let spare = share.spare(campaign.settings.rate.abandonment_percent);
        // Later the tick has closed them all.
        let longest_ms = PREVIEW_MS.saturating_add(unreported_ms(&campaign.settings));
        let kept_ms = |h: &Handed| if h.campaign == campaign.id { longest_ms } else { CALLBACKS_MS };
        requests.handed.retain(|h| h.at_ms.saturating_add(kept_ms(h)) > self.now_ms);
        let kinds = [RELEASED, REVOKED, REPORTED];
        let key = |h: &Handed| kinds.map(|kind| keys::event(h.claim.0, h.claim.1, h.claim.2, kind));
        let asked: Vec<String> = requests.handed.iter().flat_map(key).collect();
        let found = match asked.is_empty() {
            true => Vec::new(),
            false => self.store.get_all(&asked).await.map_err(failed)?,
        };
        let mut over = found.chunks(kinds.len()).map(|marks| marks.iter().any(Option::is_some));
        requests.handed.retain(|_| !over.next().unwrap_or(false));
        let held = requests.handed.iter().filter(|h| h.campaign == campaign.id).count();
        Ok(abandonment::more(ask.slots, held, ask.agents, spare))
    }

    async fn take(&self, boards: Vec<Board>, slots: u16) -> Result<Vec<Name>, Problem> {
        let mut taken = Vec::new();
        let mut tries = 0;
        for OpenBlock { block, until_ms } in boards.into_iter().flat_map(|board| board.blocks) {
            let want = usize::from(slots).saturating_sub(taken.len());
            if want == 0 || tries == TRIES_MAX {
                break;
            }
            // Wholly handed out since the tick: no commit for that.
            if until_ms <= self.now_ms || lease::handed_out(self.store, &block).await.map_err(failed)? >= block.count {
                continue;
            }
            tries += 1;
            let numbers = lease::take(self.store, &block, want as u16).await.map_err(failed)?;
            taken.extend(numbers.map(|index| (block.shard, block.ballot, index)));
        }
        Ok(taken)
    }

    async fn cards(&self, claims: &[Name], ask: &Ask) -> Result<Vec<Card>, Problem> {
        let mut cards = Vec::new();
        for (shard, ballot, index) in claims.iter().copied() {
            let id = CallId { shard, ballot, index, valid_until_s: 0 };
            // What cannot be read is not handed out; it goes back when its lease ends.
            let Ok(line) = Line::of(self.store, self.vault, self.campaigns, &id).await? else { continue };
            let valid_until_s = line.claim.dial_at_ms.saturating_add(IDS_MS) / 1000;
            let id = CallId { valid_until_s: u32::try_from(valid_until_s).unwrap_or(u32::MAX), ..id };
            let topics = line.topics(self.store).await?;
            cards.push(Card::of(id.seal_for(self.vault, &ask.agent), ask.kind, &line, &topics, self.now_ms));
        }
        Ok(cards)
    }
}
