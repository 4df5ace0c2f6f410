//! What the featurizer promises to whoever pushes observations into it.

mod cluster;
mod determinism;
mod errors;
mod pipeline;
mod subjects;
mod tapes;
mod time;
