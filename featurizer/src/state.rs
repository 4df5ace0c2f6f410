//! What is remembered of the subjects between windows, bounded in time and number.

pub(crate) mod checkpoints;
pub(crate) mod job;
pub(crate) mod process;
pub(crate) mod troubles;
pub(crate) mod vertex;
pub(crate) mod watermarks;
