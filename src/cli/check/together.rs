//! One verdict for several spectra of a sample beside its PDF.

use crate::consistency::Answer;
use crate::consistency::verdict::together;
use crate::curve::Quantity;
use crate::finding::Finding;
use serde_json::{Value, json};

/// The verdict of one of several spectra.
pub(super) struct Part {
    pub(super) quantity: Quantity,
    pub(super) answer: Answer,
    pub(super) p_value: f64,
}

/// The verdict of all of them.
pub(super) struct Joint {
    pub(super) answer: Answer,
    p_value: f64,
    parts: Vec<Part>,
}

impl Joint {
    pub(super) fn of(parts: Vec<Part>) -> Self {
        let each: Vec<(Answer, f64)> = parts.iter().map(|p| (p.answer, p.p_value)).collect();
        let (answer, p_value) = together(&each);
        Self {
            answer,
            p_value,
            parts,
        }
    }

    pub(super) fn finding(&self) -> Finding {
        let each: Vec<String> = (self.parts.iter())
            .map(|p| format!("{} {} (p = {:.3})", p.quantity, p.answer.name(), p.p_value))
            .collect();
        Finding::new(
            "judged-together",
            format!(
                "{} spectra of this sample beside its PDF, together: {}, p = {:.3} (the smallest, times their number). Each: {}.",
                self.parts.len(),
                self.answer.name(),
                self.p_value,
                each.join(", ")
            ),
            "The rest of what is told here is of the first spectrum; check the others alone for theirs.",
        )
    }

    pub(super) fn object(&self) -> Value {
        let part =
            |p: &Part| json!({ "quantity": p.quantity, "verdict": p.answer, "p_value": p.p_value });
        json!({
            "verdict": self.answer,
            "p_value": self.p_value,
            "spectra": self.parts.iter().map(part).collect::<Vec<_>>(),
        })
    }
}
