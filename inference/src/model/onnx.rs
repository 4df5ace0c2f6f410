//! Scoring by the ONNX runtime. The only file that knows `ort`.

use std::error::Error;
use std::path::Path;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::{TensorElementType, TensorRef, ValueType};

use super::error::fits;
use super::manifest::{Golden, Manifest};
use super::{ModelError, Scorer};

/// The library is loaded once in a process, whatever it is asked for afterwards.
static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// Loads the library of the ONNX runtime, once.
///
/// # Errors
/// [`ModelError::RuntimeUnusable`] if it is no such library, or too old.
pub fn load_runtime(library: &Path) -> Result<(), ModelError> {
    environment(library).map(|_| ())
}

fn environment(library: &Path) -> Result<&'static Environment, ModelError> {
    let loaded = ENVIRONMENT.get_or_init(|| {
        let builder = ort::init_from(library).map_err(|error| error.to_string())?;
        let environment = builder.with_name("streamwarden").with_telemetry(false);
        environment.build().map_err(|error| error.to_string())
    });
    loaded
        .as_ref()
        .map_err(|reason| ModelError::RuntimeUnusable {
            path: library.to_path_buf(),
            reason: reason.clone(),
        })
}

/// One model in the ONNX runtime, on one thread.
pub struct OnnxScorer {
    name: String,
    session: Session,
    width: usize,
    output: String,
}

impl OnnxScorer {
    /// Loads a model and checks it against its manifest and its golden rows.
    ///
    /// # Errors
    /// [`ModelError`] that names what does not fit.
    pub fn load(
        library: &Path,
        bytes: &[u8],
        manifest: &Manifest,
        golden: &Golden,
    ) -> Result<Self, ModelError> {
        let environment = environment(library)?;
        let session =
            session(environment, bytes).map_err(|source| run_error(&manifest.name, source))?;
        check_shape(&session, manifest)?;
        let mut scorer = Self {
            name: manifest.name.clone(),
            session,
            width: manifest.features.len(),
            output: manifest.output.clone(),
        };
        scorer.check_golden(golden)?;
        Ok(scorer)
    }

    fn check_golden(&mut self, golden: &Golden) -> Result<(), ModelError> {
        for (row, expected) in golden.rows.iter().enumerate() {
            let values: Vec<f32> = expected
                .values
                .iter()
                .map(|value| value.unwrap_or(f32::NAN))
                .collect();
            let found = self.score(&values, self.width)?;
            let difference = largest_difference(&found, &expected.probabilities);
            if difference > golden.tolerance {
                return Err(ModelError::Golden {
                    model: self.name.clone(),
                    row,
                    difference,
                });
            }
        }
        Ok(())
    }

    fn run(&mut self, rows: &[f32]) -> Result<Vec<f32>, ort::Error> {
        let shape = [rows.len() / self.width, self.width];
        let input = TensorRef::from_array_view((shape, rows))?;
        let outputs = self.session.run(ort::inputs![input])?;
        let (_, values) = outputs[self.output.as_str()].try_extract_tensor::<f32>()?;
        Ok(values.to_vec())
    }
}

impl Scorer for OnnxScorer {
    fn score(&mut self, rows: &[f32], width: usize) -> Result<Vec<f32>, ModelError> {
        fits(
            &self.name,
            "the length of a row",
            &width.to_string(),
            &self.width.to_string(),
        )?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let name = self.name.clone();
        self.run(rows).map_err(|source| run_error(&name, source))
    }
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

fn run_error(model: &str, source: impl Error + Send + Sync + 'static) -> ModelError {
    ModelError::Run {
        model: model.to_owned(),
        source: Box::new(source),
    }
}

/// One thread: services are scaled by partitions, and one thread adds up in one order.
fn session(environment: &Environment, bytes: &[u8]) -> Result<Session, ort::Error> {
    Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .commit_from_memory(bytes)
}

fn check_shape(session: &Session, manifest: &Manifest) -> Result<(), ModelError> {
    let model = manifest.name.as_str();
    let [input] = session.inputs() else {
        return fits(
            model,
            "the number of its inputs",
            &session.inputs().len().to_string(),
            "1",
        );
    };
    let [output] = session.outputs() else {
        return fits(
            model,
            "the number of its outputs",
            &session.outputs().len().to_string(),
            "1",
        );
    };
    fits(
        model,
        "the name of its input",
        input.name(),
        &manifest.input,
    )?;
    fits(
        model,
        "the name of its output",
        output.name(),
        &manifest.output,
    )?;
    let width = manifest.features.len();
    check_type(model, "the type of its input", input.dtype(), width)?;
    check_type(
        model,
        "the type of its output",
        output.dtype(),
        manifest.labels.len(),
    )
}

fn check_type(
    model: &str,
    what: &'static str,
    found: &ValueType,
    width: usize,
) -> Result<(), ModelError> {
    let expected = format!("float32 [rows, {width}]");
    let found = match found {
        ValueType::Tensor { ty, shape, .. } => {
            let (rows, columns) = (shape.first().copied(), shape.get(1).copied());
            if *ty == TensorElementType::Float32
                && shape.len() == 2
                && rows == Some(-1)
                && columns == i64::try_from(width).ok()
            {
                return Ok(());
            }
            format!("{ty} {shape:?}")
        }
        other => format!("{other:?}"),
    };
    fits(model, what, &found, &expected)
}
