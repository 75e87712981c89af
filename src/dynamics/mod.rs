//! Moving the atoms: minimisation.
