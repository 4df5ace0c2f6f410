//! Logs over REST. Flink sends whole files and knows no ranges; what was read before is skipped while it streams.

use super::directory::{Directory, Listed};
use super::tail::Tail;
use crate::flink::answers::processes::LogList;
use crate::flink::{RestError, query};
use crate::watcher::context::PollContext;

/// All files of a process's log directory.
pub(super) async fn list(
    context: &PollContext<'_>,
    directory: &Directory,
) -> Result<Vec<Listed>, RestError> {
    let answer: LogList = context.client.get_json(&path(directory)).await?;
    let listed = |file: crate::flink::answers::processes::LogFile| Listed {
        name: file.name,
        size_bytes: file.size.whole().unwrap_or_default(),
        changed_at_ms: file.mtime.time_ms(),
        inode: None,
    };
    Ok(answer.logs.into_iter().map(listed).collect())
}

/// Hands the tail what it wants.
pub(super) async fn read(
    context: &PollContext<'_>,
    directory: &Directory,
    name: &str,
    tail: &mut Tail,
) -> Result<(), RestError> {
    let path = format!("{}/{}", path(directory), query::encode(name));
    let from_byte = if tail.wants_head() { 0 } else { tail.offset() };
    let mut body = context.client.stream(&path, from_byte).await?;
    let mut position = if body.is_partial() { from_byte } else { 0 };
    while let Some(chunk) = body.chunk().await? {
        if !tail.consume(position, &chunk) {
            break;
        }
        position += chunk.len() as u64;
    }
    Ok(())
}

fn path(directory: &Directory) -> String {
    match directory {
        Directory::TaskManager(id) => format!("/taskmanagers/{}/logs", query::encode(id)),
        Directory::JobManager | Directory::Local(_) => "/jobmanager/logs".to_owned(),
    }
}
