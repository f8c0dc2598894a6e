//! What goes wrong.

/// Kinds of things that go wrong, or that people do. Each seed switches each of them on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A verb of the store fails and is not done.
    Refused,
    /// It is done, and the reply is lost.
    ReplyLost,
    /// It fails, and is done later.
    AppliedLate,
    /// Any subset of a batch is done.
    Partly,
    /// Up to a second.
    Slow,
    /// Up to an hour.
    Stall,
    /// The store takes no writes for a while.
    ReadOnly,
    /// The store answers nothing for a while.
    Outage,
    /// A read of many keys is no snapshot.
    Torn,
    DieBefore,
    DieAfter,
    Skew,
    Overlap,
    Skip,
    /// Nobody ticks for an hour.
    Gap,
    AnswerLost,
    Unreachable,
    TooMany,
    ServerError,
    InvalidNumber,
    /// The call is over before its order is answered.
    Early,
    Late,
    Never,
    Twice,
    Disorder,
    /// Callbacks for calls that never were.
    Foreign,
    Pays,
    DoNotCall,
    Inbound,
    Withdraws,
    Pauses,
    Edits,
    UploadsAgain,
}

impl Class {
    pub const ALL: [Class; 33] = {
        use Class::*;
        [
            Refused,
            ReplyLost,
            AppliedLate,
            Partly,
            Slow,
            Stall,
            ReadOnly,
            Outage,
            Torn,
            DieBefore,
            DieAfter,
            Skew,
            Overlap,
            Skip,
            Gap,
            AnswerLost,
            Unreachable,
            TooMany,
            ServerError,
            InvalidNumber,
            Early,
            Late,
            Never,
            Twice,
            Disorder,
            Foreign,
            Pays,
            DoNotCall,
            Inbound,
            Withdraws,
            Pauses,
            Edits,
            UploadsAgain,
        ]
    };

    /// How often it happens at a point where it can, in thousandths, when a seed has it at the full.
    pub fn full(self) -> usize {
        use Class::*;
        match self {
            Stall | ReadOnly | Outage => 3,
            Refused | ReplyLost | AppliedLate | DieBefore | DieAfter => 25,
            Partly | Slow | Torn => 300,
            Gap => 15,
            _ => 300,
        }
    }
}
