//! What a call is about, and in whose words: the duties that are open, each with the script of its day.

use super::Also;
use super::script::Script;
use crate::campaign::{AfterDue, Settings};
use crate::contact::Duty;
use jiff::civil::Date;

/// A duty that is told, and the script that tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'a> {
    pub duty: &'a Duty,
    pub script: &'static Script,
}

/// A campaign's scripts in a call that was claimed on a day at the called person: the same throughout the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scripts {
    day: Date,
    before_due: &'static Script,
    /// `None`: nobody is told of what is past its due date.
    after_due: Option<&'static Script>,
    also: Also,
}

impl Scripts {
    /// `None` if there is no script of that name, or a sentence of the campaign's own cannot be read.
    pub fn of(settings: &Settings, day: Date) -> Option<Self> {
        let after_due = match &settings.after_due {
            AfterDue::Stop => None,
            AfterDue::Script(script) => Some(Script::named(script)?),
        };
        // Which columns are kept was checked when the campaign was saved.
        let also = Also::read(&settings.also_say, |_| true).ok()?;
        Some(Scripts { day, before_due: Script::named(&settings.script)?, after_due, also })
    }

    /// What the campaign says besides.
    pub fn also(&self) -> &Also {
        &self.also
    }

    /// What is told of these duties, in their order.
    pub fn topics<'a>(&self, open: impl IntoIterator<Item = &'a Duty>) -> Vec<Topic<'a>> {
        let topic = |duty: &'a Duty| {
            let script = if self.day > duty.due_date { self.after_due? } else { self.before_due };
            Some(Topic { duty, script })
        };
        open.into_iter().filter_map(topic).collect()
    }

    /// The script of the call as a whole: of what falls due first.
    pub fn leading(&self, topics: &[Topic<'_>]) -> &'static Script {
        topics.first().map_or(self.before_due, |topic| topic.script)
    }
}
