//! The services as processes, and what they cost.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// `/proc` counts processor time in these.
const TICKS_PER_SECOND: f64 = 100.0;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// One service.
pub(crate) struct Process {
    pub(crate) name: String,
    child: Child,
    admin_port: u16,
    quota: Option<PathBuf>,
}

/// Where services run: a folder with their configuration.
pub(crate) struct Home(pub(crate) TempDir);

fn binary() -> PathBuf {
    let named = std::env::var_os("STREAMWARDEN_BINARY").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_streamwarden").into())
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Home {
    pub(crate) fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("streamwarden.toml"), configuration).unwrap();
        Self(folder)
    }

    /// Starts `NAME-NUMBER`. `cores` limits it, where this process may do so (root, cgroup v1).
    pub(crate) fn start(
        &self,
        name: &str,
        variables: &[(&str, &str)],
        cores: Option<f64>,
    ) -> Process {
        let admin_port = free_port();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.0.path().join(format!("{name}.log")))
            .unwrap();
        let child = Command::new(binary())
            .arg(name.split('-').next().unwrap())
            .current_dir(self.0.path())
            .env(
                "STREAMWARDEN_ADMIN__LISTEN",
                format!("127.0.0.1:{admin_port}"),
            )
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let quota = cores.and_then(|cores| limit(child.id(), cores));
        Process {
            name: name.to_owned(),
            child,
            admin_port,
            quota,
        }
    }
}

/// A group of its own with a share of the processor.
fn limit(pid: u32, cores: f64) -> Option<PathBuf> {
    let group = PathBuf::from(format!("/sys/fs/cgroup/cpu/streamwarden-bench-{pid}"));
    fs::create_dir(&group).ok()?;
    let period_us = 20_000.0;
    let write = |file: &str, text: String| fs::write(group.join(file), text);
    let done = write("cpu.cfs_period_us", format!("{period_us}"))
        .and_then(|()| {
            write(
                "cpu.cfs_quota_us",
                format!("{}", (period_us * cores).round()),
            )
        })
        .and_then(|()| write("cgroup.procs", pid.to_string()));
    done.is_ok().then_some(group)
}

impl Process {
    pub(crate) fn is_limited(&self) -> bool {
        self.quota.is_some()
    }

    /// Processor seconds since its start.
    pub(crate) fn cpu_s(&self) -> f64 {
        cpu_s(self.child.id())
    }

    /// Resident memory in MB.
    pub(crate) fn resident_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|rest| rest.split_whitespace().next());
        kilobytes
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
            / 1_024.0
    }

    /// Its own metrics, summed over labels.
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        let text = get(self.admin_port).unwrap_or_default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let name = name.split('{').next().unwrap_or_default();
            let value: f64 = value.parse().unwrap_or_default();
            *sums.entry(name.to_owned()).or_default() += value;
        }
        sums
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        self.metrics().get(name).copied().unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(group) = &self.quota {
            let _ = fs::remove_dir(group);
        }
    }
}

/// Processor seconds of any process.
pub(crate) fn cpu_s(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything.
    let figures = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let used = figures.split_whitespace().skip(11).take(2);
    used.filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

fn get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(ANSWER_LIMIT)).ok()?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
