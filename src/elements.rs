//! Masses and neutron scattering lengths of the elements, with their source.
