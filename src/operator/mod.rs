//! The trained map between structure and spectrum, in both directions.
