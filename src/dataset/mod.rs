//! Many samples of one material: recipe, generation, store.

mod axes;
pub mod blocks;
pub mod descriptors;
pub mod generate;
pub mod kappa;
pub mod observable;
mod observe;
mod parts;
pub mod raman;
pub mod recipe;
mod sample;
pub mod settings;
mod sobol;
mod start;
pub mod store;

pub use observable::Observable;
pub use recipe::Recipe;
pub use sample::Row;
pub use store::Dataset;
