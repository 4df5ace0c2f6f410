//! What the kernel says while a recording runs, written down as syslog does it: a collector beside Flink finds it in a
//! file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const KERNEL: &str = "/dev/kmsg";
/// `O_NONBLOCK` of Linux: a read that finds nothing new must not wait.
const WITHOUT_WAITING: i32 = 0o4000;
/// The kernel refuses to hand out a record to less room.
const LONGEST_RECORD_BYTES: usize = 8 << 10;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// From this number on, a record is some program's and not the kernel's own.
const FIRST_OF_PROGRAMS: u32 = 8;
/// The machine's own name is nobody's business.
const HOST: &str = "node-1";

/// A log that is written until it is dropped.
pub struct KernelLog {
    folder: PathBuf,
    writing: JoinHandle<()>,
}

impl KernelLog {
    /// Begins an empty `kernel.log` in a folder.
    ///
    /// # Errors
    /// If the file cannot be written or the kernel's log not be read.
    pub fn follow(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let file = File::create(folder.join("kernel.log"))?;
        let mut kernel = File::options()
            .read(true)
            .custom_flags(WITHOUT_WAITING)
            .open(KERNEL)?;
        // What was said before belongs to other runs.
        kernel.seek(SeekFrom::End(0))?;
        let writing = tokio::spawn(async move {
            if let Err(error) = write_down(kernel, file).await {
                tracing::warn!(%error, "the kernel's log is not written any further");
            }
        });
        Ok(Self { folder, writing })
    }

    /// Where the file is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for KernelLog {
    fn drop(&mut self) {
        self.writing.abort();
    }
}

async fn write_down(mut kernel: File, mut file: File) -> io::Result<()> {
    let mut record = vec![0; LONGEST_RECORD_BYTES];
    loop {
        match kernel.read(&mut record) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&record[..length]);
                if let Some(line) = syslog_line(&text, Timestamp::now()) {
                    file.write_all(line.as_bytes())?;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(LOOK_EVERY).await,
            // The kernel has overwritten the record; the next read is of the oldest one left.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The line of one record (`PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT`); none for records of programs.
fn syslog_line(record: &str, now: Timestamp) -> Option<String> {
    let (head, text) = record.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let up_us: u64 = fields.nth(1)?.parse().ok()?;
    if priority >= FIRST_OF_PROGRAMS {
        return None;
    }
    // Lines that follow tell programs what the first one tells people.
    let text = text.lines().next()?;
    let time = now.to_zoned(TimeZone::UTC).strftime("%b %e %H:%M:%S");
    let (up_s, rest_us) = (up_us / 1_000_000, up_us % 1_000_000);
    Some(format!(
        "{time} {HOST} kernel: [{up_s:5}.{rest_us:06}] {text}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_the_kernel_become_lines_of_syslog() {
        let now: Timestamp = "2026-12-01T03:16:27.5Z".parse().unwrap();
        let record = "3,1021,337429580,-;Memory cgroup out of memory: Killed process 8258 (java)\n SUBSYSTEM=x\n";
        assert_eq!(
            syslog_line(record, now).unwrap(),
            "Dec  1 03:16:27 node-1 kernel: [  337.429580] Memory cgroup out of memory: Killed process 8258 (java)\n"
        );
        assert_eq!(syslog_line("30,1022,337429581,-;sshd: hello\n", now), None);
        assert_eq!(syslog_line("torn", now), None);
    }
}
