//! A real PostgreSQL that can be stopped at once and comes back with what it held.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// It ends with the test.
pub(crate) struct Database {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
}

fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    let newest = folders.filter(|bin| bin.join("initdb").exists()).max();
    newest.expect("PostgreSQL's server is needed for this test: apt-get install postgresql")
}

/// The server refuses to run as root; then nobody has to.
fn program(path: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    command.args(nobody).arg(path);
    command
}

fn quiet(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).status().unwrap().success()
}

impl Database {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let database = Self {
            folder: tempfile::tempdir().unwrap(),
            binaries: binaries(),
            port,
        };
        let mut open_folder = Command::new("chmod");
        assert!(quiet(open_folder.arg("777").arg(database.folder.path())));
        let mut make = program(&database.binaries.join("initdb"));
        make.args(["-U", "sw", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"]);
        assert!(quiet(make.arg(database.data())), "initdb failed");
        database.up();
        database
    }

    fn up(&self) {
        let port = self.port;
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=");
        let mut start = program(&self.binaries.join("pg_ctl"));
        start
            .args(["start", "-w", "-o", &options, "-D"])
            .arg(self.data());
        start.arg("-l").arg(self.folder.path().join("log"));
        assert!(quiet(&mut start), "PostgreSQL did not start");
    }

    fn down(&self) -> bool {
        let mut stop = program(&self.binaries.join("pg_ctl"));
        quiet(
            stop.args(["stop", "-m", "immediate", "-D"])
                .arg(self.data()),
        )
    }

    /// As if its machine had lost power.
    pub(crate) fn crash_and_start(&self) {
        assert!(self.down(), "PostgreSQL was gone already");
        self.up();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://sw@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.down();
    }
}
