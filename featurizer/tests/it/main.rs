//! What the featurizer promises to whoever pushes observations into it.

mod cluster;
mod determinism;
mod errors;
mod subjects;
mod tapes;
mod time;
