//! Estimators of the linear map, one file each.

pub mod ridge;
