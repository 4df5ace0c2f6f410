//! The class of a failure that no rule knows, by the words that its exceptions, messages and frames are made of.
//!
//! A linear model over hashed words, trained by `training/` and published as ONNX (`models/text/model.onnx`). It is read
//! when it is needed for the first time, and computed here: a sum over a few hundred rows of a table does not need a
//! runtime, and `explain` works where none is installed.

use streamwarden_proto::Class;
use streamwarden_proto::v1::LogEvent;

mod features;
mod figures;
mod onnx;

pub use features::{Features, WIDTH, features};
pub(crate) use figures::has_telling_figure;
pub use onnx::{TextModel, TextModelError};

/// What the words of a failure say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Likeliest class.
    pub class: Class,
    /// Its calibrated probability, 0 to 1.
    pub probability: f64,
    /// It is likely enough to be named; otherwise `unknown` is the honest answer.
    pub sure: bool,
}

/// How much better the odds of the words must be than those of a rule that they overrule.
const BETTER_ODDS: f64 = 1.25;

impl Judged {
    /// Whether the words weigh more than a rule of this confidence that says something else: both are probabilities.
    #[must_use]
    pub fn outweighs(&self, confidence: f64) -> bool {
        self.sure && odds(self.probability) >= BETTER_ODDS * odds(confidence)
    }
}

fn odds(probability: f64) -> f64 {
    probability / (1.0 - probability).max(f64::EPSILON)
}

impl TextModel {
    /// Judges an event by its words; it may be about nothing that is wrong.
    #[must_use]
    pub fn judge_event(&self, event: &LogEvent) -> Option<Judged> {
        self.judge(&of_event(event))
    }

    /// Judges an event that shows a failure by its words.
    #[must_use]
    pub fn judge_failed_event(&self, event: &LogEvent) -> Option<Judged> {
        self.judge_failure(&of_event(event))
    }
}

/// The features of an event.
#[must_use]
pub fn of_event(event: &LogEvent) -> Features {
    let chain = event.throwable.as_ref().map(|throwable| &throwable.chain);
    features(&event.logger, &event.text, chain.map_or(&[], Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;
    use streamwarden_proto::v1::ThrowableLink;

    #[derive(serde::Deserialize)]
    struct Golden {
        rows: Vec<Row>,
    }

    #[derive(serde::Deserialize)]
    struct Row {
        features: Vec<u32>,
        probabilities: Vec<f64>,
    }

    fn model() -> TextModel {
        TextModel::read(models::text()).unwrap()
    }

    fn judged(exception: &str, message: &str) -> Judged {
        let link = ThrowableLink {
            exception: exception.into(),
            message: message.into(),
            ..ThrowableLink::default()
        };
        model().judge_failure(&features("", "", &[link])).unwrap()
    }

    #[test]
    fn the_sum_is_the_one_that_the_onnx_runtime_computes() {
        let golden = include_str!("../models/text/golden.json");
        let golden: Golden = serde_json::from_str(golden).unwrap();
        assert!(golden.rows.len() > 5);
        let model = model();
        for row in golden.rows {
            let found = model.probabilities(&row.features.into_iter().collect());
            for ((_, one), other) in found.iter().zip(&row.probabilities) {
                assert!((one - other).abs() < 1e-4, "{one} is not {other}");
            }
        }
    }

    #[test]
    fn a_library_that_nobody_mined_gets_its_class_by_what_it_says() {
        for (exception, message, class) in [
            (
                "com.acme.store.StoreLoginFailedException",
                "access denied: wrong password for user shop",
                Class::SourceAuthFailure,
            ),
            (
                "io.vendor.VendorException",
                "duplicate value for unique key of table orders",
                Class::DuplicateKeyOrConstraint,
            ),
            (
                "dev.codec.CodecException",
                "could not decode record: unexpected end of input",
                Class::DeserializationFailure,
            ),
        ] {
            let found = judged(exception, message);
            assert!(found.sure && found.class == class, "{exception}: {found:?}");
        }
    }

    #[test]
    fn a_message_that_says_nothing_stays_unknown() {
        for (exception, message) in [
            ("a.b.FooException", "foo"),
            ("java.lang.RuntimeException", "qux 17"),
        ] {
            let found = judged(exception, message);
            assert!(!found.sure, "{exception}: {found:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        assert!(TextModel::read(b"no model").is_err());
        assert!(TextModel::read(&[]).is_err());
    }
}
