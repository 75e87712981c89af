//! Do a spectrum and a pair distribution function belong to the same glass?
