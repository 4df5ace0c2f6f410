//! Real Kafka brokers that can be killed and come back with what they held.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use streamwarden_proto::Topic;
use tempfile::TempDir;

/// One broker. It ends with the test.
pub(crate) struct Broker {
    /// Where the test itself reaches it.
    pub(crate) address: String,
    /// The listener that tells clients to come to the proxy's port, if there is one.
    pub(crate) behind_proxy: Option<String>,
    folder: TempDir,
    proxy_port: Option<u16>,
}

/// Three brokers. They end with the test.
pub(crate) struct Cluster {
    /// All of them, with commas between.
    pub(crate) address: String,
    folder: TempDir,
}

/// Runs `deploy/dev/kafka.sh COMMAND FOLDER` and gives the words that it prints.
fn script(command: &str, folder: &Path, variables: &[(&str, String)]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/dev/kafka.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(command)
        .arg(folder)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(line.contains("plain="), "Kafka did not start: {line:?}");
    line.split_whitespace().map(str::to_owned).collect()
}

fn value(words: &[String], key: &str) -> Option<String> {
    let found = words.iter().find_map(|word| word.strip_prefix(key));
    found.map(str::to_owned)
}

fn pid(folder: &Path) -> Option<u32> {
    let pid = std::fs::read_to_string(folder.join("broker.pid"));
    pid.ok()?.trim().parse().ok()
}

fn kill(pid: Option<u32>) -> bool {
    let Some(pid) = pid else { return false };
    let mut command = Command::new("kill");
    let killed = command.args(["-KILL", &pid.to_string()]);
    killed.status().unwrap().success()
}

impl Broker {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// A second listener sends clients to this port, where a proxy waits for them.
    pub(crate) fn start_behind(proxy_port: u16) -> Self {
        Self::start_with(Some(proxy_port))
    }

    fn start_with(proxy_port: Option<u16>) -> Self {
        let mut broker = Self {
            address: String::new(),
            behind_proxy: None,
            folder: tempfile::tempdir().unwrap(),
            proxy_port,
        };
        (broker.address, broker.behind_proxy) = broker.up();
        broker
    }

    fn up(&self) -> (String, Option<String>) {
        let port = self.proxy_port.map(|port| ("PROXY_PORT", port.to_string()));
        let words = script("start", self.folder.path(), port.as_slice());
        let address = value(&words, "plain=").unwrap();
        (address, value(&words, "behind-proxy="))
    }

    /// Of the broker's own process.
    pub(crate) fn pid(&self) -> Option<u32> {
        pid(self.folder.path())
    }

    /// `kill -9`, then a new process on the same data.
    pub(crate) fn crash_and_start(&self) {
        assert!(kill(self.pid()), "the broker was gone already");
        assert_eq!(self.up().0, self.address);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        kill(self.pid());
    }
}

impl Cluster {
    /// Every topic has three copies; a record counts as written when so many have it.
    pub(crate) fn start(min_in_sync: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let in_sync = [("MIN_IN_SYNC", min_in_sync.to_string())];
        let words = script("cluster", folder.path(), &in_sync);
        let address = value(&words, "plain=").unwrap();
        Self { address, folder }
    }

    fn of(&self, node: usize) -> PathBuf {
        self.folder.path().join(node.to_string())
    }

    /// `kill -9` of one, from 1.
    pub(crate) fn kill(&self, node: usize) {
        assert!(kill(pid(&self.of(node))), "broker {node} was gone already");
    }

    /// A new process on the data of one that was killed.
    pub(crate) fn start_again(&self, node: usize) {
        script("start", &self.of(node), &[]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in 1..=3 {
            kill(pid(&self.of(node)));
        }
    }
}

/// Has the broker's own retention delete everything that a topic holds by now, and returns when it has.
pub(crate) fn let_retention_pass(broker: &str, topic: Topic) {
    let java = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chaos/Retention.java");
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/streamwarden");
    let cache = std::env::var_os("STREAMWARDEN_CACHE").map_or_else(home, PathBuf::from);
    let folders = std::fs::read_dir(cache).unwrap().flatten();
    let mut libraries = folders.map(|entry| entry.path().join("libs"));
    let libraries = libraries
        .find(|path| path.to_string_lossy().contains("/kafka-") && path.exists())
        .expect("deploy/dev/kafka.sh fetches Kafka");
    let done = Command::new("java")
        .arg("-cp")
        .arg(libraries.join("*"))
        .arg(java)
        .arg(broker)
        .arg(topic.name("streamwarden"))
        .stdin(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "retention did not delete");
}
