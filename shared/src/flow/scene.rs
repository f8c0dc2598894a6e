//! What is said next in a call that we placed.

use super::place::{Node, Place, REPEATS_MAX, TRIES_MAX};
use super::script::{Confirmed, Script, Texts};
use super::speech::{SPOKEN_MAX, Speech};
use super::template::{Neutral, Template, Told};
use super::{Also, Topic, Verb};
use crate::attempt::{News, Said};
use crate::contact::{Contact, Language};
use crate::provider::Input;

/// All that a step may depend on besides the place and the input.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The call as a whole is in its words.
    pub script: &'a Script,
    pub contact: &'a Contact,
    /// What is told: what of the contact's duties is open, as far as is known at this step. None: nothing is left to tell.
    pub topics: &'a [Topic<'a>],
    /// What the campaign says besides.
    pub also: &'a Also,
    pub language: Language,
    /// 0 to 23, at the called person.
    pub local_hour: i8,
    /// `None`: nobody to transfer to now.
    pub officer: Option<Officer<'a>>,
    /// Machine detection heard an answering machine.
    pub machine: bool,
}

impl Scene<'_> {
    fn settled(&self) -> bool {
        self.topics.is_empty()
    }
}

/// Where officers can be reached now.
#[derive(Debug, Clone, Copy)]
pub struct Officer<'a> {
    /// E.164 or a `sip:` address.
    pub line: &'a str,
    /// E.164: what the officer's line is shown.
    pub caller_id: &'a str,
}

/// The answer to one request for instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub verbs: Vec<Verb>,
    /// To be written before the verbs are sent: [`News::Dialog`] at most once a call, or [`News::Transfer`].
    pub news: Option<News>,
}

/// Silence after a question before it counts as no answer. People first take the phone from the ear.
const ANSWER_S: u8 = 8;
/// How long an officer's line rings; longer, and the callee has hung up.
pub(super) const OFFICER_RING_S: u16 = 25;

/// What to say when the call is answered.
pub fn answered(scene: &Scene<'_>, link: &dyn Fn(&Place) -> String) -> Turn {
    let call = Call::new(scene, link);
    // Without a name there is nobody to ask for, so nobody whom the matter may be told.
    if scene.machine || call.speech.party.is_none() {
        return call.voicemail();
    }
    let texts = call.texts();
    // Whoever answers need not be asked anything: the least disturbance is to say that all is well and to go.
    if scene.settled() {
        return call.end_for_anybody(&texts.not_needed, Said::Settled);
    }
    call.ask_party(Place::at(Node::Party), Some(call.speech.neutral(&texts.greet)))
}

/// What to say after `input` came at `place`.
pub fn step(scene: &Scene<'_>, place: Place, input: &Input, link: &dyn Fn(&Place) -> String) -> Turn {
    let call = Call::new(scene, link);
    let key = Key::of(input);
    match place.node {
        // Detection may take longer than the greeting. A key shows that it was mistaken.
        Node::Party | Node::Other if call.speech.party.is_none() || (scene.machine && key == Key::None) => {
            call.voicemail()
        }
        Node::Party => call.party(place, key),
        Node::Other => call.other(place, key),
        Node::Menu | Node::Heard => call.menu(place, key),
        Node::Transfer | Node::Inbound => call.transferred(input),
    }
}

/// What was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    None,
    One(char),
    /// Several at once.
    Many,
}

impl Key {
    /// Whatever is no key at a question (a provider asks again, say) is an unanswered question.
    fn of(input: &Input) -> Self {
        let Input::Keys(keys) = input else {
            return Key::None;
        };
        let mut keys = keys.trim().chars();
        match (keys.next(), keys.next()) {
            (None, _) => Key::None,
            (Some(key), None) => Key::One(key),
            _ => Key::Many,
        }
    }
}

/// Why a question is asked again.
enum Again {
    Wished,
    NoKey,
    WrongKey,
}

impl Place {
    /// The place where the same is asked again after a key that is no answer; `None` if it was asked often enough.
    fn again(self, key: Key) -> Option<(Self, Again)> {
        match key {
            Key::One('*') if self.repeats < REPEATS_MAX => {
                Some((Place { repeats: self.repeats + 1, ..self }, Again::Wished))
            }
            // Silence gets one more chance, a slip of the finger two.
            Key::None if self.tries == 0 => Some((Place { tries: 1, ..self }, Again::NoKey)),
            Key::One(_) | Key::Many if self.tries < TRIES_MAX => {
                Some((Place { tries: self.tries + 1, ..self }, Again::WrongKey))
            }
            _ => None,
        }
    }
}

struct Call<'c, 'a> {
    scene: &'c Scene<'a>,
    link: &'c dyn Fn(&Place) -> String,
    speech: Speech<'a>,
}

impl<'c, 'a> Call<'c, 'a> {
    fn new(scene: &'c Scene<'a>, link: &'c dyn Fn(&Place) -> String) -> Self {
        Call { scene, link, speech: Speech::of(scene) }
    }

    fn party(&self, place: Place, key: Key) -> Turn {
        let texts = self.texts();
        match key {
            Key::One('1') if self.scene.settled() => self.end(&texts.confirmed.settled, Said::Settled),
            Key::One('1') => self.message(Place::at(Node::Menu), None),
            Key::One('2') => self.ask_other(Place::at(Node::Other), None),
            Key::One('3') => self.end_for_anybody(&texts.callback, Said::Callback),
            // Not offered here, but known from an earlier call; nobody should have to say a name to be left alone.
            Key::One('9') => self.end_for_anybody(&texts.do_not_call, Said::DoNotCall),
            key => match place.again(key) {
                Some((place, why)) => self.ask_party(place, self.lead(&why)),
                None => self.end_for_anybody(&texts.no_input, Said::NoInput),
            },
        }
    }

    fn other(&self, place: Place, key: Key) -> Turn {
        let texts = self.texts();
        match key {
            Key::One('1') => self.end_for_anybody(&texts.wrong_number, Said::WrongNumber),
            Key::One('2') => self.end_for_anybody(&texts.third_party, Said::ThirdParty),
            Key::One('9') => self.end_for_anybody(&texts.do_not_call, Said::DoNotCall),
            key => match place.again(key) {
                Some((place, why)) => self.ask_other(place, self.lead(&why)),
                // That it is not the taxpayer was said; only whether the number is wrong remains open.
                None => self.end_for_anybody(&texts.third_party, Said::ThirdParty),
            },
        }
    }

    fn menu(&self, place: Place, key: Key) -> Turn {
        let texts = self.texts();
        let (confirmed, answers) = (&texts.confirmed, self.speech.answers());
        match (key, self.scene.officer) {
            (Key::One('2'), Some(officer)) => self.transfer(officer),
            (Key::One('9'), _) => self.end_for_anybody(&texts.do_not_call, Said::DoNotCall),
            _ if self.scene.settled() => self.end(&confirmed.settled, Said::Settled),
            (Key::One('1'), _) => self.end(&answers.promised, Said::Promise),
            (Key::One('2'), None) => self.end(&confirmed.no_officer, Said::NoOfficer),
            (Key::One('3'), _) => self.end(&answers.says_settled, Said::SaysSettled),
            (Key::One('5'), _) => self.end_for_anybody(&texts.callback, Said::Callback),
            // Silence after the keys: nothing interrupted the message, so it was heard.
            (Key::None, _) if place.node == Node::Menu => {
                self.keys(Place { node: Node::Heard, ..place }, self.lead(&Again::NoKey))
            }
            (Key::None, _) => self.end(&confirmed.informed, Said::Informed),
            _ => match place.again(key) {
                Some((place, Again::Wished)) => self.message(place, None),
                // The wrong key may have cut the message short.
                Some((place, why)) if place.node == Node::Menu => self.message(place, self.lead(&why)),
                Some((place, why)) => self.keys(place, self.lead(&why)),
                None if place.node == Node::Menu => self.end_for_anybody(&texts.no_input, Said::NoInput),
                None => self.end(&confirmed.informed, Said::Informed),
            },
        }
    }

    fn transferred(&self, input: &Input) -> Turn {
        let (say, news) = match input {
            Input::Transfer { bridged: true } => (None, Some(News::Transfer { bridged: true })),
            Input::Transfer { bridged: false } => {
                (Some(self.speech.told(&self.confirmed().not_bridged)), Some(News::Transfer { bridged: false }))
            }
            _ => (None, None),
        };
        let close = self.speech.neutral(&self.texts().close);
        Turn { verbs: say.into_iter().chain([close, Verb::Hangup]).collect(), news }
    }

    fn ask_party(&self, place: Place, lead: Option<Verb>) -> Turn {
        let is_company = self.speech.party.as_ref().is_some_and(|party| party.is_company);
        let texts = self.texts();
        let question = if is_company { &texts.ask_company } else { &texts.ask_person };
        self.gather(place, lead, vec![self.speech.named(question)])
    }

    fn ask_other(&self, place: Place, lead: Option<Verb>) -> Turn {
        self.gather(place, lead, vec![self.speech.named(&self.texts().ask_other)])
    }

    fn message(&self, place: Place, lead: Option<Verb>) -> Turn {
        let mut prompt = self.speech.message(SPOKEN_MAX);
        prompt.extend(self.offers());
        self.gather(place, lead, prompt)
    }

    fn keys(&self, place: Place, lead: Option<Verb>) -> Turn {
        self.gather(place, lead, self.offers())
    }

    fn offers(&self) -> Vec<Verb> {
        let answers = self.speech.answers();
        let officer = self.scene.officer.map(|_| &self.confirmed().officer);
        let offers = [Some(&answers.promise), officer, Some(&answers.settled), Some(&self.confirmed().more)];
        offers.into_iter().flatten().map(|text| self.speech.told(text)).collect()
    }

    fn transfer(&self, officer: Officer<'a>) -> Turn {
        let transfer = Verb::Transfer {
            to: officer.line.to_owned(),
            caller_id: officer.caller_id.to_owned(),
            timeout_s: OFFICER_RING_S,
            next: (self.link)(&Place::at(Node::Transfer)),
        };
        Turn {
            verbs: vec![self.speech.told(&self.confirmed().transfer), transfer],
            news: Some(News::Dialog(Said::TransferAsked)),
        }
    }

    /// Ends a call whose right party is confirmed.
    fn end(&self, ack: &Template<Told>, said: Said) -> Turn {
        self.closing(self.speech.told(ack), said)
    }

    /// Ends a call in words that anybody may hear. Nobody needs to be called again about what is settled, so then that
    /// is said instead; but a number's owner is heard in any case.
    fn end_for_anybody(&self, ack: &Template<Neutral>, said: Said) -> Turn {
        match said {
            Said::DoNotCall | Said::WrongNumber => self.closing(self.speech.neutral(ack), said),
            _ if self.scene.settled() => self.closing(self.speech.neutral(&self.texts().not_needed), Said::Settled),
            _ => self.closing(self.speech.neutral(ack), said),
        }
    }

    fn closing(&self, ack: Verb, said: Said) -> Turn {
        let close = self.speech.neutral(&self.texts().close);
        Turn { verbs: vec![ack, close, Verb::Hangup], news: Some(News::Dialog(said)) }
    }

    /// Names nobody and no matter. Nothing at all is left where there is no reason to call back.
    fn voicemail(&self) -> Turn {
        let say = (!self.scene.settled()).then(|| self.speech.neutral(&self.texts().voicemail));
        Turn { verbs: say.into_iter().chain([Verb::Hangup]).collect(), news: None }
    }

    fn lead(&self, why: &Again) -> Option<Verb> {
        match why {
            Again::Wished => None,
            Again::NoKey => Some(self.speech.neutral(&self.texts().no_key)),
            Again::WrongKey => Some(self.speech.neutral(&self.texts().wrong_key)),
        }
    }

    fn gather(&self, place: Place, lead: Option<Verb>, question: Vec<Verb>) -> Turn {
        let prompt = lead.into_iter().chain(question).collect();
        let next = (self.link)(&place);
        Turn { verbs: vec![Verb::Gather { prompt, digits: 1, timeout_s: ANSWER_S, next }], news: None }
    }

    fn texts(&self) -> &'a Texts {
        self.scene.script.texts(self.scene.language)
    }

    fn confirmed(&self) -> &'a Confirmed {
        &self.texts().confirmed
    }
}
