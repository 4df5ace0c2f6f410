//! E-mail by SMTP: text and HTML, the deciding figure as a picture, one thread an incident.

use std::path::PathBuf;
use std::time::Duration;

use futures::future::BoxFuture;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message as Mail, SmtpTransport, Transport};
use serde::{Deserialize, Serialize};
use streamwarden_service_runtime::{Secret, chain};

use crate::alerts::intent::IntentKind;
use crate::channels::{Channel, ChannelError, Delivery, Receipt, SendError, config};
use crate::message::Message;
use crate::message::html;
use crate::message::text::{Style, render};
use crate::message::words::{clip, clock};

/// A message either goes out in this time or waits for another try.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longer subjects are cut by mail programs anyway.
const SUBJECT_LIMIT: usize = 160;
/// Name of the picture inside a mail.
const PICTURE: &str = "chart@streamwarden";

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// The connection begins in plain text and must become TLS before anything is said; port 587.
    #[default]
    StartTls,
    /// TLS from the first byte; port 465.
    Tls,
    /// Nothing, for a relay on the same machine; port 25.
    None,
}

impl MailSecurity {
    fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Where mail goes, and by which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Mail server.
    pub server: String,
    /// Its port; without it, the usual one of `security`.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the way to it is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// A file with certificates in PEM that are trusted besides the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// User at the server.
    #[serde(default)]
    pub user: Option<String>,
    /// Password of the user.
    #[serde(default)]
    pub password: Option<Secret>,
    /// `Streamwarden <streamwarden@example.org>`.
    pub from: String,
    /// Whoever gets it.
    pub recipients: Vec<String>,
}

/// A mail channel cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EmailMistake {
    /// An address is none.
    #[error("{0:?} is no mail address")]
    Address(String, #[source] lettre::address::AddressError),
    /// Nobody would get it.
    #[error("there are no recipients")]
    NoRecipients,
    /// A password would travel in plain text.
    #[error("a password needs security = \"starttls\" or \"tls\"")]
    PlainPassword,
    /// The certificates cannot be read.
    #[error("the certificates in {0} cannot be read")]
    CaFile(PathBuf, #[source] std::io::Error),
    /// TLS cannot be set up.
    #[error("TLS for the mail server {0:?} cannot be set up")]
    Tls(String, #[source] lettre::transport::smtp::Error),
}

/// A mail server with its recipients.
pub struct Email {
    transport: SmtpTransport,
    server: String,
    from: Mailbox,
    recipients: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(name: &str, config: &EmailConfig) -> Result<Self, ChannelError> {
        let mistake = |source| ChannelError::Email {
            channel: name.to_owned(),
            source: Box::new(source),
        };
        let from = mailbox(&config.from).map_err(mistake)?;
        let recipients = config.recipients.iter().map(|text| mailbox(text));
        let recipients: Vec<Mailbox> = recipients.collect::<Result<_, _>>().map_err(mistake)?;
        if recipients.is_empty() {
            return Err(mistake(EmailMistake::NoRecipients));
        }
        let port = config.port.unwrap_or(config.security.port());
        let mut builder = SmtpTransport::builder_dangerous(&config.server)
            .port(port)
            .timeout(Some(TIMEOUT))
            .tls(tls(config).map_err(mistake)?);
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            if config.security == MailSecurity::None {
                return Err(mistake(EmailMistake::PlainPassword));
            }
            let password = config::secret(name, password)?;
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self {
            transport: builder.build(),
            server: format!("{}:{port}", config.server),
            from,
            recipients,
        })
    }

    async fn deliver(&self, delivery: &Delivery<'_>) -> Result<Receipt, SendError> {
        let id = self.message_id(&delivery.id);
        let mail = self.mail(delivery, &id);
        let mail = mail.map_err(|error| SendError::never(chain(&error)))?;
        let transport = self.transport.clone();
        // It waits for the network on a thread of its own.
        let sent = tokio::task::spawn_blocking(move || transport.send(&mail)).await;
        let sent = sent.map_err(|_| SendError::later("sending was interrupted"))?;
        sent.map_err(|error| not_sent(&error))?;
        let begins = delivery.reference.is_none();
        Ok(Receipt {
            reference: begins.then_some(id),
        })
    }

    /// The same when it is tried again, so that mail programs show a repeat once.
    fn message_id(&self, delivery: &str) -> String {
        format!("<{delivery}.streamwarden@{}>", self.from.email.domain())
    }

    fn mail(&self, delivery: &Delivery<'_>, id: &str) -> Result<Mail, lettre::error::Error> {
        let message = &delivery.intent.message;
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .subject(subject(message))
            .message_id(Some(id.to_owned()))
            .date_now();
        for recipient in &self.recipients {
            builder = builder.to(recipient.clone());
        }
        if let (Some(first), true) = (
            &delivery.reference,
            delivery.intent.kind != IntentKind::Test,
        ) {
            builder = builder.in_reply_to(first.clone()).references(first.clone());
        }
        let at = format!("{} UTC", clock(delivery.intent.at_ms));
        let plain = render(message, &at, Style::Bare, delivery.possible_repeat);
        let picture = message
            .chart
            .as_ref()
            .and_then(|chart| Some((chart, chart.png()?)));
        let source = picture.as_ref().map(|_| format!("cid:{PICTURE}"));
        let html = html::render(message, &at, source.as_deref(), delivery.possible_repeat);
        let html = SinglePart::html(html);
        let rich = match picture {
            None => MultiPart::alternative()
                .singlepart(SinglePart::plain(plain))
                .singlepart(html),
            Some((_, png)) => {
                let kind = ContentType::parse("image/png").unwrap_or(ContentType::TEXT_PLAIN);
                let attached = Attachment::new_inline(PICTURE.to_owned()).body(png, kind);
                let related = MultiPart::related().singlepart(html).singlepart(attached);
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(plain))
                    .multipart(related)
            }
        };
        builder.multipart(rich)
    }
}

/// One line, with no way to begin another header.
fn subject(message: &Message) -> String {
    clip(
        &message.lock_screen.replace(['\n', '\r'], " "),
        SUBJECT_LIMIT,
    )
}

fn mailbox(text: &str) -> Result<Mailbox, EmailMistake> {
    let parsed: Result<Mailbox, _> = text.parse();
    parsed.map_err(|source| EmailMistake::Address(text.to_owned(), source))
}

fn tls(config: &EmailConfig) -> Result<Tls, EmailMistake> {
    if config.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let failed = |source| EmailMistake::Tls(config.server.clone(), source);
    let mut parameters = TlsParameters::builder(config.server.clone());
    if let Some(path) = &config.ca_file {
        let pem = std::fs::read(path);
        let pem = pem.map_err(|source| EmailMistake::CaFile(path.clone(), source))?;
        let certificate = Certificate::from_pem(&pem).map_err(failed)?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = parameters.build().map_err(failed)?;
    Ok(match config.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        MailSecurity::StartTls | MailSecurity::None => Tls::Required(parameters),
    })
}

/// 5xx to the message is final; a server that is away, a full mailbox or a wrong password is not.
fn not_sent(error: &lettre::transport::smtp::Error) -> SendError {
    let reason = chain(error);
    let status = error.status().map(u16::from);
    // 53x is about the login: somebody can mend that while the message waits.
    let about_login = status.is_some_and(|status| (530..540).contains(&status));
    if error.is_permanent() && !about_login {
        return SendError::never(reason);
    }
    SendError::Later {
        reason,
        after: None,
        // Without an answer, the server may have taken it.
        maybe_arrived: error.is_timeout(),
    }
}

impl Channel for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn target(&self) -> String {
        let to: Vec<String> = self
            .recipients
            .iter()
            .map(|to| to.email.to_string())
            .collect();
        format!("{} by {}", to.join(", "), self.server)
    }

    fn send<'a>(&'a self, delivery: &'a Delivery<'a>) -> BoxFuture<'a, Result<Receipt, SendError>> {
        Box::pin(self.deliver(delivery))
    }
}
