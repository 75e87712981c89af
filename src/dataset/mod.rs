//! Many samples of one material: recipe, generation, store.

pub mod generate;
pub mod recipe;
pub mod store;

pub use recipe::Recipe;
pub use store::Dataset;
