//! A spectrum and a PDF, judged.

use super::sides::Sides;
use super::together::Joint;
use crate::consistency::predictive::Comparison;
use crate::consistency::verdict::{Range, pdf_deviations, ranges};
use crate::consistency::{Answer, Judge, Power, Verdict, width};
use crate::error::Result;
use crate::finding::Finding;
use crate::inverse::Inversion;
use crate::operator::{Operator, rows};
use serde_json::{Value, json};

/// One judged pair.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) comparison: Comparison,
    pub(super) verdict: Verdict,
    pub(super) inversion: Inversion,
    pub(super) r: Vec<Range>,
    /// What is true of this pair only.
    pub(super) findings: Vec<Finding>,
    /// With the other spectra of the sample, if there are any.
    pub(super) joint: Option<Joint>,
}

impl Pair {
    /// By all spectra of the sample.
    pub(super) fn answer(&self) -> Answer {
        (self.joint.as_ref()).map_or(self.verdict.answer, |joint| joint.answer)
    }
}

/// Judges every sample.
pub(super) fn judged(
    operator: &Operator,
    judge: &Judge<'_>,
    power: &Power,
    sides: &Sides,
) -> Result<Vec<Pair>> {
    let searched = sides.names.len() > 1 && !sides.spectrum.nuisances.is_empty();
    (0..sides.names.len())
        .map(|i| {
            if !searched {
                return Ok(judge_pair(operator, judge, power, sides, i));
            }
            // Each spectrum's nuisances are its own, and so is the judge.
            let own = sides.spectrum.one(i);
            let judge = Judge::new(operator, &own.channel, &sides.pdf.channel)?;
            Ok(judge_pair(operator, &judge, power, sides, i))
        })
        .collect()
}

fn judge_pair(
    operator: &Operator,
    judge: &Judge<'_>,
    power: &Power,
    sides: &Sides,
    i: usize,
) -> Pair {
    let (z, d) = (
        sides.spectrum.data.subrows(i, 1),
        sides.pdf.data.subrows(i, 1),
    );
    let comparison = judge.compare(z, d);
    let inversion = judge.inverter.invert(z).remove(0);
    let verdict = Verdict::of(
        &comparison,
        power,
        &sides.spectrum.channel.x,
        &rows::row(z, 0),
    );
    let channels = (&sides.spectrum.channel, &sides.pdf.channel);
    let findings = width::findings(operator, channels, (z, d), &comparison);
    let deviations = pdf_deviations(&comparison.descriptor, &inversion);
    Pair {
        name: sides.names[i].clone(),
        r: ranges(&operator.meta.r.centres(), &deviations, 3.0),
        comparison,
        verdict,
        inversion,
        findings,
        joint: None,
    }
}

/// What there is to say of a pair, for machines.
pub(super) fn object(power: &Power, pair: &Pair, findings: &[Finding]) -> Value {
    let c = &pair.comparison;
    let findings = [findings, &pair.findings].concat();
    let mut told = json!({
        "sample": pair.name,
        "verdict": pair.verdict.answer,
        "sentence": pair.verdict.sentence,
        "p_value": c.p_value,
        "chi2": c.chi2,
        "domain": { "spectrum": c.spectrum, "pdf": c.pdf },
        "power": power,
        "findings": findings,
        "disagreement": { "energy": pair.verdict.energy, "r": pair.r },
    });
    if let Some(joint) = &pair.joint {
        told["joint"] = joint.object();
    }
    told
}
