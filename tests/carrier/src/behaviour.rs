//! The people who are called. What a person does is a pure function of the seed, the number and how often the number
//! was called before, so a test can foretell a whole campaign whatever the timing.

use std::time::Duration;

use sha1::{Digest as _, Sha1};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Behaviour {
    /// It rings out.
    NoAnswer,
    /// Engaged.
    Busy,
    /// No such number (SIP 404). A property of the number: every call to it ends so.
    Invalid,
    /// The network fails (SIP 503).
    NetworkFailure,
    /// A machine answers, greets, records about 20 s and ends the call.
    Voicemail,
    /// Picks up and hangs up at once.
    HangsUp,
    /// Listens, and never presses a key.
    Silent,
    /// Says it is not the person sought (2), and that the number is not theirs (1).
    WrongNumber,
    /// Says it is not the person sought (2), but that the person can be reached there at another time (2).
    ThirdParty,
    /// The right person (1), who promises (1).
    Promise,
    /// The right person (1), who asks for an officer (2).
    AsksOfficer,
    /// The right person (1), who says it is done already (3).
    SaysSettled,
    /// The right person (1), who wants no more calls (9).
    DoNotCall,
    /// The right person (1), who listens to the end and presses nothing more.
    Informed,
}

impl Behaviour {
    /// Does somebody, or a machine, pick up?
    pub fn answers(self) -> bool {
        !matches!(self, Self::NoAnswer | Self::Busy | Self::Invalid | Self::NetworkFailure)
    }

    /// The key pressed at a question after `pressed` keys in this call: first the identity question (1 the right
    /// person, 2 not), then either the question to others or the menu. A question that got no key is asked again.
    pub fn key(self, pressed: usize) -> Option<char> {
        let keys = match self {
            Self::WrongNumber => "21",
            Self::ThirdParty => "22",
            Self::Promise => "11",
            Self::AsksOfficer => "12",
            Self::SaysSettled => "13",
            Self::DoNotCall => "19",
            Self::Informed => "1",
            _ => "",
        };
        keys.chars().nth(pressed)
    }
}

/// Shares of the [`Behaviour`]s of the same names, as weights: they need not add up to 1. All zero means [`Behaviour::NoAnswer`].
#[derive(Clone, Debug)]
pub struct Mix {
    pub no_answer: f64,
    pub busy: f64,
    pub invalid: f64,
    pub network_failure: f64,
    pub voicemail: f64,
    pub hangs_up: f64,
    pub silent: f64,
    pub wrong_number: f64,
    pub third_party: f64,
    pub promise: f64,
    pub asks_officer: f64,
    pub says_settled: f64,
    pub do_not_call: f64,
    pub informed: f64,
}

impl Default for Mix {
    /// A plausible outbound campaign: about half of the calls reach a person.
    fn default() -> Self {
        Self {
            no_answer: 0.25,
            busy: 0.06,
            invalid: 0.04,
            network_failure: 0.02,
            voicemail: 0.12,
            hangs_up: 0.08,
            silent: 0.05,
            wrong_number: 0.04,
            third_party: 0.06,
            promise: 0.13,
            asks_officer: 0.04,
            says_settled: 0.05,
            do_not_call: 0.01,
            informed: 0.05,
        }
    }
}

impl Mix {
    /// No share for anything: a start for tests that want one behaviour only.
    pub fn none() -> Self {
        Self {
            no_answer: 0.0,
            busy: 0.0,
            invalid: 0.0,
            network_failure: 0.0,
            voicemail: 0.0,
            hangs_up: 0.0,
            silent: 0.0,
            wrong_number: 0.0,
            third_party: 0.0,
            promise: 0.0,
            asks_officer: 0.0,
            says_settled: 0.0,
            do_not_call: 0.0,
            informed: 0.0,
        }
    }

    fn shares(&self) -> [(f64, Behaviour); 14] {
        [
            // First, so that it can be drawn apart from the others.
            (self.invalid, Behaviour::Invalid),
            (self.no_answer, Behaviour::NoAnswer),
            (self.busy, Behaviour::Busy),
            (self.network_failure, Behaviour::NetworkFailure),
            (self.voicemail, Behaviour::Voicemail),
            (self.hangs_up, Behaviour::HangsUp),
            (self.silent, Behaviour::Silent),
            (self.wrong_number, Behaviour::WrongNumber),
            (self.third_party, Behaviour::ThirdParty),
            (self.promise, Behaviour::Promise),
            (self.asks_officer, Behaviour::AsksOfficer),
            (self.says_settled, Behaviour::SaysSettled),
            (self.do_not_call, Behaviour::DoNotCall),
            (self.informed, Behaviour::Informed),
        ]
    }
}

/// What happens when `to` is called after `nth` earlier calls to it.
pub fn behaviour(seed: u64, mix: &Mix, to: &str, nth: u32) -> Behaviour {
    let shares = mix.shares();
    let total: f64 = shares.iter().map(|(share, _)| share).sum();
    if Dice::new(seed, to, 0).roll("number") * total < mix.invalid {
        return Behaviour::Invalid;
    }
    let mut left = Dice::new(seed, to, nth).roll("behaviour") * (total - mix.invalid);
    let mut last = Behaviour::NoAnswer;
    for (share, behaviour) in shares.into_iter().skip(1).filter(|(share, _)| *share > 0.0) {
        last = behaviour;
        if left < share {
            break;
        }
        left -= share;
    }
    last
}

/// Share of transferred calls that an officer takes.
pub(crate) const OFFICERS_ANSWER: f64 = 0.8;

/// Does an officer take the call that is transferred from the `nth` call to `to`? About four times in five.
pub fn officer_answers(seed: u64, to: &str, nth: u32) -> bool {
    Dice::new(seed, to, nth).below("officer", OFFICERS_ANSWER)
}

/// Reproducible chance: each roll depends on its name and on the call, not on what was rolled before.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    seed: u64,
    to: String,
    nth: u32,
}

impl Dice {
    pub(crate) fn new(seed: u64, to: &str, nth: u32) -> Self {
        Self { seed, to: to.to_owned(), nth }
    }

    fn digest(&self, what: &str) -> [u8; 20] {
        let mut hash = Sha1::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(self.nth.to_le_bytes());
        hash.update([self.to.len().min(255) as u8]);
        hash.update(self.to.as_bytes());
        hash.update(what.as_bytes());
        hash.finalize().into()
    }

    /// Evenly from 0 up to, but not including, 1.
    pub(crate) fn roll(&self, what: &str) -> f64 {
        let [a, b, c, d, e, f, g, h, ..] = self.digest(what);
        // 53 bits are what an f64 holds exactly.
        (u64::from_le_bytes([a, b, c, d, e, f, g, h]) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&self, what: &str, share: f64) -> bool {
        self.roll(what) < share
    }

    pub(crate) fn seconds(&self, what: &str, from: f64, to: f64) -> Duration {
        Duration::from_secs_f64(from + (to - from) * self.roll(what))
    }

    /// 32 hexadecimal digits, as an identifier has after its two letters.
    pub(crate) fn hex(&self, what: &str) -> String {
        self.digest(what).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
