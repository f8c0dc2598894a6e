//! Who answers and how: the shares of dispositions that a forecast draws from.

use crate::attempt::Disposition;
use std::collections::BTreeMap;

/// Attempts that the default shares count for, beside what the campaign has seen itself.
const PRIOR: f64 = 200.0;
/// Shares without experience, in per mille of attempts. House figures of a reminder campaign to mobile numbers: about
/// half are answered by somebody, a third of all attempts by the right party. To be replaced by one's own results.
const DEFAULT: [(Disposition, u32); 16] = [
    (Disposition::NoAnswer, 260),
    (Disposition::Voicemail, 90),
    (Disposition::Busy, 70),
    (Disposition::Failed, 30),
    (Disposition::InvalidNumber, 40),
    (Disposition::WrongNumber, 40),
    (Disposition::ThirdParty, 60),
    (Disposition::Refused, 110),
    (Disposition::Callback, 20),
    (Disposition::NoOfficer, 10),
    (Disposition::Abandoned, 0),
    (Disposition::Informed, 70),
    (Disposition::Promise, 130),
    (Disposition::SaysSettled, 40),
    (Disposition::Transferred, 20),
    (Disposition::DoNotCall, 10),
];
/// Talk without experience, in s.
const TALK_S: f64 = 45.0;

/// Shares of dispositions, and the average talk.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerModel {
    /// Cumulative shares, up to 1.
    cumulative: Vec<(Disposition, f64)>,
    talk_s: u32,
    /// Attempts of the campaign that the model rests on.
    pub attempts: u64,
}

impl AnswerModel {
    /// From the attempts so far, by disposition, and their seconds of talk. Few attempts move the default shares a
    /// little, many replace them. Orders that were not placed are no attempts.
    pub fn new(dispositions: &BTreeMap<Disposition, u64>, talk_s: u64) -> Self {
        let seen = |d: Disposition| dispositions.get(&d).copied().unwrap_or(0);
        // A call of which nothing was heard tells nothing about people.
        let counted = DEFAULT.map(|(d, _)| seen(d));
        let attempts: u64 = counted.iter().sum();
        let answered: u64 = DEFAULT.iter().filter(|(d, _)| talks(*d)).map(|(d, _)| seen(*d)).sum();
        let all = attempts as f64 + PRIOR;
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(DEFAULT.len());
        for ((disposition, default), seen) in DEFAULT.into_iter().zip(counted) {
            sum += (f64::from(default) / 1000.0 * PRIOR + seen as f64) / all;
            cumulative.push((disposition, sum));
        }
        let talk_s = (TALK_S * PRIOR + talk_s as f64) / (PRIOR + answered as f64);
        AnswerModel { cumulative, talk_s: talk_s.round().clamp(1.0, 3600.0) as u32, attempts }
    }

    /// The disposition at a point of the unit interval.
    pub fn at(&self, point: f64) -> Disposition {
        let found = self.cumulative.iter().find(|(_, up_to)| point < *up_to).or(self.cumulative.last());
        found.map_or(Disposition::NoAnswer, |(disposition, _)| *disposition)
    }

    /// Seconds of ringing and of talk of a call that comes to this. Nobody answers: it rings as long as it may.
    pub fn lasts(&self, disposition: Disposition, ring_s: u32) -> (u32, u32) {
        match disposition {
            Disposition::NoAnswer => (ring_s, 0),
            Disposition::Busy | Disposition::Failed | Disposition::InvalidNumber => (2.min(ring_s), 0),
            d if talks(d) => ((ring_s / 3).max(1), self.talk_s),
            _ => (0, 0),
        }
    }
}

/// Whether the line is open in such a call, so that the provider bills it.
pub fn talks(disposition: Disposition) -> bool {
    use Disposition::*;
    match disposition {
        Informed | Promise | SaysSettled | Transferred | Callback | NoOfficer | Refused | DoNotCall | WrongNumber
        | ThirdParty | Abandoned | Voicemail => true,
        NoAnswer | Busy | InvalidNumber | NotPlaced | Failed | Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(model: &AnswerModel, wanted: Disposition) -> f64 {
        let n = 100_000;
        (0..n).filter(|i| model.at((f64::from(*i) + 0.5) / f64::from(n)) == wanted).count() as f64 / f64::from(n)
    }

    #[test]
    fn without_results_the_defaults_hold_and_add_up() {
        let model = AnswerModel::new(&BTreeMap::new(), 0);
        assert_eq!(DEFAULT.iter().map(|(_, share)| share).sum::<u32>(), 1000);
        for (disposition, per_mille) in DEFAULT {
            assert!((share(&model, disposition) - f64::from(per_mille) / 1000.0).abs() < 1e-4, "{disposition:?}");
        }
        assert_eq!(model.lasts(Disposition::Promise, 25), (8, 45));
        assert_eq!(model.lasts(Disposition::NoAnswer, 25), (25, 0));
    }

    #[test]
    fn many_results_replace_the_defaults() {
        let results = BTreeMap::from([(Disposition::NoAnswer, 90_000), (Disposition::Promise, 10_000)]);
        let model = AnswerModel::new(&results, 10_000 * 120);
        assert_eq!(model.attempts, 100_000);
        assert!((share(&model, Disposition::NoAnswer) - 0.9).abs() < 0.002);
        assert!((share(&model, Disposition::Promise) - 0.1).abs() < 0.002);
        assert!((115..=120).contains(&model.lasts(Disposition::Promise, 25).1));
    }

    #[test]
    fn every_point_has_a_disposition() {
        let model = AnswerModel::new(&BTreeMap::new(), 0);
        for point in [0.0, 0.5, 0.999_999_999, 1.0, f64::NAN] {
            model.at(point);
        }
    }
}
