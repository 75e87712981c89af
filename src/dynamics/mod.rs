//! Moving the atoms: minimisation.

mod landscape;
mod line_search;
pub mod minimise;
