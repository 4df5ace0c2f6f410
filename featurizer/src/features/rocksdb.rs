//! RocksDB under the state, where its metrics are switched on.

use crate::metric::SubtaskMetric::{
    RocksdbCacheCapacity, RocksdbCacheUsage, RocksdbCompactionPending, RocksdbDelayedWriteRate,
    RocksdbWriteStopped,
};
use crate::schema::{Family, VertexFeature};
use crate::stats;

const OFF: &str = "no RocksDB, or its metrics are switched off";

pub(crate) const FAMILY: Family = Family {
    name: "rocksdb",
    vertex: &[
        VertexFeature::new(
            "rocksdb_write_stopped",
            "flag",
            "writes stopped",
            "1 if RocksDB stopped writes in any subtask.",
            OFF,
            |v| stats::max(v.own.of(RocksdbWriteStopped)),
        ),
        VertexFeature::new(
            "rocksdb_delayed_write_rate",
            "bytes/s",
            "delayed writes",
            "Rate that RocksDB slows writes down to, all subtasks together; 0: not slowed down.",
            OFF,
            |v| stats::sum(v.own.of(RocksdbDelayedWriteRate)),
        ),
        VertexFeature::new(
            "rocksdb_compaction_pending_share",
            "ratio",
            "subtasks with compactions pending",
            "Share of the subtasks whose RocksDB has compactions to do.",
            OFF,
            |v| stats::share(v.own.of(RocksdbCompactionPending), |pending| pending > 0.0),
        ),
        VertexFeature::new(
            "rocksdb_cache_usage",
            "ratio",
            "block cache in use",
            "Block cache in use against its size.",
            OFF,
            |v| {
                stats::ratio(
                    stats::sum(v.own.of(RocksdbCacheUsage)),
                    stats::sum(v.own.of(RocksdbCacheCapacity)),
                )
            },
        ),
    ],
    job: &[],
    taskmanager: &[],
};
