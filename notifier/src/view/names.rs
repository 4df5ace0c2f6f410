//! What the values of a feature record are called.
//!
//! The schema is the featurizer's; whoever starts the notifier hands it over.

use std::collections::HashMap;
use std::sync::Arc;

use streamwarden_proto::feature::FeatureSchema;
use streamwarden_proto::scope::Scope;

/// Names of values, by scope.
#[derive(Debug, Clone, Default)]
pub struct FeatureNames {
    scopes: HashMap<Scope, Arc<ScopeNames>>,
}

/// Names of one scope's values.
#[derive(Debug, Clone, Default)]
pub struct ScopeNames {
    fingerprint: String,
    index: HashMap<String, usize>,
    labels: Vec<(String, String)>,
}

impl FeatureNames {
    /// The names of these schemas.
    #[must_use]
    pub fn new<'a>(schemas: impl IntoIterator<Item = &'a FeatureSchema>) -> Self {
        let scopes = schemas.into_iter().map(|schema| {
            let features = schema.features.iter();
            let names = ScopeNames {
                fingerprint: schema.fingerprint(),
                index: features
                    .clone()
                    .enumerate()
                    .map(|(at, f)| (f.name.clone(), at))
                    .collect(),
                labels: features
                    .map(|f| (f.label.clone(), f.unit.to_owned()))
                    .collect(),
            };
            (schema.scope, Arc::new(names))
        });
        Self {
            scopes: scopes.collect(),
        }
    }

    /// Names of a scope's values, if the record was made with the same schema.
    #[must_use]
    pub fn scope(&self, scope: Scope, fingerprint: &str) -> Option<Arc<ScopeNames>> {
        let names = self.scopes.get(&scope)?;
        (names.fingerprint == fingerprint).then(|| Arc::clone(names))
    }

    /// Label and unit of a feature.
    #[must_use]
    pub fn words(&self, scope: Scope, feature: &str) -> Option<(&str, &str)> {
        let names = self.scopes.get(&scope)?;
        let (label, unit) = names.labels.get(*names.index.get(feature)?)?;
        Some((label, unit))
    }
}

impl ScopeNames {
    /// Position of a value.
    #[must_use]
    pub fn index_of(&self, feature: &str) -> Option<usize> {
        self.index.get(feature).copied()
    }
}
