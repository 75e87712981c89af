//! A doubt, as a value: what was seen or assumed, with its numbers, and what to do about it.

use serde::{Deserialize, Serialize};

/// Something the user should know about a result: an assumption, a limit, a surprise.
///
/// `message` carries the numbers and `advice` ends in an action. `code` is a stable kebab-case name for scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name, e.g. `errors-unknown`.
    pub code: String,
    /// What was seen or assumed, with numbers.
    pub message: String,
    /// What the user can do.
    pub advice: String,
}

impl Finding {
    /// A finding; see the fields.
    pub fn new(code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            advice: advice.into(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.code, self.message, self.advice)
    }
}
