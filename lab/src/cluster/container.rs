//! Memory limits for single processes: a memory cgroup of its own is all that a container is, as far as memory goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tokio::process::Command;

/// A group cannot be removed before the kernel has buried the last process in it.
const BURIAL_LIMIT: Duration = Duration::from_secs(5);
const ROOT: &str = "/sys/fs/cgroup";
const WAY_OUT: &str = "run the lab as root (in Docker with --privileged --cgroupns=host), or leave out the scenarios \
     with `container = true`";

/// A process cannot be given a limit.
#[derive(Debug, thiserror::Error)]
#[error("no memory limit can be set at {}: {WAY_OUT}", .path.display())]
pub struct NoContainer {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// How the kernel's files are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A hierarchy of their own for the memory groups.
    V1,
    /// One hierarchy for everything.
    V2,
}

/// The group of one cluster, with one below it for each process.
#[derive(Debug)]
pub(super) struct Containers {
    layout: Layout,
    /// Go before the group that they are in.
    processes: Vec<Group>,
    group: Group,
}

/// How often the kernel has ended a process at one limit.
#[derive(Debug, Clone)]
pub struct Kills(PathBuf);

/// A folder of the kernel's that goes when it is dropped.
#[derive(Debug)]
struct Group(PathBuf);

impl Layout {
    fn of(root: &Path) -> Self {
        match root.join("memory/cgroup.procs").exists() {
            true => Self::V1,
            false => Self::V2,
        }
    }

    /// Where groups with a memory limit may be made.
    fn parent(self, root: &Path) -> PathBuf {
        match self {
            Self::V1 => root.join("memory"),
            Self::V2 => root.to_owned(),
        }
    }

    /// File and value of each setting; those that end in `true` may be missing.
    fn limits(self, bytes: u64) -> [(&'static str, String, bool); 2] {
        // Without the second one, a machine with swap space would swap instead of killing.
        match self {
            Self::V1 => [
                ("memory.limit_in_bytes", bytes.to_string(), false),
                ("memory.memsw.limit_in_bytes", bytes.to_string(), true),
            ],
            Self::V2 => [
                ("memory.max", bytes.to_string(), false),
                ("memory.swap.max", "0".to_owned(), true),
            ],
        }
    }

    fn events(self) -> &'static str {
        match self {
            Self::V1 => "memory.oom_control",
            Self::V2 => "memory.events",
        }
    }
}

impl Containers {
    /// Makes the group of a cluster.
    pub(super) fn new(name: &str) -> Result<Self, NoContainer> {
        Self::below(Path::new(ROOT), name)
    }

    fn below(root: &Path, name: &str) -> Result<Self, NoContainer> {
        let layout = Layout::of(root);
        let parent = layout.parent(root);
        hand_down(layout, &parent)?;
        let group = Group::create(parent.join(name))?;
        hand_down(layout, &group.0)?;
        Ok(Self {
            layout,
            processes: Vec::new(),
            group,
        })
    }

    /// A command that runs a program in a new container.
    pub(super) fn command(
        &mut self,
        name: &str,
        limit_bytes: u64,
        program: &str,
    ) -> Result<Command, NoContainer> {
        let group = Group::create(self.group.0.join(name))?;
        for (file, value, may_be_missing) in self.layout.limits(limit_bytes) {
            let path = group.0.join(file);
            if !may_be_missing || path.exists() {
                write(&path, &value)?;
            }
        }
        // The shell goes in and becomes the program: not a page of it is counted elsewhere.
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
            .arg(group.0.join("cgroup.procs"))
            .arg(program);
        self.processes.push(group);
        Ok(command)
    }

    /// What the kernel counts of one container.
    pub(super) fn kills(&self, name: &str) -> Kills {
        Kills(self.group.0.join(name).join(self.layout.events()))
    }
}

impl Kills {
    /// How many processes it has ended so far.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn count(&self) -> io::Result<u64> {
        let text = fs::read_to_string(&self.0)?;
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
            .ok_or_else(|| io::Error::other("this kernel does not count whom it kills"))
    }
}

impl Group {
    fn create(path: PathBuf) -> Result<Self, NoContainer> {
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(NoContainer { path, source }),
        }
    }
}

impl Drop for Group {
    #[expect(
        clippy::disallowed_methods,
        reason = "who is dropped cannot wait in any other way, and it takes milliseconds"
    )]
    fn drop(&mut self) {
        let started = Instant::now();
        while let Err(error) = fs::remove_dir(&self.0) {
            if started.elapsed() > BURIAL_LIMIT {
                tracing::warn!(%error, "{} is still there", self.0.display());
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// With the second layout, groups below have memory limits only where the group above says so.
fn hand_down(layout: Layout, group: &Path) -> Result<(), NoContainer> {
    if layout == Layout::V1 {
        return Ok(());
    }
    let path = group.join("cgroup.subtree_control");
    let handed = fs::read_to_string(&path).unwrap_or_default();
    match handed.split_whitespace().any(|one| one == "memory") {
        true => Ok(()),
        false => write(&path, "+memory"),
    }
}

/// The kernel's files are there already: one that is missing is not made.
fn write(path: &Path, value: &str) -> Result<(), NoContainer> {
    use std::io::Write;
    let opened = fs::OpenOptions::new().write(true).open(path);
    opened
        .and_then(|mut file| file.write_all(value.as_bytes()))
        .map_err(|source| NoContainer {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_below(root: &Path) -> String {
        let error = Containers::below(root, "lab-x").unwrap_err();
        format!("{:#}", anyhow::Error::new(error))
    }

    #[test]
    fn a_machine_without_groups_is_told_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let error = error_below(root.path());
        assert!(error.contains("cgroup.subtree_control"), "{error}");
        assert!(error.contains("--privileged"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }

    #[test]
    fn both_layouts_tell_whom_the_kernel_killed() {
        let folder = tempfile::tempdir().unwrap();
        let kills = |text: &str| {
            let path = folder.path().join("events");
            fs::write(&path, text).unwrap();
            Kills(path).count()
        };
        let v1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n";
        assert_eq!(kills(v1).unwrap(), 1);
        let v2 = "low 0\nhigh 0\nmax 812\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(kills(v2).unwrap(), 2);
        assert!(kills("oom_kill_disable 0\nunder_oom 0\n").is_err());
    }

    #[test]
    fn each_layout_has_its_own_names() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Layout::of(root.path()), Layout::V2);
        fs::create_dir(root.path().join("memory")).unwrap();
        fs::write(root.path().join("memory/cgroup.procs"), "").unwrap();
        assert_eq!(Layout::of(root.path()), Layout::V1);
        let limit = |layout: Layout| layout.limits(7).map(|(file, ..)| file);
        assert_eq!(limit(Layout::V1)[0], "memory.limit_in_bytes");
        assert_eq!(limit(Layout::V2)[0], "memory.max");
    }
}
