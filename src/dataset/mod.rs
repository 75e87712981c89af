//! Many samples of one material: recipe, generation, store.
