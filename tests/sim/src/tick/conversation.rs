//! A call that is answered, as the voice function plays it: each step reads the store anew.

use super::{Ordered, Stage, drive};
use dering::attempt::{CallId, Ending, News};
use dering::flow::{self, Line, Place, Turn, Verb};
use dering::provider::Input;

/// A call on its way through its script.
pub struct Conversation<'a> {
    stage: &'a Stage,
    call: CallId,
    next: Option<Place>,
}

impl<'a> Conversation<'a> {
    /// Somebody answers; what is said first.
    pub fn answered(stage: &'a Stage, order: &Ordered) -> (Self, String) {
        let mut conversation = Conversation { stage, call: order.call, next: None };
        let said = conversation.turn(|scene| flow::answered(scene, &Place::encode));
        (conversation, said)
    }

    /// A key is pressed; what is said then.
    ///
    /// # Panics
    /// The call is over.
    pub fn press(&mut self, key: &str) -> String {
        let place = self.next.take().expect("the call goes on");
        let input = Input::Keys(key.to_owned());
        self.turn(|scene| flow::step(scene, place, &input, &Place::encode))
    }

    fn turn(&mut self, step: impl Fn(&flow::Scene<'_>) -> Turn) -> String {
        let Conversation { stage, call, .. } = *self;
        let turn = drive(&stage.clock, async {
            let line = Line::of(&stage.store, &stage.vault, &stage.memory.campaigns, &call)
                .await
                .expect("the store answers")
                .expect("it is read");
            let topics = line.topics(&stage.store).await.expect("the store answers");
            step(&line.scene(&topics, None, false, stage.clock.now_ms()))
        });
        let Turn { verbs, news } = turn.expect("nothing here waits");
        if let Some(news) = news {
            stage.tell(&call, news);
        }
        let mut said = Vec::new();
        self.hear(&verbs, &mut said);
        if self.next.is_none() {
            stage.tell(
                &call,
                News::Ended { ending: Ending::Completed, talk_s: Some(20), sip: Some(200), answered_by: None },
            );
        }
        said.join("\n")
    }

    fn hear(&mut self, verbs: &[Verb], said: &mut Vec<String>) {
        for verb in verbs {
            match verb {
                Verb::Say { text, .. } => said.push(text.clone()),
                Verb::Gather { prompt, next, .. } => {
                    self.hear(prompt, said);
                    self.next = Place::decode(next);
                }
                Verb::Transfer { .. } | Verb::Hangup => {}
            }
        }
    }
}
