//! The same facts in lines for people.

use serde_json::Value;

/// Facts that are for programs only.
const UNTOLD: [&str; 5] = [
    "blake3",
    "findings",
    "recipe",
    "concentrations",
    "singular_values",
];

/// One line a fact; what belongs together is indented below its name.
pub(super) fn told(seen: &Value) -> String {
    let mut lines = Vec::new();
    for (key, value) in seen.as_object().into_iter().flatten() {
        if !UNTOLD.contains(&key.as_str()) && !value.is_null() {
            lines.push(format!(
                "{:<20}{}",
                key.replace('_', " "),
                worded(key, value)
            ));
        }
    }
    for finding in seen["findings"].as_array().into_iter().flatten() {
        let part = |key: &str| finding[key].as_str().unwrap_or_default();
        lines.push(format!("note: {} {}", part("message"), part("advice")));
    }
    lines.join("\n")
}

fn worded(key: &str, value: &Value) -> String {
    match (key, value) {
        ("peaks", Value::Array(peaks)) => listed(peaks.iter().map(|p| &p["x"])),
        ("notes" | "sources", Value::Array(pairs)) => pairs
            .iter()
            .map(|pair| indented(&short(&pair[0]), &short(&pair[1])))
            .collect(),
        (_, Value::Array(ends)) if ends.len() == 2 && ends[0].is_number() => {
            format!("{} to {}", short(&ends[0]), short(&ends[1]))
        }
        (_, Value::Array(values)) => listed(values.iter()),
        ("r" | "energy", grid) => format!(
            "{} {}, {} bins",
            worded("range", &grid["range"]),
            short(&grid["unit"]),
            grid["bins"]
        ),
        (_, Value::Object(facts)) => facts
            .iter()
            .map(|(key, value)| indented(&key.replace('_', " "), &worded(key, value)))
            .collect(),
        (_, value) => short(value),
    }
}

fn listed<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    values.map(short).collect::<Vec<_>>().join(", ")
}

fn indented(key: &str, value: &str) -> String {
    format!("\n  {key}: {value}")
}

/// Numbers to five significant digits, in exponent form where they are very small.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(known) => if *known { "given" } else { "unknown" }.to_owned(),
        number => match number.as_f64() {
            Some(x) if number.is_f64() && x != 0.0 && x.abs() < 1e-3 => format!("{x:.3e}"),
            Some(x) if number.is_f64() => format!("{x:.5}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            _ => number.to_string(),
        },
    }
}
