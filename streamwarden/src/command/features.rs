//! `streamwarden features`: what the models see.

use serde_json::json;
use streamwarden_featurizer::schema;
use streamwarden_proto::scope::Scope;

use crate::cli::Format;
use crate::progress::say;

/// Prints the schema of every scope: one feature a line.
pub(super) fn features(format: Format) {
    for scope in Scope::MODELLED {
        let schema = schema(scope);
        let fingerprint = schema.fingerprint();
        if format == Format::Text {
            say(&format!(
                "{} (schema {fingerprint}, {} features)",
                scope.as_str(),
                schema.features.len()
            ));
        }
        for feature in &schema.features {
            match format {
                Format::Text => {
                    let unit = format!("[{}]", feature.unit);
                    say(&format!(
                        "  {:<40} {unit:<14} {}",
                        feature.name, feature.description
                    ));
                }
                Format::Json => say(&json!({
                    "scope": scope,
                    "schema_fingerprint": fingerprint,
                    "name": feature.name,
                    "unit": feature.unit,
                    "family": feature.family,
                    "label": feature.label,
                    "description": feature.description,
                    "missing": feature.missing,
                })
                .to_string()),
            }
        }
    }
}
