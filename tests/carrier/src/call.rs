//! The life of a call: waiting for a line, ringing, answered, ended; and calls that come in.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::behaviour::{Behaviour, Dice};
use crate::courier::{Callback, courier};
use crate::delivery::Fields;
use crate::dialogue::{Dialogue, Next, Outcome, Source};
use crate::line::{Clock, Person, leg, ordered};
use crate::order::{Event, MachineDetection, Order};
use crate::state::{Busy, Control, NewCall, Shared, Status};
use crate::twiml::Method;
use crate::{InboundRecord, Protocol, telnyx};

/// A machine speaks its greeting, then the tone.
const GREETING: Duration = Duration::from_secs(8);
/// What a machine records before it ends the call.
const RECORDING: Duration = Duration::from_secs(20);
/// The carrier lets it ring a little longer than asked.
const RING_MARGIN: Duration = Duration::from_secs(5);
/// Longest call where the order sets no limit.
const TIME_LIMIT: Duration = Duration::from_secs(4 * 3600);

struct Call {
    shared: Arc<Shared>,
    order: Order,
    new: NewCall,
    leg: Fields,
    callbacks: mpsc::UnboundedSender<Callback>,
    sequence: u32,
}

/// Puts an accepted order on its way.
pub(crate) fn place(shared: &Arc<Shared>, order: Order, new: NewCall) {
    let callbacks = courier(shared, new.index, new.dice.clone());
    let leg = leg(shared, &new.sid, &order.from, &order.to, "outbound-api");
    let call = Call { shared: Arc::clone(shared), order, new, leg, callbacks, sequence: 0 };
    shared.spawn(call.live());
}

/// How an attempt to connect ended.
enum Connected {
    Answered,
    /// With the SIP code, which a call called off has not.
    Not(Status, Option<u16>),
}

impl Call {
    async fn live(mut self) {
        match self.connect().await {
            Some(Connected::Answered) => self.talk().await,
            Some(Connected::Not(status, sip)) => self.end(status, Duration::ZERO, sip, None),
            // Called off while it waited for a line: no callback tells of it.
            None => self.shared.set_status(self.new.index, Status::Canceled),
        }
    }

    async fn connect(&mut self) -> Option<Connected> {
        let queued = self.new.dice.seconds("queued", 0.1, 1.5);
        if !self.passes(queued).await {
            return None;
        }
        self.tell(Event::Initiated, "initiated", Vec::new());
        let reaching = self.new.dice.seconds("reaching", 0.5, 2.0);
        if !self.passes(reaching).await {
            return Some(Connected::Not(Status::Canceled, None));
        }
        match self.new.behaviour {
            Behaviour::Invalid => return Some(Connected::Not(Status::Failed, Some(404))),
            Behaviour::NetworkFailure => return Some(Connected::Not(Status::Failed, Some(503))),
            Behaviour::Busy => return Some(Connected::Not(Status::Busy, Some(486))),
            _ => {}
        }
        self.shared.set_status(self.new.index, Status::Ringing);
        self.tell(Event::Ringing, "ringing", Vec::new());
        let patience = self.order.timeout + RING_MARGIN;
        let rings = self.new.dice.seconds("rings", 1.0, 6.0);
        let answers = self.new.behaviour.answers() && rings < patience;
        if !self.passes(if answers { rings } else { patience }).await {
            return Some(Connected::Not(Status::Canceled, None));
        }
        Some(if answers { Connected::Answered } else { Connected::Not(Status::NoAnswer, Some(487)) })
    }

    /// Lets time pass; false if a client called the call off in it.
    async fn passes(&mut self, duration: Duration) -> bool {
        tokio::select! {
            biased;
            () = ordered(&mut self.new.control) => false,
            () = self.shared.sleep(duration) => true,
        }
    }

    async fn talk(&mut self) {
        self.shared.set_status(self.new.index, Status::InProgress);
        self.tell(Event::Answered, "in-progress", Vec::new());
        let cut = match self.new.behaviour {
            Behaviour::HangsUp => self.new.dice.seconds("hangs up", 0.5, 1.5),
            Behaviour::Voicemail => GREETING + RECORDING,
            _ => TIME_LIMIT,
        };
        let cut = cut.min(self.order.time_limit.unwrap_or(TIME_LIMIT));
        let clock = Clock::new(&self.shared, cut, self.new.control.clone());
        let person = Person::Called { behaviour: self.new.behaviour, pressed: 0 };
        let mut dialogue = Dialogue::new(self.leg.clone(), "in-progress", person, clock, self.new.dice.clone());
        dialogue.fallback = self.order.fallback.take();
        let verdict =
            self.order.machine_detection.clone().map(|d| (verdict(&d, self.new.behaviour, &self.new.dice), d));
        let mut fields = Vec::new();
        let mut heard_by = Ok(());
        if let Some((verdict, detection)) = &verdict {
            if detection.asynchronous {
                self.tell_verdict_later(verdict, detection);
            } else {
                // The line is silent until the verdict.
                heard_by = dialogue.clock.wait(verdict.after).await;
                if heard_by.is_ok() {
                    self.shared.update(self.new.index, |record| record.amd = Some(verdict.answered_by));
                    fields = verdict.fields();
                }
            }
        }
        if heard_by.is_ok() {
            let first = match (&self.order.url, self.order.twiml.take()) {
                (Some(url), _) => Source::Fetch(Next { url: url.clone(), method: self.order.method, fields }),
                (None, twiml) => Source::Inline(twiml.unwrap_or_default()),
            };
            dialogue.run(first).await;
        }
        let elapsed = dialogue.clock.elapsed();
        let trace = dialogue.trace;
        self.shared.update(self.new.index, |record| {
            record.keys = trace.keys;
            record.heard = trace.heard;
            record.transferred = trace.transferred;
            record.duration = whole_seconds(elapsed);
        });
        let answered_by = verdict.filter(|(verdict, _)| verdict.after <= elapsed).map(|(v, _)| v.answered_by);
        self.end(Status::Completed, elapsed, Some(200), answered_by);
    }

    fn tell_verdict_later(&self, verdict: &Verdict, detection: &MachineDetection) {
        let (index, answered_by, after) = (self.new.index, verdict.answered_by, verdict.after);
        let callback = detection.callback.clone().map(|(url, method)| {
            let mut fields: Fields = ["CallSid", "AccountSid"]
                .into_iter()
                .filter_map(|name| self.leg.iter().find(|(n, _)| n == name).cloned())
                .collect();
            fields.extend(verdict.fields());
            Callback { kind: "amd", url, method, fields, ends: false }
        });
        let callbacks = self.callbacks.clone();
        let shared = Arc::clone(&self.shared);
        self.shared.spawn(async move {
            shared.sleep(after).await;
            shared.update(index, |record| record.amd = Some(answered_by));
            if let Some(callback) = callback {
                // The courier is gone only when the carrier is shut down.
                let _ = callbacks.send(callback);
            }
        });
    }

    fn end(&mut self, status: Status, length: Duration, sip: Option<u16>, answered_by: Option<&str>) {
        self.shared.set_status(self.new.index, status);
        let seconds = whole_seconds(length);
        let mut extra = vec![("CallDuration".to_owned(), seconds.to_string())];
        match self.shared.options.protocol {
            Protocol::Twilio => {
                if status == Status::Completed {
                    extra.push(("Duration".into(), seconds.div_ceil(60).to_string()));
                }
                if let Some(code) = sip {
                    extra.push(("SipResponseCode".into(), code.to_string()));
                }
            }
            Protocol::Telnyx => extra.push(("HangupCause".into(), telnyx::hangup_cause(status, sip).into())),
        }
        if let Some(verdict) = answered_by {
            extra.push(("AnsweredBy".into(), verdict.into()));
        }
        self.tell(Event::Completed, status.as_str(), extra);
    }

    /// Sends a progress callback, if the order asked for this event.
    fn tell(&mut self, event: Event, status: &str, extra: Fields) {
        let Some((url, method)) = self.order.callback.clone().filter(|_| self.order.events.contains(&event)) else {
            return;
        };
        let mut fields = self.leg.clone();
        let now = match self.shared.options.protocol {
            Protocol::Twilio => Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
            Protocol::Telnyx => Timestamp::now().to_string(),
        };
        for (name, value) in [
            ("CallStatus", status),
            ("SequenceNumber", &self.sequence.to_string()),
            ("Timestamp", &now),
            ("CallbackSource", "call-progress-events"),
        ] {
            fields.push((name.into(), value.into()));
        }
        fields.extend(extra);
        self.sequence += 1;
        let ends = event == Event::Completed;
        // The courier is gone only when the carrier is shut down.
        let _ = self.callbacks.send(Callback { kind: event.as_str(), url, method, fields, ends });
    }
}

fn whole_seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}

/// What machine detection says, and when after the answer.
struct Verdict {
    answered_by: &'static str,
    after: Duration,
}

impl Verdict {
    fn fields(&self) -> Fields {
        vec![
            ("AnsweredBy".into(), self.answered_by.into()),
            ("MachineDetectionDuration".into(), self.after.as_millis().to_string()),
        ]
    }
}

fn verdict(detection: &MachineDetection, behaviour: Behaviour, dice: &Dice) -> Verdict {
    let (answered_by, after) = match behaviour {
        Behaviour::Voicemail if detection.until_end => ("machine_end_beep", GREETING),
        Behaviour::Voicemail => ("machine_start", dice.seconds("verdict", 3.5, 5.0)),
        // Gone before there was enough to judge by.
        Behaviour::HangsUp => ("unknown", dice.seconds("verdict", 2.0, 4.0)),
        _ => ("human", dice.seconds("verdict", 2.0, 4.0)),
    };
    if after > detection.timeout {
        return Verdict { answered_by: "unknown", after: detection.timeout };
    }
    Verdict { answered_by, after }
}

/// A call from `from` to the first caller ID, whose instructions are at `{base}/hooks/twilio/inbound` (or `telnyx`).
pub(crate) async fn inbound(shared: &Arc<Shared>, base: &str, from: &str, keys: &str) -> anyhow::Result<InboundRecord> {
    let _busy = Busy::new(shared);
    let to = shared.options.caller_ids.first().cloned().unwrap_or_default();
    let nth = {
        let mut state = shared.state();
        let (_, calls) = state.numbers.entry(format!("from {from}")).or_default();
        *calls += 1;
        *calls
    };
    let dice = Dice::new(shared.options.seed, &format!("from {from}"), nth);
    let protocol = shared.options.protocol;
    let sid = protocol.sid(&dice.hex("sid"));
    let leg = leg(shared, &sid, from, &to, "inbound");
    let orders = watch::Sender::new(Control::Go);
    let clock = Clock::new(shared, TIME_LIMIT, orders.subscribe());
    let person = Person::Caller { keys: keys.to_owned() };
    let mut dialogue = Dialogue::new(leg, "ringing", person, clock, dice);
    let url = format!("{}/hooks/{}/inbound", base.trim_end_matches('/'), protocol.name());
    let first = Next { url, method: Method::Post, fields: Vec::new() };
    let outcome = dialogue.run(Source::Fetch(first)).await;
    let (status, rejected) = match outcome {
        Outcome::Rejected(reason) if reason == "busy" => (Status::Busy, Some(reason)),
        Outcome::Rejected(reason) => (Status::NoAnswer, Some(reason)),
        Outcome::ApplicationError => {
            bail!("the inbound call {sid} got no usable instructions: see the violations")
        }
        _ => (Status::Completed, None),
    };
    let trace = dialogue.trace;
    Ok(InboundRecord {
        sid,
        from: from.to_owned(),
        to,
        status,
        rejected,
        keys: trace.keys,
        heard: trace.heard,
        transferred: trace.transferred,
    })
}
