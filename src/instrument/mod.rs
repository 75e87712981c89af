//! What stands between sample and data, as linear maps, and the conventions of total scattering.
