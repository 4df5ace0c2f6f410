//! Log directories on this machine.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use super::directory::Listed;
use super::tail::Tail;

const BLOCK_BYTES: usize = 128 << 10;

/// All plain files.
pub(super) async fn list(path: &Path) -> io::Result<Vec<Listed>> {
    let mut entries = fs::read_dir(path).await?;
    let mut listed = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        // A file may go between listing and asking.
        let Ok(metadata) = fs::metadata(entry.path()).await else {
            continue;
        };
        if !metadata.is_file() {
            continue;
        }
        let changed = metadata
            .modified()
            .ok()
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        listed.push(Listed {
            name: entry.file_name().to_string_lossy().into_owned(),
            size_bytes: metadata.len(),
            changed_at_ms: changed.and_then(|since| i64::try_from(since.as_millis()).ok()),
            inode: Some(metadata.ino()),
        });
    }
    Ok(listed)
}

/// Hands the tail what it wants.
pub(super) async fn read(path: &Path, tail: &mut Tail) -> io::Result<()> {
    let mut file = match File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut block = vec![0; BLOCK_BYTES];
    if tail.wants_head() {
        file.seek(SeekFrom::Start(tail.head_seen())).await?;
        let read = file.read(&mut block).await?;
        tail.look_at_head(&block[..read]);
    }
    let mut position = tail.offset();
    file.seek(SeekFrom::Start(position)).await?;
    loop {
        let read = file.read(&mut block).await?;
        if read == 0 || !tail.consume(position, &block[..read]) {
            return Ok(());
        }
        position += read as u64;
    }
}
