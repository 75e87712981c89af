//! Moving the atoms: minimisation, melting and quenching.

mod landscape;
pub mod langevin;
mod line_search;
pub mod minimise;
