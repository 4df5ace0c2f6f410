//! Errors of the last minutes, counted by what they are about.

use std::collections::VecDeque;

use streamwarden_proto::Class;

/// Errors that ended longer ago are forgotten.
const REMEMBERED_MS: i64 = 300_000;
/// A storm of errors must not fill the memory; the newest count.
const REMEMBERED: usize = 512;

/// What errors are about, coarser than problem classes: one feature each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Resources,
    Memory,
    UserCode,
    Deserialization,
    TaskManagerLost,
    /// A process that stopped answering, but was not seen to end.
    Heartbeat,
    Checkpoint,
    Network,
    Source,
    Sink,
    Other,
}

impl Group {
    /// The group of a problem.
    pub(crate) fn of_problem(slug: &str, class: Class) -> Self {
        match slug {
            "taskmanager-heartbeat-lost" | "taskmanager-frozen" => Self::Heartbeat,
            _ => Self::of_class(class),
        }
    }

    /// The group of a problem's class.
    fn of_class(class: Class) -> Self {
        match class {
            Class::NoResourceAvailable
            | Class::NetworkBuffersInsufficient
            | Class::KubernetesOrYarnDeployment => Self::Resources,
            Class::HeapOom
            | Class::MetaspaceOom
            | Class::DirectMemoryOom
            | Class::ContainerKilledOom
            | Class::GcOverhead => Self::Memory,
            Class::RestartLoopUserException | Class::ClassloadingConflict => Self::UserCode,
            Class::DeserializationFailure | Class::SerializationTypeProblem => {
                Self::Deserialization
            }
            Class::TaskmanagerLost | Class::JobmanagerLeaderLost => Self::TaskManagerLost,
            Class::CheckpointTimeout
            | Class::CheckpointDeclinedOrFailed
            | Class::CheckpointStorageUnavailable
            | Class::StateGrowth
            | Class::SavepointIncompatible => Self::Checkpoint,
            Class::DnsOrNetwork | Class::RpcTimeout | Class::PortConflict => Self::Network,
            Class::SourceUnreachable | Class::SourceAuthFailure | Class::SourceOffsetProblem => {
                Self::Source
            }
            Class::SinkUnreachableOrRejected
            | Class::SinkTransactionFailure
            | Class::DuplicateKeyOrConstraint => Self::Sink,
            _ => Self::Other,
        }
    }
}

/// One error of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) at_ms: i64,
    pub(crate) group: Group,
    /// Follows from another error.
    pub(crate) consequence: bool,
}

/// Errors of one subject over time.
#[derive(Debug, Clone, Default)]
pub(crate) struct TroubleLog {
    troubles: VecDeque<Trouble>,
}

impl TroubleLog {
    pub(crate) fn add(&mut self, trouble: Trouble) {
        self.troubles.push_back(trouble);
        if self.troubles.len() > REMEMBERED {
            self.troubles.pop_front();
        }
    }

    /// Ends a window of the given length.
    pub(crate) fn close(&mut self, end_ms: i64, window_ms: i64) -> TroubleFigures {
        self.troubles
            .retain(|trouble| end_ms - trouble.at_ms < REMEMBERED_MS);
        TroubleFigures {
            end_ms,
            window_ms,
            troubles: self.troubles.iter().copied().collect(),
        }
    }
}

/// Errors as they stood at the end of a window.
#[derive(Debug, Clone, Default)]
pub(crate) struct TroubleFigures {
    end_ms: i64,
    window_ms: i64,
    troubles: Vec<Trouble>,
}

impl TroubleFigures {
    fn within(&self, span_ms: i64, fulfils: impl Fn(&Trouble) -> bool) -> f64 {
        let since_ms = self.end_ms - span_ms;
        let hits = self
            .troubles
            .iter()
            .filter(|trouble| trouble.at_ms >= since_ms && fulfils(trouble));
        hits.count() as f64
    }

    /// Errors of this window.
    pub(crate) fn in_window(&self) -> f64 {
        self.within(self.window_ms, |_| true)
    }

    /// Errors of the last minute.
    pub(crate) fn last_minute(&self) -> f64 {
        self.within(60_000, |_| true)
    }

    /// First causes of the last minute.
    pub(crate) fn causes_last_minute(&self) -> f64 {
        self.within(60_000, |trouble| !trouble.consequence)
    }

    /// Errors of the last minute that are about one thing.
    pub(crate) fn of(&self, group: Group) -> f64 {
        self.within(60_000, |trouble| trouble.group == group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_for_its_minute_and_is_forgotten_after_five() {
        let mut log = TroubleLog::default();
        log.add(Trouble {
            at_ms: 5_000,
            group: Group::Sink,
            consequence: false,
        });
        let now = log.close(10_000, 10_000);
        assert_eq!(
            (now.in_window(), now.of(Group::Sink), now.of(Group::Source)),
            (1.0, 1.0, 0.0)
        );
        let later = log.close(70_000, 10_000);
        assert_eq!((later.in_window(), later.last_minute()), (0.0, 0.0));
        log.close(400_000, 10_000);
        assert!(log.troubles.is_empty());
    }
}
