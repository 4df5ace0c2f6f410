//! What a feature is, and how the schema of a scope is put together.

use std::sync::LazyLock;

use streamwarden_proto::feature::{FeatureDef, FeatureSchema};
use streamwarden_proto::scope::Scope;

use crate::features::FAMILIES;
use crate::history::{History, Span, Trend};
use crate::view::{JobView, TaskManagerView, VertexView};

/// One feature: its words and the function that makes its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feature<F> {
    name: &'static str,
    unit: &'static str,
    label: &'static str,
    description: &'static str,
    missing: &'static str,
    trend: Option<Trend>,
    value: F,
}

type JobValue = fn(&JobView<'_>) -> f64;
type VertexValue = fn(&VertexView<'_>) -> f64;
type TaskManagerValue = fn(&TaskManagerView<'_>) -> f64;

pub(crate) type JobFeature = Feature<JobValue>;
pub(crate) type VertexFeature = Feature<VertexValue>;
pub(crate) type TaskManagerFeature = Feature<TaskManagerValue>;

impl<F: Copy> Feature<F> {
    /// Name, unit, label (stands before a value), description (a sentence), meaning of "missing", value.
    pub(crate) const fn new(
        name: &'static str,
        unit: &'static str,
        label: &'static str,
        description: &'static str,
        missing: &'static str,
        value: F,
    ) -> Self {
        Self {
            name,
            unit,
            label,
            description,
            missing,
            trend: None,
            value,
        }
    }

    /// Adds the comparison with the last minute and the last five minutes.
    pub(crate) const fn with_trend(mut self, trend: Trend) -> Self {
        self.trend = Some(trend);
        self
    }

    fn defs(&self, family: &'static str) -> Vec<FeatureDef> {
        let mut defs = vec![FeatureDef {
            name: self.name.to_owned(),
            unit: self.unit,
            family,
            label: self.label.to_owned(),
            description: self.description.to_owned(),
            missing: self.missing,
        }];
        if let Some(trend) = self.trend {
            defs.extend(SPANS.map(|span| self.trend_def(family, trend, span)));
        }
        defs
    }

    fn trend_def(&self, family: &'static str, trend: Trend, span: Span) -> FeatureDef {
        let (suffix, past) = match span {
            Span::Minute => ("1m", "the minute before"),
            Span::FiveMinutes => ("5m", "the five minutes before"),
        };
        let (unit, how) = match trend {
            Trend::Difference => (self.unit, "minus the mean of"),
            Trend::Ratio => ("ratio", "against the mean of"),
        };
        FeatureDef {
            name: format!("{}_vs_{suffix}", self.name),
            unit,
            family,
            label: format!("{}, {how} {past}", self.label),
            description: format!("{} Compared: now {how} {past}.", self.description),
            missing: "too little of the past is known",
        }
    }
}

/// Spans that trends look back over, in the order of their features.
const SPANS: [Span; 2] = [Span::Minute, Span::FiveMinutes];

/// Features that belong together; one file each.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) job: &'static [JobFeature],
    pub(crate) vertex: &'static [VertexFeature],
    pub(crate) taskmanager: &'static [TaskManagerFeature],
}

/// Features of one scope and what they are made by.
pub(crate) struct ScopeFeatures<F: 'static> {
    features: Vec<&'static Feature<F>>,
    pub(crate) schema: FeatureSchema,
    pub(crate) fingerprint: String,
}

impl<F: Copy> ScopeFeatures<F> {
    fn new(scope: Scope, of: impl Fn(&'static Family) -> &'static [Feature<F>]) -> Self {
        let families = FAMILIES.iter().map(|family| (family.name, of(family)));
        let with_names = families
            .flat_map(|(name, features)| features.iter().map(move |feature| (name, feature)));
        let pairs: Vec<_> = with_names.collect();
        let defs = pairs
            .iter()
            .flat_map(|(family, feature)| feature.defs(family))
            .collect();
        let schema = FeatureSchema {
            scope,
            features: defs,
        };
        Self {
            features: pairs.into_iter().map(|(_, feature)| feature).collect(),
            fingerprint: schema.fingerprint(),
            schema,
        }
    }

    /// Values in the schema's order; the tracked ones go into the subject's history.
    pub(crate) fn values(
        &self,
        history: &mut History,
        window: i64,
        make: impl Fn(F) -> f64,
    ) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.schema.features.len());
        let mut tracked = Vec::new();
        for feature in &self.features {
            let now = make(feature.value);
            values.push(finite(now));
            if let Some(trend) = feature.trend {
                let figure = tracked.len();
                tracked.push(finite(now));
                let compared =
                    SPANS.map(|span| trend.compare(now, history.mean(figure, window, span)));
                values.extend(compared.map(finite));
            }
        }
        history.push(window, tracked.into_boxed_slice());
        values
    }
}

/// A value as it is written: what no number can say is missing, and no value is too large for the record.
fn finite(value: f64) -> f32 {
    if value.is_finite() {
        let value = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        // One zero and one NaN, so that equal features are equal bytes.
        if value == 0.0 { 0.0 } else { value }
    } else {
        f32::NAN
    }
}

pub(crate) static JOB: LazyLock<ScopeFeatures<JobValue>> =
    LazyLock::new(|| ScopeFeatures::new(Scope::Job, |family| family.job));
pub(crate) static VERTEX: LazyLock<ScopeFeatures<VertexValue>> =
    LazyLock::new(|| ScopeFeatures::new(Scope::Vertex, |family| family.vertex));
pub(crate) static TASKMANAGER: LazyLock<ScopeFeatures<TaskManagerValue>> =
    LazyLock::new(|| ScopeFeatures::new(Scope::TaskManager, |family| family.taskmanager));

/// Clusters have findings (nothing answers), but no features.
static CLUSTER: FeatureSchema = FeatureSchema {
    scope: Scope::Cluster,
    features: Vec::new(),
};

/// The feature schema of a scope; the one of [`Scope::Cluster`] is empty.
#[must_use]
pub fn schema(scope: Scope) -> &'static FeatureSchema {
    match scope {
        Scope::Job => &JOB.schema,
        Scope::Vertex => &VERTEX.schema,
        Scope::TaskManager => &TASKMANAGER.schema,
        Scope::Cluster => &CLUSTER,
    }
}
