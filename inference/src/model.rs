//! Models: what scores a row, what is said about it, and why.
//!
//! [`Scorer`] is the only view that the rest of the crate has of a model; [`onnx`] is the only file that knows the ONNX
//! runtime. [`trees`] reads the same file to explain what the runtime computed. Nothing is scored before the file, its
//! manifest, its golden rows and the feature schema at hand agree.

pub mod error;
pub mod manifest;
pub mod onnx;
pub mod runtime;
pub mod set;
pub mod trees;

pub use error::ModelError;
pub use manifest::Manifest;
pub use set::{ModelSet, ScopeModel};

/// Scores rows of features: class probabilities in the order of the manifest's labels.
pub trait Scorer: Send {
    /// Scores `rows`, row after row of `width` values; gives one probability a label for each row, row after row.
    ///
    /// # Errors
    /// [`ModelError::Run`] if the runtime refuses the rows.
    fn score(&mut self, rows: &[f32], width: usize) -> Result<Vec<f32>, ModelError>;
}
