//! From a measured spectrum to a pair distribution function with its uncertainty.
