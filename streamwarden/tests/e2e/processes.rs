//! The product's own processes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A started `streamwarden`; dropping it kills it.
pub(crate) struct Process {
    child: Child,
}

/// What processes share: a folder and a configuration.
pub(crate) struct Home {
    folder: TempDir,
    /// Port of page and API.
    port: u16,
}

impl Home {
    pub(crate) fn new(slack_url: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "{more}\n\
             [collector]\npoll_interval_ms = 5000\n\
             [notifier]\nlisten = \"127.0.0.1:{port}\"\n\
             [[notifier.channels]]\nname = \"on-call\"\nto.slack_webhook.url = \"{slack_url}\"\n"
        );
        fs::write(folder.path().join("streamwarden.toml"), config).unwrap();
        Self { folder, port }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts `streamwarden` here. What it says goes to a file, shown when the test fails.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log(arguments))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_streamwarden"))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child }
    }

    /// Whether the notifier has noted of `count` messages that they were sent. A message is on Slack a moment before that; killed
    /// in that moment, it is sent again, marked as a possible repeat.
    pub(crate) fn noted(&self, count: usize) -> bool {
        let sent = || -> Option<usize> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            let request =
                "GET /api/v1/channels HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            let (_, body) = answer.split_once("\r\n\r\n")?;
            let body: Value = serde_json::from_str(body).ok()?;
            let recent = body["recent"].as_array()?.iter();
            let on_call = recent.filter(|line| line["channel"] == "on-call");
            Some(on_call.filter(|line| line["outcome"] == "sent").count())
        };
        sent() == Some(count)
    }

    fn log(&self, arguments: &[&str]) -> PathBuf {
        self.path(&format!("{}.log", arguments[0]))
    }

    /// Everything that the processes said.
    pub(crate) fn logs(&self) -> String {
        let said = |path: &Path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            format!("=== {}\n{text}", path.display())
        };
        let entries = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let logs = entries.filter(|path| path.extension().is_some_and(|kind| kind == "log"));
        logs.map(|path| said(&path)).collect::<Vec<_>>().join("\n")
    }
}

impl Process {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
