//! From a vibrational spectrum of a glass to its pair distribution function, back again, and an honest
//! answer to whether two measurements agree.
//!
//! Two rivers meet in one operator. Simulated glasses ([`atoms`] → [`potentials`] → [`dynamics`] →
//! [`vibrations`] → [`observables`] → [`dataset`]) and measured files ([`io`] → [`curve`] → [`instrument`])
//! meet in the linear map `y = W g + b` of the [`operator`]; [`inverse`], [`consistency`] and [`report`]
//! stand on it. A module imports only from the floors below it (`tests/floors.rs` checks that).
//!
//! The idea is that of arXiv:2602.05313 (Wang, Cheng and Chen, 2026).

pub mod atoms;
pub mod cli;
pub mod consistency;
pub mod curve;
pub mod dataset;
pub mod dynamics;
pub mod elements;
pub mod error;
pub mod finding;
pub mod grid;
pub mod instrument;
pub mod inverse;
pub mod io;
pub mod live;
pub mod observables;
pub mod operator;
pub mod potentials;
pub mod report;
pub mod units;
pub mod vibrations;
