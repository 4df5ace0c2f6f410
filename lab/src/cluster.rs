//! A real Flink cluster: one JobManager and some TaskManagers as child processes, with folders and ports of their own.

mod config;
mod container;
mod memory_size;
mod outside;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::flink::Flink;
use crate::kernel_log::KernelLog;
use crate::machine;
use crate::rest::{Rest, RestError};
use crate::scenario::ClusterSpec;
use container::Containers;
pub use container::{Kills, NoContainer};
pub(crate) use outside::Broker;
use outside::SmallDisk;

/// A cluster that is not up by then will not come up.
const START_LIMIT: Duration = Duration::from_secs(240);
const JOBMANAGER: &str = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
const TASKMANAGER: &str = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";

/// What can go wrong with a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Folders, ports or processes.
    #[error("cannot start a process of the cluster")]
    Io(#[from] io::Error),
    /// Flink refuses the memory options.
    #[error("flink cannot compute its memory from the configuration: {answer}")]
    Memory {
        /// What the tool printed.
        answer: String,
    },
    /// The machine gives no containers.
    #[error("the TaskManagers cannot run in containers")]
    NoContainer(#[from] NoContainer),
    /// It does not come up.
    #[error("the cluster was not up after {} s: {registered} of {expected} slots", START_LIMIT.as_secs())]
    NotUp {
        /// Slots that came.
        registered: u64,
        /// Slots that should have come.
        expected: u64,
    },
    /// There is no such TaskManager.
    #[error("there is no TaskManager {0}")]
    NoSuchTaskManager(String),
    /// REST failed.
    #[error(transparent)]
    Rest(#[from] RestError),
}

/// A running cluster. Dropping it ends its processes and removes its folders.
pub struct Cluster {
    /// What it was started with.
    pub spec: ClusterSpec,
    /// What it runs.
    pub flink: Flink,
    /// Its REST API.
    pub rest: Rest,
    jobmanager: Child,
    taskmanagers: Vec<TaskManager>,
    service: Option<(u16, Child)>,
    broker: Option<Broker>,
    /// Go after the processes that are in them.
    containers: Option<Containers>,
    /// Goes after the processes that use it, and before the folder that it lies in.
    _disk: Option<SmallDisk>,
    work: TempDir,
    taskmanager_memory: (Vec<String>, Vec<String>),
}

struct TaskManager {
    /// At REST.
    id: String,
    /// Of its log, and of its container.
    name: String,
    process: Child,
}

impl Cluster {
    /// Starts the processes and waits until all slots are there.
    ///
    /// # Errors
    /// [`ClusterError`] if it does not come up.
    pub async fn start(
        lab: &Path,
        flink: &Flink,
        spec: &ClusterSpec,
    ) -> Result<Self, ClusterError> {
        let work = tempfile::Builder::new().prefix("lab-").tempdir()?;
        for folder in ["conf", "log", "tmp", "checkpoints"] {
            fs::create_dir(work.path().join(folder))?;
        }
        let disk = (spec.disk_mb > 0)
            .then(|| SmallDisk::mount(work.path().join("disk"), spec.disk_mb))
            .transpose()?;
        let containers = spec
            .container
            .then(|| Containers::new(&folder_name(work.path())))
            .transpose()?;
        let broker = match spec.kafka {
            true => Some(Broker::start(lab, work.path()).await?),
            false => None,
        };
        let service = match spec.service {
            true => Some(outside::start_service(&flink.jobs_jar, work.path())?),
            false => None,
        };
        let [rest_port, rpc_port] = machine::free_ports()?;
        let yaml = config::render(spec, work.path(), rest_port, rpc_port);
        fs::write(work.path().join("conf/config.yaml"), yaml)?;
        let memory = memory(flink, work.path(), "GET_JM_RESOURCE_PARAMS").await?;
        let java = Command::new("java");
        let jobmanager = spawn(java, flink, work.path(), "jobmanager", JOBMANAGER, &memory)?;
        let taskmanager_memory = memory_of_taskmanagers(flink, work.path()).await?;
        let mut cluster = Self {
            spec: spec.clone(),
            flink: flink.clone(),
            rest: Rest::new(&format!("http://127.0.0.1:{rest_port}")),
            jobmanager,
            taskmanagers: Vec::new(),
            service,
            broker,
            containers,
            _disk: disk,
            work,
            taskmanager_memory,
        };
        for _ in 0..spec.taskmanagers {
            cluster.start_taskmanager()?;
        }
        cluster.wait_for_slots().await?;
        Ok(cluster)
    }

    /// Starts one more TaskManager, without waiting for it.
    ///
    /// # Errors
    /// If the process cannot be started.
    pub fn start_taskmanager(&mut self) -> Result<(), ClusterError> {
        let name = format!("taskmanager-{}", self.taskmanagers.len());
        let [port] = machine::free_ports()?;
        let id = format!("127.0.0.1:{port}-{:06x}", machine::now_ms() & 0xff_ffff);
        let (jvm, mut own) = self.taskmanager_memory.clone();
        own.extend(["-D".to_owned(), format!("taskmanager.resource-id={id}")]);
        let java = match &mut self.containers {
            Some(containers) => {
                let limit_bytes = config::taskmanager_bytes(&self.spec)
                    .ok_or_else(|| io::Error::other("the TaskManagers' memory has no size"))?;
                containers.command(&name, limit_bytes, "java")?
            }
            None => Command::new("java"),
        };
        let process = spawn(
            java,
            &self.flink,
            self.work.path(),
            &name,
            TASKMANAGER,
            &(jvm, own),
        )?;
        self.taskmanagers.push(TaskManager { id, name, process });
        Ok(())
    }

    fn taskmanager(&self, id: &str) -> Result<&TaskManager, ClusterError> {
        let mut all = self.taskmanagers.iter();
        all.find(|one| one.id == id)
            .ok_or_else(|| ClusterError::NoSuchTaskManager(id.to_owned()))
    }

    /// What the kernel counts of a TaskManager's container; none outside of containers.
    #[must_use]
    pub fn kills_of(&self, taskmanager_id: &str) -> Option<Kills> {
        let taskmanager = self.taskmanager(taskmanager_id).ok()?;
        let containers = self.containers.as_ref()?;
        Some(containers.kills(&taskmanager.name))
    }

    /// Writes down what the kernel says from now on, where TaskManagers run in containers; none elsewhere.
    ///
    /// # Errors
    /// If the kernel's log cannot be read.
    pub fn follow_kernel(&self) -> io::Result<Option<KernelLog>> {
        let folder = self.path("kernel");
        self.spec
            .container
            .then(|| KernelLog::follow(folder))
            .transpose()
    }

    /// Process id of the JVM that has a TaskManager's id at REST.
    ///
    /// # Errors
    /// If no process of this cluster has that id.
    pub fn taskmanager_pid(&self, taskmanager_id: &str) -> Result<u32, ClusterError> {
        self.taskmanager(taskmanager_id)?
            .process
            .id()
            .ok_or_else(|| ClusterError::NoSuchTaskManager(taskmanager_id.to_owned()))
    }

    /// Process id of the JobManager.
    ///
    /// # Errors
    /// If it has ended.
    pub fn jobmanager_pid(&self) -> io::Result<u32> {
        let ended = || io::Error::other("the JobManager has ended");
        self.jobmanager.id().ok_or_else(ended)
    }

    /// The broker beside it.
    ///
    /// # Errors
    /// If the scenario asks for none.
    pub(crate) fn broker(&mut self) -> io::Result<&mut Broker> {
        let none = || io::Error::other("the scenario has no Kafka broker");
        self.broker.as_mut().ok_or_else(none)
    }

    /// What a job needs to know of what stands beside the cluster, as its arguments.
    #[must_use]
    pub fn surroundings(&self) -> Vec<(&'static str, String)> {
        let mut known = vec![("run", format!("r{}", machine::now_ms()))];
        if let Some(broker) = &self.broker {
            known.push(("kafka", broker.address().to_owned()));
        }
        if let Some((port, _)) = &self.service {
            known.push(("service-port", port.to_string()));
        }
        known
    }

    /// A folder or file of this cluster alone.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Empties the log files, so that a recording starts with its own lines.
    ///
    /// # Errors
    /// If a file cannot be emptied.
    pub fn forget_logs(&self) -> io::Result<()> {
        for process in fs::read_dir(self.work.path().join("log"))? {
            for file in fs::read_dir(process?.path())? {
                File::options().write(true).open(file?.path())?.set_len(0)?;
            }
        }
        Ok(())
    }

    async fn wait_for_slots(&mut self) -> Result<(), ClusterError> {
        let expected = u64::from(self.spec.taskmanagers * self.spec.slots);
        let started = Instant::now();
        let mut registered = 0;
        while started.elapsed() < START_LIMIT {
            registered = self.rest.slots_total().await.unwrap_or(0);
            if registered >= expected {
                return Ok(());
            }
            if self.jobmanager.try_wait()?.is_some() {
                break;
            }
            sleep(Duration::from_millis(300)).await;
        }
        Err(ClusterError::NotUp {
            registered,
            expected,
        })
    }

    /// Nothing runs, and all slots are there.
    pub async fn is_free(&self) -> bool {
        let expected = u64::from(self.spec.taskmanagers * self.spec.slots);
        self.rest
            .slots_free()
            .await
            .is_ok_and(|free| free == expected)
    }

    /// Ends all processes and waits until they are gone.
    ///
    /// # Errors
    /// If a process cannot be ended.
    pub async fn stop(mut self) -> io::Result<()> {
        for taskmanager in &mut self.taskmanagers {
            taskmanager.process.kill().await?;
        }
        self.jobmanager.kill().await
    }
}

async fn memory_of_taskmanagers(
    flink: &Flink,
    work: &Path,
) -> Result<(Vec<String>, Vec<String>), ClusterError> {
    memory(flink, work, "GET_TM_RESOURCE_PARAMS").await
}

async fn memory(
    flink: &Flink,
    work: &Path,
    command: &str,
) -> Result<(Vec<String>, Vec<String>), ClusterError> {
    let output = Command::new("java")
        .args(config::memory_tool(flink, &work.join("conf"), command))
        .stderr(Stdio::null())
        .output()
        .await?;
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    config::memory_options(&answer).ok_or(ClusterError::Memory { answer })
}

/// The last part of a path.
fn folder_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn spawn(
    mut java: Command,
    flink: &Flink,
    work: &Path,
    name: &str,
    main_class: &str,
    memory: &(Vec<String>, Vec<String>),
) -> io::Result<Child> {
    // A folder for each process: over REST, a process shows all that lies beside its own log.
    let folder = work.join("log").join(name);
    fs::create_dir_all(&folder)?;
    let log = folder.join(format!("{name}.log"));
    let out = File::create(log.with_extension("out"))?;
    java.args(config::process(
        flink,
        &work.join("conf"),
        &log,
        main_class,
        memory,
    ))
    .stdin(Stdio::null())
    .stdout(out.try_clone()?)
    .stderr(out)
    .kill_on_drop(true)
    .spawn()
}
