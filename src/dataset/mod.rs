//! Many samples of one material: recipe, generation, store.

pub mod blocks;
pub mod descriptors;
pub mod generate;
mod observe;
mod parts;
pub mod recipe;
mod sample;
mod sobol;
mod start;
pub mod store;

pub use recipe::Recipe;
pub use sample::Row;
pub use store::Dataset;
