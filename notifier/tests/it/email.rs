//! A real SMTP server, from Debian's package `python3-aiosmtpd`, takes the mails.

use std::path::PathBuf;
use std::process::Command;

use streamwarden_notifier::channels::config::ChannelTarget;
use streamwarden_notifier::channels::email::{EmailConfig, MailSecurity};

use crate::figures::an_hour;
use crate::process::{Running, certificate, free_port};
use crate::service::{Service, to};
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

struct MailServer {
    directory: tempfile::TempDir,
    port: u16,
    _process: Running,
}

impl MailServer {
    async fn start(port: u16, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("aiosmtpd");
        command
            .args(["-n", "-l", &format!("localhost:{port}")])
            .args(options)
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(directory.path().join("mail"));
        let process = Running::start(&mut command, "python3-aiosmtpd");
        let answers = || async {
            let connected = tokio::net::TcpStream::connect(("localhost", port)).await;
            connected.ok().map(drop)
        };
        eventually("the mail server", answers).await;
        Self {
            _process: process,
            directory,
            port,
        }
    }

    /// Mails in the order of their arrival, as they came over the wire.
    fn mails(&self) -> Vec<String> {
        let new = self.directory.path().join("mail/new");
        let mut files: Vec<PathBuf> = std::fs::read_dir(new)
            .map(|files| files.flatten().map(|file| file.path()).collect())
            .unwrap_or_default();
        files.sort_by_key(|path| path.metadata().and_then(|m| m.modified()).unwrap());
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        files.iter().map(read).collect()
    }

    async fn mails_of(&self, count: usize) -> Vec<String> {
        let enough = || async { Some(self.mails()).filter(|mails| mails.len() >= count) };
        eventually(&format!("{count} mails"), enough).await
    }
}

fn config(port: u16, security: MailSecurity, ca_file: Option<PathBuf>) -> ChannelTarget {
    ChannelTarget::Email(EmailConfig {
        server: "localhost".into(),
        port: Some(port),
        security,
        ca_file,
        user: None,
        password: None,
        from: "Streamwarden <streamwarden@example.org>".into(),
        recipients: vec![
            "On call <oncall@example.org>".into(),
            "b@example.org".into(),
        ],
    })
}

async fn service(target: ChannelTarget) -> Service {
    let clock = HeldClock::at(BEGAN_MS + 60_000);
    let service = Service::start("sqlite::memory:", vec![to("mail", target)], &clock)
        .await
        .sending();
    service.engine.on_features(&an_hour("orders"));
    service
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = mail.split_once("\n\n")?;
    let line = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    head.lines().find_map(line)
}

#[tokio::test]
async fn an_incident_is_a_thread_of_mails_with_a_picture_in_the_first() {
    let server = MailServer::start(free_port(), &[]).await;
    let service = service(config(server.port, MailSecurity::None, None)).await;
    let mut sink = slow_sink("orders");
    sink.title = "Sink waits\nBcc: evil@example.org".into();
    service.take(&[opened(&sink, BEGAN_MS)]).await;
    service.pass_s(5).await;
    let first = server.mails_of(1).await.remove(0);
    assert!(
        header(&first, "Subject")
            .unwrap()
            .contains("Critical: orders"),
        "{first}"
    );
    assert!(header(&first, "To").unwrap().contains("oncall@example.org"));
    assert_eq!(header(&first, "Bcc"), None, "a title is no header");
    assert!(first.contains("Content-Type: image/png") && first.contains("iVBORw0KGgo"));
    assert!(first.contains("text/plain") && first.contains("text/html"));
    service.pass_s(60).await;
    service.take(&[resolved(&sink, BEGAN_MS + 120_000)]).await;
    let mails = server.mails_of(2).await;
    let id = header(&first, "Message-ID").unwrap();
    assert_eq!(header(&mails[1], "In-Reply-To"), Some(id));
    assert!(
        header(&mails[1], "Subject")
            .unwrap()
            .contains("Resolved: orders")
    );
    assert!(!mails[1].contains("image/png"), "the end needs no picture");
    service.stop().await;
}

#[tokio::test]
async fn mail_goes_by_starttls_to_a_server_whose_certificate_is_trusted_and_to_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(directory.path());
    let (cert_text, key_text) = (cert.display().to_string(), key.display().to_string());
    let options = ["--tlscert", &cert_text, "--tlskey", &key_text];
    let server = MailServer::start(free_port(), &options).await;
    let trusting = service(config(server.port, MailSecurity::StartTls, Some(cert))).await;
    trusting
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    trusting.pass_s(5).await;
    server.mails_of(1).await;
    trusting.stop().await;
    let doubting = service(config(server.port, MailSecurity::StartTls, None)).await;
    doubting
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    doubting.pass_s(5).await;
    let refused = || async {
        let record = doubting.engine.store.channel_record("mail").await.unwrap();
        record.last_error.filter(|_| record.waiting == 1)
    };
    let (_, reason) = eventually("a noted failure", refused).await;
    assert!(reason.to_lowercase().contains("certificate"), "{reason}");
    assert_eq!(server.mails().len(), 1);
    doubting.stop().await;
}

#[tokio::test]
async fn mail_waits_for_a_server_that_is_away() {
    let port = free_port();
    let service = service(config(port, MailSecurity::None, None)).await;
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.pass_s(5).await;
    let waits = || async {
        let record = service.engine.store.channel_record("mail").await.unwrap();
        (record.waiting == 1 && record.last_error.is_some()).then_some(())
    };
    eventually("a message that waits", waits).await;
    let server = MailServer::start(port, &[]).await;
    let arrives = || async {
        service.pass_s(10).await;
        (server.mails().len() == 1).then_some(())
    };
    eventually("the mail", arrives).await;
    service.stop().await;
}
