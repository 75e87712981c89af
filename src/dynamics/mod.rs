//! Moving the atoms: minimisation, molecular dynamics, melting and quenching.

mod evaluator;
mod landscape;
mod line_search;
mod load;
pub mod minimise;
pub mod quench;
pub mod run;
