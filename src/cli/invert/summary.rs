//! What there is to say of each spectrum: an object for machines, a row of a table.

use super::Done;
use crate::error::{Error, Result};
use crate::inverse::NuisanceFit;
use crate::inverse::pseudo_inverse::PseudoInversion;
use crate::operator::Operator;
use serde_json::{Value, json};

/// One object a spectrum.
pub(in crate::cli) fn summaries<'d>(
    operator: &Operator,
    all: impl Iterator<Item = &'d Done>,
) -> Vec<Value> {
    let mut out = Vec::new();
    for done in all {
        for (k, (inversion, domain)) in done.inversions.iter().zip(&done.domains).enumerate() {
            let density = operator
                .meta
                .mean_density
                .zip(inversion.relative_density)
                .map(|(m, d)| m * d);
            let mut row = json!({
                "sample": done.loaded.names[k],
                "verdict": if domain.inside { "inside-domain" } else { "outside-domain" },
                "t2": domain.t2,
                "q": domain.q,
                "t2_share": domain.t2_share,
                "q_share": domain.q_share,
                "degrees_of_freedom": done.resolution.degrees_of_freedom,
                "bits": done.resolution.bits,
                "number_density": density,
                "scale": done.measurement.scale[k],
                "noise": done.measurement.channel.sigma[0],
                "noise_known": done.measurement.channel.sigma_known,
                "nuisances": done.measurement.nuisances.get(k).map(nuisances),
                "derived": inversion.derived,
                "active": inversion.active,
                "pseudo_inverse": done.pseudo.get(k).map(pseudo),
            });
            flatten(&mut row, done, k);
            out.push(row);
        }
    }
    out
}

/// Values, errors and correlations of what was fitted along.
fn nuisances(fit: &NuisanceFit) -> Value {
    let n = fit.parameters.len();
    let row = |i: usize| {
        (0..n)
            .map(|j| fit.correlations[(i, j)])
            .collect::<Vec<f64>>()
    };
    json!({
        "parameters": fit.parameters,
        "correlations": (0..n).map(row).collect::<Vec<_>>(),
        "log_evidence_gain": fit.log_evidence_gain,
    })
}

/// What a pseudo-inverse says of itself.
fn pseudo(found: &PseudoInversion) -> Value {
    json!({
        "lambda": found.lambda,
        "degrees_of_freedom": found.degrees_of_freedom,
        "noise_amplification": found.noise_amplification,
        "amplification_over_prior": found.amplification_over_prior,
        "curve": found.curve,
        "picard": found.picard,
    })
}

/// Adds what fits into cells of a table: the derived numbers, the nuisances, how many constraints held.
fn flatten(row: &mut Value, done: &Done, k: usize) {
    let inversion = &done.inversions[k];
    for number in &inversion.derived {
        row[number.name] = json!(number.value);
        row[format!("{}_low", number.name)] = json!(number.low);
        row[format!("{}_high", number.name)] = json!(number.high);
    }
    if let Some(cutoff) = done.cutoff {
        row["coordination_cutoff"] = json!(cutoff);
    }
    for found in done
        .measurement
        .nuisances
        .get(k)
        .iter()
        .flat_map(|n| &n.parameters)
    {
        row[format!("nuisance_{}", found.name)] = json!(found.value);
        row[format!("nuisance_{}_error", found.name)] = json!(found.error);
    }
    row["active_constraints"] = json!(inversion.active.len());
    if !done.alone.is_empty() {
        row["degrees_of_freedom_alone"] = json!(done.alone);
    }
    if let Some(found) = done.pseudo.get(k) {
        row["lambda"] = json!(found.lambda);
        row["noise_amplification"] = json!(found.noise_amplification);
    }
}

/// The columns of the table: what every spectrum has, then what some have, all of it a number or a word.
fn columns(rows: &[Value]) -> Vec<String> {
    const FIRST: [&str; 12] = [
        "sample",
        "verdict",
        "t2",
        "q",
        "t2_share",
        "q_share",
        "degrees_of_freedom",
        "bits",
        "number_density",
        "scale",
        "noise",
        "noise_known",
    ];
    let mut columns: Vec<String> = FIRST.iter().map(|c| (*c).to_owned()).collect();
    for (key, value) in rows.iter().filter_map(Value::as_object).flatten() {
        let nested = value.is_array() || value.is_object() || value.is_null();
        if !nested && !columns.contains(key) {
            columns.push(key.clone());
        }
    }
    columns
}

/// The same as a table, CSV.
pub(super) fn table(operator: &Operator, all: &[&Done]) -> Result<String> {
    let rows = summaries(operator, all.iter().copied());
    let columns = columns(&rows);
    let failed =
        |e: &dyn std::fmt::Display| Error::new("cannot write the summary").because(e.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&columns).map_err(|e| failed(&e))?;
    for row in &rows {
        let cell = |c: &str| match &row[c] {
            Value::String(s) => s.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
            other => other.to_string(),
        };
        out.write_record(columns.iter().map(|c| cell(c)))
            .map_err(|e| failed(&e))?;
    }
    let bytes = out.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}
