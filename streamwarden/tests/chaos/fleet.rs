//! The services as processes, restarted when they end, as docker compose does it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Who runs: two of everything that shares work.
pub(crate) const NAMES: [&str; 7] = [
    "collector-1",
    "featurizer-1",
    "featurizer-2",
    "inference-1",
    "inference-2",
    "notifier-1",
    "notifier-2",
];

/// How the processes belong to their consumer groups.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Under names of their own: a restart moves no partitions.
    Static,
    /// For as long as they live.
    Dynamic,
}

/// All processes; dropping it kills them.
pub(crate) struct Fleet {
    folder: TempDir,
    membership: Membership,
    running: BTreeMap<&'static str, Child>,
    left_out: BTreeSet<&'static str>,
    /// Who is another program than the one of today.
    programs: BTreeMap<&'static str, PathBuf>,
    /// How often one ended although nobody killed it, and with what.
    pub(crate) ended_by_itself: BTreeMap<String, usize>,
}

impl Fleet {
    /// Starts these. The configuration is theirs in common.
    pub(crate) fn start(
        configuration: &str,
        names: &[&'static str],
        membership: Membership,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("streamwarden.toml"), configuration).unwrap();
        let mut fleet = Self {
            folder,
            membership,
            running: BTreeMap::new(),
            left_out: BTreeSet::new(),
            programs: BTreeMap::new(),
            ended_by_itself: BTreeMap::new(),
        };
        for name in names {
            fleet.start_one(name);
        }
        fleet
    }

    pub(crate) fn start_one(&mut self, name: &'static str) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(format!("{name}.log")))
            .unwrap();
        let service = name.split('-').next().unwrap();
        let variable = match self.membership {
            Membership::Static => "STREAMWARDEN_KAFKA__INSTANCE_ID",
            // Of one host, whose name it would be.
            Membership::Dynamic => "STREAMWARDEN_INFERENCE__TRANSACTIONAL_ID",
        };
        let today = || PathBuf::from(env!("CARGO_BIN_EXE_streamwarden"));
        let program = self.programs.get(name).cloned().unwrap_or_else(today);
        let child = Command::new(program)
            .arg(service)
            .current_dir(self.folder.path())
            .env(variable, name)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running.insert(name, child);
    }

    /// `kill -9`, in the middle of whatever it does.
    pub(crate) fn kill(&mut self, name: &'static str) {
        if let Some(mut child) = self.running.remove(name) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the end that follows from it.
    pub(crate) fn stop(&mut self, name: &'static str) {
        if let Some(mut child) = self.running.remove(name) {
            let pid = child.id().to_string();
            let asked = Command::new("kill").args(["-TERM", &pid]).status();
            assert!(asked.unwrap().success());
            let status = child.wait().unwrap();
            assert!(status.success(), "{name} ends with {status}");
        }
    }

    /// Stops one in peace and starts it as another program, or as the one of today.
    pub(crate) fn replace(&mut self, name: &'static str, program: Option<&PathBuf>) {
        self.stop(name);
        match program {
            Some(program) => self.programs.insert(name, program.clone()),
            None => self.programs.remove(name),
        };
        self.start_one(name);
    }

    /// It goes and stays away.
    pub(crate) fn leave_out(&mut self, name: &'static str) {
        self.kill(name);
        self.left_out.insert(name);
    }

    /// Starts who is not there. Who ended by itself is noted.
    pub(crate) fn restart_ended(&mut self) {
        for name in NAMES {
            if self.left_out.contains(name) {
                continue;
            }
            let ended = match self.running.get_mut(name) {
                Some(child) => match child.try_wait().unwrap() {
                    None => continue,
                    Some(status) => Some(status),
                },
                None => None,
            };
            if let Some(status) = ended {
                let why = format!(
                    "{}, {status}: {}",
                    name.split('-').next().unwrap(),
                    self.last_word(name)
                );
                *self.ended_by_itself.entry(why).or_default() += 1;
            }
            self.start_one(name);
        }
    }

    /// What a process gave as the reason of its end.
    fn last_word(&self, name: &str) -> String {
        let log = fs::read_to_string(self.folder.path().join(format!("{name}.log")));
        let log = log.unwrap_or_default();
        let mut words = log
            .lines()
            .rev()
            .filter_map(|line| line.strip_prefix("streamwarden: "));
        words.next().unwrap_or("no reason given").to_owned()
    }

    /// Everything that the processes said.
    pub(crate) fn logs(&self) -> String {
        let said = |name: &&str| {
            let path = self.folder.path().join(format!("{name}.log"));
            format!(
                "=== {name}\n{}",
                fs::read_to_string(path).unwrap_or_default()
            )
        };
        NAMES.iter().map(said).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
