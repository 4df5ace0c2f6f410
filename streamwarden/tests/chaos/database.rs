//! A real PostgreSQL that can be stopped at once and comes back with what it held.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Connections that PostgreSQL serves at once; three of them are for its own administrator.
const CONNECTIONS: usize = 30;

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
        let options = format!(
            "-p {port} -c max_connections={CONNECTIONS} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        );
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

    /// Takes every connection that is left, for as long as what it gives back lives.
    pub(crate) fn fill(&self) -> Vec<TcpStream> {
        let mut taken = Vec::new();
        while let Some(connection) = self.connect() {
            taken.push(connection);
            assert!(taken.len() <= CONNECTIONS, "PostgreSQL has no limit");
        }
        taken
    }

    /// One connection as a guest, by the protocol itself. `None`: PostgreSQL has no room.
    fn connect(&self) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let names = b"user\0sw\0database\0postgres\0\0";
        let length = u32::try_from(8 + names.len()).unwrap();
        let protocol: u32 = 3 << 16;
        let hello = [&length.to_be_bytes()[..], &protocol.to_be_bytes(), names].concat();
        stream.write_all(&hello).unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).unwrap();
        (answer[0] == b'R').then_some(stream)
    }

    pub(crate) fn url(&self) -> String {
        Self::url_at(self.port)
    }

    /// The address behind another port, where a proxy listens.
    pub(crate) fn url_at(port: u16) -> String {
        format!("postgres://sw@127.0.0.1:{port}/postgres")
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.down();
    }
}
