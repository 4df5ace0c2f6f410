//! The topics: names, partitions, what is kept.

/// Every topic of the system. Names carry a prefix that can be configured (`streamwarden`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// What to watch.
    Clusters,
    /// What the collectors saw.
    Raw,
    /// What the featurizers made of it.
    Features,
    /// The public topic: findings opened, updated, resolved.
    Recommendations,
    /// What is open now: inference's own memory.
    Findings,
    /// What a person or the outcome said of a finding.
    Feedback,
    /// Records that could not be decoded.
    DeadLetter,
}

/// What Kafka keeps of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// The newest record of each key.
    Compacted,
    /// Records younger than this.
    ForMs(i64),
    /// Everything.
    Forever,
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Topic {
    /// All topics.
    pub const ALL: [Self; 7] = [
        Self::Clusters,
        Self::Raw,
        Self::Features,
        Self::Recommendations,
        Self::Findings,
        Self::Feedback,
        Self::DeadLetter,
    ];

    /// The name behind the prefix: `raw` of `streamwarden.raw`.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Raw => "raw",
            Self::Features => "features",
            Self::Recommendations => "recommendations",
            Self::Findings => "findings",
            Self::Feedback => "feedback",
            Self::DeadLetter => "dead-letter",
        }
    }

    /// The full name under a prefix.
    #[must_use]
    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}.{}", self.suffix())
    }

    /// The topic whose suffix this is.
    #[must_use]
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.suffix() == suffix)
    }

    /// What Kafka is asked to keep.
    #[must_use]
    pub fn retention(self) -> Retention {
        match self {
            Self::Clusters | Self::Findings => Retention::Compacted,
            Self::Raw => Retention::ForMs(DAY_MS),
            Self::Features | Self::Recommendations => Retention::ForMs(30 * DAY_MS),
            Self::Feedback => Retention::Forever,
            Self::DeadLetter => Retention::ForMs(7 * DAY_MS),
        }
    }
}
