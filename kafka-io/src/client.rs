//! Settings that all clients share.
