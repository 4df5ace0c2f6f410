//! The same store on PostgreSQL, from Debian's package: its server is started in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use streamwarden_notifier::store::{IncidentQuery, SqlStore, Store};

use crate::process::{certificate, free_port, run};
use crate::service::{Service, slack_webhook};
use crate::slack::Slack;
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

/// A server that ends with the test.
pub(crate) struct Postgres {
    directory: tempfile::TempDir,
    binaries: PathBuf,
    port: u16,
}

fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map(Iterator::flatten);
    let found = versions
        .into_iter()
        .flatten()
        .map(|version| version.path().join("bin"));
    let found = found.filter(|path| path.join("initdb").exists()).max();
    found.expect("PostgreSQL's server is needed for this test: apt-get install postgresql")
}

#[derive(Clone, Copy)]
enum Encryption {
    Off,
    Demanded,
}

/// The server refuses to run as root; then somebody else has to.
fn as_nobody(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(program);
    command
}

impl Postgres {
    pub(crate) fn start() -> Self {
        Self::start_with(Encryption::Off)
    }

    fn start_with(encryption: Encryption) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let postgres = Self {
            directory,
            binaries: binaries(),
            port,
        };
        run(Command::new("chmod")
            .arg("777")
            .arg(postgres.directory.path()));
        let initdb = postgres.binaries.join("initdb");
        let data = postgres.data();
        run(as_nobody(&initdb)
            .args(["-U", "sw", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"])
            .arg(&data));
        let mut options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories="
        );
        if let Encryption::Demanded = encryption {
            options += &postgres.demand_encryption();
        }
        let log = postgres.directory.path().join("log");
        // Its output must not hold ours open.
        let mut start = as_nobody(&postgres.binaries.join("pg_ctl"));
        start
            .args(["start", "-w", "-o", &options, "-D"])
            .arg(&data)
            .arg("-l")
            .arg(log);
        let status = start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "PostgreSQL did not start");
        postgres
    }

    /// The server's options for it.
    fn demand_encryption(&self) -> String {
        let (cert, key) = certificate(self.directory.path());
        // The server trusts no key that others could have written.
        run(Command::new("chown")
            .arg(format!("--reference={}", self.data().display()))
            .args([&cert, &key]));
        let only_encrypted = "hostssl all all 127.0.0.1/32 trust\n";
        std::fs::write(self.data().join("pg_hba.conf"), only_encrypted).unwrap();
        let (cert, key) = (cert.display(), key.display());
        format!(" -c ssl=on -c ssl_cert_file={cert} -c ssl_key_file={key}")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://sw@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_nobody(&self.binaries.join("pg_ctl"));
        stop.args(["stop", "-m", "immediate", "-D"])
            .arg(self.data());
        // Nothing is left to be done if it does not stop.
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[tokio::test]
async fn postgresql_keeps_alerts_messages_silences_and_history() {
    let postgres = Postgres::start();
    let slack = Slack::start().await;
    let clock = HeldClock::at(BEGAN_MS);
    for round in 0..2 {
        let channels = vec![slack_webhook("slack", &slack.webhook_url())];
        let service = Service::start(&postgres.url(), channels, &clock)
            .await
            .sending();
        service
            .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
            .await;
        service.pass_s(30).await;
        let one = || async { (!slack.texts().is_empty()).then_some(()) };
        eventually("a message", one).await;
        let empty = || async {
            let record = service.engine.store.channel_record("slack").await.unwrap();
            (record.waiting == 0 && record.last_sent.is_some()).then_some(())
        };
        eventually("an empty outbox", empty).await;
        if round == 1 {
            service
                .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 60_000)])
                .await;
            // Slack may have asked for a pause: this process does not know when the other one spoke last.
            let two = || async {
                service.pass_s(1).await;
                (slack.texts().len() == 2).then_some(())
            };
            eventually("an end", two).await;
        }
        service.stop().await;
    }
    let store = SqlStore::open(&postgres.url()).await.unwrap();
    let query = IncidentQuery {
        cluster_id: "orders-prod".into(),
        limit: 10,
        ..IncidentQuery::default()
    };
    let (total, incidents) = store.incidents(&query).await.unwrap();
    assert_eq!((total, incidents.len()), (1, 1));
    assert_eq!(store.past().await.unwrap().len(), 1);
    assert_eq!(
        store.spans(BEGAN_MS).await.unwrap(),
        [(BEGAN_MS, Some(BEGAN_MS + 60_000))]
    );
    assert_eq!(store.recent_messages(10).await.unwrap().len(), 2);
    assert!(store.hold_lease("notifier", "a", 1000, 0).await.unwrap());
    assert!(!store.hold_lease("notifier", "b", 1500, 500).await.unwrap());
    store
        .note_test("slack", "received", 12, BEGAN_MS)
        .await
        .unwrap();
    store
        .audit("dana", "test", "slack", BEGAN_MS)
        .await
        .unwrap();
    assert!(
        store
            .channel_record("slack")
            .await
            .unwrap()
            .last_test
            .is_some()
    );
    assert!(store.retain(clock.now_ms() + 1).await.unwrap() >= 3);
    assert_eq!(store.incidents(&query).await.unwrap().0, 0);
}

#[tokio::test]
async fn a_database_that_demands_encryption_is_used_when_its_certificate_is_trusted_and_not_otherwise()
 {
    let postgres = Postgres::start_with(Encryption::Demanded);
    let url = postgres.url().replace("127.0.0.1", "localhost");
    let trusted = postgres.directory.path().join("cert.pem");
    let trusting = format!(
        "{url}?sslmode=verify-full&sslrootcert={}",
        trusted.display()
    );
    let store = SqlStore::open(&trusting).await.unwrap();
    assert!(store.hold_lease("notifier", "a", 1000, 0).await.unwrap());

    for (options, reason) in [
        ("verify-full", "UnknownIssuer"),
        ("disable", "no encryption"),
    ] {
        let refused = SqlStore::open(&format!("{url}?sslmode={options}")).await;
        let error = format!("{:?}", refused.map(drop).unwrap_err());
        assert!(error.contains(reason), "{options}: {error}");
    }
}
