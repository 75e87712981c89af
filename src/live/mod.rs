//! Work that stays up: a folder that is watched, a local page that answers.
//!
//! Nothing here prints or sleeps: the verbs `watch` and `serve` do. The page is served to this machine alone and keeps nothing.

mod answer;
mod folder;
mod page;
mod server;

pub use answer::{Memory, Question, Settings, Upload, report};
pub use folder::Folder;
pub use server::Server;
