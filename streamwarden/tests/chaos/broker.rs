//! A real Kafka broker that can be killed and comes back with what it held.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// It ends with the test.
pub(crate) struct Broker {
    pub(crate) address: String,
    folder: TempDir,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/dev/kafka.sh")
}

fn start(folder: &Path) -> String {
    let output = Command::new("bash")
        .arg(script())
        .arg("start")
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = line.split_whitespace();
    let plain = words.find_map(|word| word.strip_prefix("plain="));
    plain
        .unwrap_or_else(|| panic!("Kafka did not start: {line:?}"))
        .to_owned()
}

impl Broker {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = start(folder.path());
        Self { address, folder }
    }

    /// `kill -9`, then a new process on the same data.
    pub(crate) fn crash_and_start(&self) {
        self.signal("-KILL");
        let address = start(self.folder.path());
        assert_eq!(address, self.address);
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("broker.pid"));
        let Ok(pid) = pid else { return };
        let killed = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(killed.unwrap().success(), "the broker was gone already");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.signal("-KILL");
    }
}
