//! What stands beside a cluster: a Kafka broker with somebody who writes to it, a service that is asked, a small disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::config::QUICK_COMPILER;
use crate::machine;

/// Topics that the lab's jobs read, with their partitions.
const FED_TOPICS: [(&str, u32); 2] = [("shipments", 4), ("meters", 2)];
/// Topics that they write.
const WRITTEN_TOPICS: [(&str, u32); 2] = [("routes", 2), ("bills", 2)];

/// A broker of one cluster, and the process that writes to its topics.
pub(crate) struct Broker {
    script: PathBuf,
    tool: PathBuf,
    folder: PathBuf,
    jars: String,
    address: String,
    feed: Option<Child>,
}

impl Broker {
    /// Starts a broker with all topics, and somebody who writes to them at the rate of the control file.
    pub(super) async fn start(lab: &Path, work: &Path) -> io::Result<Self> {
        let mut broker = Self {
            script: lab.join("../deploy/dev/kafka.sh"),
            tool: lab.join("jobs/broker/Broker.java"),
            folder: work.join("kafka"),
            jars: String::new(),
            address: String::new(),
            feed: None,
        };
        broker.start_process().await?;
        let topics = FED_TOPICS.iter().chain(&WRITTEN_TOPICS);
        let mut create = vec!["create".to_owned()];
        create.extend(topics.flat_map(|(name, parts)| [(*name).to_owned(), parts.to_string()]));
        broker.tell(&create).await?;
        let mut feed = broker.java();
        feed.arg("feed").arg(work.join("control.properties"));
        feed.args(FED_TOPICS.map(|(name, _)| name));
        broker.feed = Some(feed.kill_on_drop(true).spawn()?);
        Ok(broker)
    }

    /// `HOST:PORT`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    async fn start_process(&mut self) -> io::Result<()> {
        let output = Command::new(&self.script)
            .arg("start")
            .arg(&self.folder)
            .env("JAVA_TOOL_OPTIONS", QUICK_COMPILER)
            .stderr(Stdio::inherit())
            .output()
            .await?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let address = answer
            .split_whitespace()
            .find_map(|word| word.strip_prefix("plain="));
        let address = address.ok_or_else(|| io::Error::other("the Kafka broker did not start"))?;
        address.clone_into(&mut self.address);
        self.jars = jars(self.pid()?)?;
        Ok(())
    }

    fn pid(&self) -> io::Result<u32> {
        let text = fs::read_to_string(self.folder.join("broker.pid"))?;
        text.trim().parse().map_err(io::Error::other)
    }

    fn java(&self) -> Command {
        let mut command = Command::new("java");
        command
            .args(["-Xmx128m", "-XX:+UseSerialGC", QUICK_COMPILER])
            .args(["-cp", &self.jars])
            .arg(&self.tool)
            .arg(&self.address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// One thing to be done to the broker: see `jobs/broker/Broker.java`.
    pub(crate) async fn tell(&self, what: &[String]) -> io::Result<()> {
        let status = self.java().args(what).status().await?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the broker was not told to {}",
            what.join(" ")
        )))
    }

    /// Sends a signal to the broker's process.
    pub(crate) async fn signal(&self, name: &str) -> io::Result<()> {
        machine::signal(self.pid()?, name).await
    }

    /// Starts it again after it was killed, at the same address and with what it held.
    pub(crate) async fn start_again(&mut self) -> io::Result<()> {
        self.start_process().await
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Ok(pid) = self.pid() {
            let ended = std::process::Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .stderr(Stdio::null())
                .status();
            if let Err(error) = ended {
                tracing::warn!(%error, "the Kafka broker may still run");
            }
        }
    }
}

/// The class path of a running JVM.
fn jars(pid: u32) -> io::Result<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline"))?;
    let mut words = line
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy)
        .skip_while(|word| word != "-cp");
    words
        .nth(1)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| io::Error::other("the Kafka broker has no class path"))
}

/// The service that the asynchronous lookups ask: a process of its own that follows the control file.
pub(super) fn start_service(jar: &Path, work: &Path) -> io::Result<(u16, Child)> {
    let [port] = machine::free_ports()?;
    let child = Command::new("java")
        .args(["-Xmx96m", "-XX:+UseSerialGC", QUICK_COMPILER, "-cp"])
        .arg(jar)
        .args(["io.streamwarden.lab.LookupService", &port.to_string()])
        .arg(work.join("control.properties"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok((port, child))
}

/// A file system of a few megabytes; needs the right to mount.
pub(super) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(super) fn mount(folder: PathBuf, megabytes: u32) -> io::Result<Self> {
        fs::create_dir(&folder)?;
        let status = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(&folder)
            .status()?;
        if status.success() {
            return Ok(Self(folder));
        }
        Err(io::Error::other(
            "a small disk cannot be mounted; it needs root",
        ))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the processes that use it are being ended.
        let ended = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
        if let Err(error) = ended {
            tracing::warn!(%error, "{} is still mounted", self.0.display());
        }
    }
}
