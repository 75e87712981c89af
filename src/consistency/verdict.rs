//! The answer, in one word and one sentence, with where the two measurements differ.

use super::Power;
use super::power::LEVEL;
use super::predictive::Comparison;
use crate::inverse::Inversion;
use serde::{Deserialize, Serialize};

/// With less power than this against a real mismatch, agreement means nothing.
const ENOUGH_POWER: f64 = 0.5;
/// A point disagrees if measured and predicted differ by more than this many standard deviations of a true pair.
const DISAGREES_BEYOND: f64 = 3.0;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A true pair of this kind of glass would look like this.
    Consistent,
    /// Hardly any true pair differs as much.
    Inconsistent,
    /// The operator was not trained on this kind of glass and cannot judge it.
    OutsideDomain,
    /// The measurements could not have told.
    Undecided,
}

/// One answer for several spectra of a sample beside one PDF, each judged by its own operator, and its p-value.
///
/// `p = min(1, k min p_i)` (Bonferroni): right whatever the k spectra have in common. One of them outside the domain leaves the sample
/// outside; one that could not have told anything leaves it to the others.
pub fn together(each: &[(Answer, f64)]) -> (Answer, f64) {
    let least = each.iter().map(|(_, p)| *p).fold(1.0, f64::min);
    let p = (each.len() as f64 * least).min(1.0);
    let any = |answer| each.iter().any(|(a, _)| *a == answer);
    let answer = if any(Answer::OutsideDomain) {
        Answer::OutsideDomain
    } else if p <= LEVEL {
        Answer::Inconsistent
    } else if each.iter().all(|(a, _)| *a == Answer::Undecided) {
        Answer::Undecided
    } else {
        Answer::Consistent
    };
    (answer, p)
}

/// A range of an axis where the two disagree, and by how many standard deviations at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Lower end, meV or Å.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Largest deviation in the range, in standard deviations, with its sign (measured minus predicted).
    pub deviation: f64,
}

impl Range {
    /// "4.0 to 62.0", or one number where both ends are printed alike.
    pub fn ends(&self, digits: usize) -> String {
        let (from, to) = (
            format!("{:.digits$}", self.from),
            format!("{:.digits$}", self.to),
        );
        if from == to {
            from
        } else {
            format!("{from} to {to}")
        }
    }
}

/// The answer with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// In one word.
    pub answer: Answer,
    /// In one sentence.
    pub sentence: String,
    /// Where in energy.
    pub energy: Vec<Range>,
}

impl Answer {
    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::Inconsistent => "inconsistent",
            Self::OutsideDomain => "outside-domain",
            Self::Undecided => "undecided",
        }
    }
}

impl Verdict {
    /// Decides: domain first, then the pair, then whether agreement means anything. `x` and `z` are the measured spectrum.
    pub fn of(comparison: &Comparison, power: &Power, x: &[f64], z: &[f64]) -> Self {
        let deviations: Vec<f64> = z
            .iter()
            .zip(&comparison.predicted)
            .zip(&comparison.spread)
            .map(|((z, p), s)| (z - p) / s)
            .collect();
        let (answer, sentence) = decide(comparison, power);
        Self {
            answer,
            sentence,
            energy: ranges(x, &deviations, DISAGREES_BEYOND),
        }
    }
}

fn decide(c: &Comparison, power: &Power) -> (Answer, String) {
    if !(c.spectrum.inside && c.pdf.inside) {
        let who = match (c.spectrum.inside, c.pdf.inside) {
            (false, false) => "neither curve looks",
            (false, true) => "the spectrum does not look",
            _ => "the pair distribution function does not look",
        };
        let dense = !c.pdf.density_inside;
        let why = if dense {
            " (its density alone tells it from them)"
        } else {
            ""
        };
        let sentence = format!(
            "The operator cannot judge this sample: {who} like a glass it was trained on{why}."
        );
        return (Answer::OutsideDomain, sentence);
    }
    let percent = 100.0 * c.p_value;
    if c.p_value <= LEVEL {
        let sentence = format!(
            "The two measurements disagree: only {percent:.1} % of true pairs differ as much."
        );
        return (Answer::Inconsistent, sentence);
    }
    if power.mismatch < ENOUGH_POWER {
        let sentence = format!(
            "These measurements could not have told: of clearly wrong pairs only {:.0} % would have been noticed. {}",
            100.0 * power.mismatch,
            power.sentence()
        );
        return (Answer::Undecided, sentence);
    }
    let sentence = format!(
        "The two measurements agree: {percent:.0} % of true pairs of such glasses differ at least as much. {}",
        power.sentence()
    );
    (Answer::Consistent, sentence)
}

/// Measured minus inferred g at each r, in units of half the half-width of the 95 % band: about standard deviations. Where all
/// training glasses agree the band has no width; a difference below a hundredth of the highest peak is not called one.
pub fn pdf_deviations(descriptor: &[f64], inversion: &Inversion) -> Vec<f64> {
    const SMALLEST_DIFFERENCE: f64 = 0.01;
    let density = inversion.relative_density.unwrap_or(1.0);
    let top = inversion.g.iter().copied().fold(0.0, f64::max);
    (0..inversion.g.len())
        .map(|j| {
            let half = 0.5 * (inversion.high[j] - inversion.low[j]);
            2.0 * (descriptor[j] / density - inversion.g[j]) / half.max(SMALLEST_DIFFERENCE * top)
        })
        .collect()
}

/// Runs of points that deviate by more than `beyond`.
pub fn ranges(x: &[f64], deviations: &[f64], beyond: f64) -> Vec<Range> {
    let mut out: Vec<Range> = Vec::new();
    let mut open = false;
    for (x, d) in x.iter().zip(deviations) {
        let far = d.abs() > beyond;
        match out.last_mut() {
            Some(last) if far && open && last.deviation.signum() == d.signum() => {
                last.to = *x;
                if d.abs() > last.deviation.abs() {
                    last.deviation = *d;
                }
            }
            _ if far => out.push(Range {
                from: *x,
                to: *x,
                deviation: *d,
            }),
            _ => {}
        }
        open = far;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_split_where_the_sign_changes_and_where_they_stop() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let found = ranges(&x, &[4.0, 5.0, -4.0, 0.0, 0.0, 6.0], 3.0);
        let ends: Vec<_> = found.iter().map(|r| (r.from, r.to, r.deviation)).collect();
        assert_eq!(ends, [(1.0, 2.0, 5.0), (3.0, 3.0, -4.0), (6.0, 6.0, 6.0)]);
        assert_eq!(
            (found[0].ends(1), found[1].ends(1)),
            ("1.0 to 2.0".into(), "3.0".into())
        );
    }

    #[test]
    fn spectra_together_are_judged_at_a_level_for_each() {
        use Answer::{Consistent, Inconsistent, OutsideDomain, Undecided};
        assert_eq!(
            together(&[(Inconsistent, 0.04), (Consistent, 0.6)]),
            (Consistent, 0.08)
        );
        assert_eq!(
            together(&[(Inconsistent, 0.02), (Undecided, 0.6)]).0,
            Inconsistent
        );
        assert_eq!(
            together(&[(Undecided, 0.9), (Undecided, 0.6)]),
            (Undecided, 1.0)
        );
        assert_eq!(
            together(&[(Consistent, 0.9), (OutsideDomain, 0.6)]).0,
            OutsideDomain
        );
    }
}
