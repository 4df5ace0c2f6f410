//! The table of the text model, out of its ONNX file, and its sum.

use prost::Message;
use streamwarden_proto::Class;

use super::{Features, Judged, WIDTH};
use crate::models::onnx_file::Model;

/// Name of the table: a signed byte for each feature and class.
const TABLE: &str = "table";
/// Name of what a byte of each class is worth.
const SCALE: &str = "scale";
/// Name of the constant of each class.
const BIAS: &str = "bias";

/// Why a file is no text model.
#[derive(Debug, thiserror::Error)]
pub enum TextModelError {
    /// It is no ONNX file.
    #[error("the text model is no ONNX file")]
    Decode(#[source] prost::DecodeError),
    /// Something is missing, or has another size than the rest.
    #[error("the text model's {0} does not fit the rest of it")]
    Part(&'static str),
}

/// Weights of the words.
#[derive(Debug)]
pub struct TextModel {
    classes: Vec<Class>,
    table: Vec<u8>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    /// Probability from which a class is named.
    threshold: f64,
}

impl TextModel {
    /// Reads the ONNX file that `training/` writes.
    ///
    /// # Errors
    /// [`TextModelError`] if it is no such file.
    pub fn read(bytes: &[u8]) -> Result<Self, TextModelError> {
        let file = Model::decode(bytes).map_err(TextModelError::Decode)?;
        let labels: Vec<String> = file
            .property("labels")
            .and_then(|labels| serde_json::from_str(labels).ok())
            .ok_or(TextModelError::Part("list of classes"))?;
        let classes = labels.iter().map(|label| label.parse::<Class>().ok());
        let classes: Vec<Class> = classes
            .collect::<Option<_>>()
            .ok_or(TextModelError::Part("list of classes"))?;
        let threshold = file
            .property("threshold")
            .and_then(|threshold| threshold.parse().ok())
            .ok_or(TextModelError::Part("threshold"))?;
        let tensors = file.graph.unwrap_or_default().initializers;
        let raw = |name: &'static str| {
            let mut found = tensors.iter().filter(|tensor| tensor.name == name);
            found
                .next()
                .map(|tensor| tensor.raw.clone())
                .ok_or(TextModelError::Part(name))
        };
        let model = Self {
            table: raw(TABLE)?,
            scale: floats(&raw(SCALE)?),
            bias: floats(&raw(BIAS)?),
            classes,
            threshold,
        };
        let count = model.classes.len();
        let sizes = [
            (TABLE, model.table.len(), WIDTH as usize * count),
            (SCALE, model.scale.len(), count),
            (BIAS, model.bias.len(), count),
        ];
        for (name, size, expected) in sizes {
            if size != expected || count == 0 {
                return Err(TextModelError::Part(name));
            }
        }
        Ok(model)
    }

    /// Probability of each class, in the order of the file.
    #[must_use]
    pub fn probabilities(&self, features: &Features) -> Vec<(Class, f64)> {
        let mut sums = vec![0_i32; self.classes.len()];
        for index in features.iter() {
            let row = index as usize * sums.len();
            for (sum, byte) in sums.iter_mut().zip(&self.table[row..]) {
                *sum += i32::from(byte.cast_signed());
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "some hundred features")]
        let norm = (features.len().max(1) as f64).sqrt();
        let raw: Vec<f64> = sums
            .iter()
            .zip(self.scale.iter().zip(&self.bias))
            .map(|(sum, (scale, bias))| {
                f64::from(*sum) * f64::from(*scale) / norm + f64::from(*bias)
            })
            .collect();
        let highest = raw.iter().copied().fold(f64::MIN, f64::max);
        let powers: Vec<f64> = raw.iter().map(|raw| (raw - highest).exp()).collect();
        let all: f64 = powers.iter().sum();
        self.classes
            .iter()
            .zip(powers)
            .map(|(class, power)| (*class, power / all))
            .collect()
    }

    /// The likeliest class; none for a text without a word.
    #[must_use]
    pub fn judge(&self, features: &Features) -> Option<Judged> {
        self.likeliest(features, |_| true)
    }

    /// The likeliest class of what is known to have failed.
    #[must_use]
    pub fn judge_failure(&self, features: &Features) -> Option<Judged> {
        self.likeliest(features, |class| class != Class::Healthy)
    }

    fn likeliest(&self, features: &Features, may_be: impl Fn(Class) -> bool) -> Option<Judged> {
        if features.is_empty() {
            return None;
        }
        let mut all = self.probabilities(features);
        all.retain(|(class, _)| may_be(*class));
        let together: f64 = all.iter().map(|(_, probability)| probability).sum();
        let (class, probability) = all
            .into_iter()
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let probability = probability / together.max(f64::MIN_POSITIVE);
        Some(Judged {
            class,
            probability,
            sure: probability >= self.threshold && class != Class::Unknown,
        })
    }
}

fn floats(raw: &[u8]) -> Vec<f32> {
    let numbers = raw.chunks_exact(4);
    numbers
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect()
}
