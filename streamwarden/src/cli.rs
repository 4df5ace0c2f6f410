//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// An expert for Apache Flink that runs beside your jobs.
#[derive(Debug, Parser)]
#[command(name = "streamwarden", version, max_term_width = 100)]
pub struct Cli {
    /// Configuration file [default: streamwarden.toml in the current directory, if it is there]
    #[arg(long, global = true, env = "STREAMWARDEN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch clusters: everything in one process, with the embedded broker and SQLite
    Run(RunArgs),
    /// The same on a shipped tape of a real incident, as if live
    Demo(DemoArgs),
    /// Look at clusters once, without a broker, and say how their jobs are
    Diagnose(DiagnoseArgs),
    /// Logs in (files or standard input), causes out: first fault first
    Explain(ExplainArgs),
    /// Record what a cluster shows as a tape
    Record(RecordArgs),
    /// Play a tape through the whole system, or into a Kafka
    Replay(ReplayArgs),
    /// Say of a finding whether it was right; training learns from it
    Feedback(FeedbackArgs),
    /// The catalogue of problems
    Problems(ProblemsArgs),
    /// The feature schema
    Features(FormatArgs),
    /// One service: watch clusters, publish what they show
    Collector(CollectorArgs),
    /// One service: turn what clusters show into features
    Featurizer,
    /// One service: turn features into findings
    Inference,
    /// One service: send alerts, serve the page and the API
    Notifier,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What makes a command fail although it worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A finding of severity critical: exit code 1.
    Critical,
}

/// Where everything in one process keeps what it keeps.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// Brokers, HOST:PORT, instead of the embedded broker
    #[arg(long, value_name = "HOST:PORT")]
    pub kafka: Option<String>,
    /// sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE instead of SQLite in the data directory
    #[arg(
        long,
        value_name = "URL",
        env = "STREAMWARDEN_DATABASE",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// Directory for what outlives the process [default: ~/.local/share/streamwarden]
    #[arg(long, value_name = "DIR", env = "STREAMWARDEN_DATA")]
    pub data: Option<PathBuf>,
    /// Address of the page and the API [default: 127.0.0.1:8780]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Flink REST of a cluster, URL or NAME=URL; may be repeated
    #[arg(
        long = "flink",
        value_name = "URL",
        env = "STREAMWARDEN_FLINK",
        value_delimiter = ','
    )]
    pub flink: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap takes no words for a group")]
    pub place: PlaceArgs,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Another tape than the shipped one
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// Times faster than it was
    #[arg(long, default_value_t = DEMO_SPEED, value_parser = speed)]
    pub speed: f64,
    /// End when the tape is over instead of staying with the page
    #[arg(long)]
    pub exit_at_end: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap takes no words for a group")]
    pub place: PlaceArgs,
}

/// Fast enough for the first alert within a minute, slow enough to watch it come.
const DEMO_SPEED: f64 = 6.0;

/// `diagnose`.
#[derive(Debug, Args)]
pub struct DiagnoseArgs {
    /// Flink REST of a cluster, URL or NAME=URL; may be repeated
    #[arg(
        long = "flink",
        value_name = "URL",
        env = "STREAMWARDEN_FLINK",
        value_delimiter = ',',
        required = true
    )]
    pub flink: Vec<String>,
    /// How long to look: 60s, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub look_for: Duration,
    /// Only this job, by id or name
    #[arg(long, value_name = "ID")]
    pub job: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Exit with 1 if something is critical
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Logs, standard input without any; or codes, such as E-5F3A9C01, to learn what they mean
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Rewrite the log: a code for each message, the codes of its chain in place of a stack trace
    #[arg(long, conflicts_with_all = ["format", "fail_on"])]
    pub codes: bool,
    /// Folder with problems/*.toml, templates/*.tsv or models/text/model.onnx to try, over what is built in and set
    #[arg(long, value_name = "DIR")]
    pub experience: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Exit with 1 if something is critical
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
}

/// `record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Flink REST of the cluster, URL or NAME=URL
    #[arg(long, value_name = "URL", env = "STREAMWARDEN_FLINK")]
    pub flink: String,
    /// The tape
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long: 60s, 5m; without it, until ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub record_for: Option<Duration>,
    /// One line about it, for people
    #[arg(long, default_value = "recorded with streamwarden record")]
    pub description: String,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The tape
    #[arg(value_name = "FILE")]
    pub tape: PathBuf,
    /// Times faster than it was
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Leave the times of the records as they are, instead of moving them to now
    #[arg(long)]
    pub keep_times: bool,
    /// Only into the raw topic of this Kafka, whose services do the rest
    #[arg(long, requires = "kafka")]
    pub only_publish: bool,
    /// End when the tape is over instead of staying with the page
    #[arg(long)]
    pub exit_at_end: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap takes no words for a group")]
    pub place: PlaceArgs,
}

/// `feedback`.
#[derive(Debug, Args)]
pub struct FeedbackArgs {
    /// Id of the finding, as the page, a message or `diagnose --format json` shows it
    #[arg(value_name = "FINDING")]
    pub finding_id: String,
    /// Was it right?
    #[arg(value_enum)]
    pub verdict: VerdictArg,
    /// What it was instead: a problem's name, or healthy
    #[arg(long, value_name = "SLUG")]
    pub actual: Option<String>,
    /// In your words
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub comment: String,
    /// Address of the page
    #[arg(
        long,
        default_value = "http://localhost:8780",
        value_name = "URL",
        env = "STREAMWARDEN_PAGE"
    )]
    pub page: String,
    /// Token with the right to give feedback; better in the environment than on the command line
    #[arg(
        long,
        value_name = "TOKEN",
        env = "STREAMWARDEN_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Was a finding right?
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerdictArg {
    /// It was.
    Right,
    /// It was not.
    Wrong,
}

/// `problems`.
#[derive(Debug, Args)]
pub struct ProblemsArgs {
    /// Name or code of one problem: slow-sink, SW1101
    #[arg(value_name = "SLUG")]
    pub slug: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `features`.
#[derive(Debug, Args)]
pub struct FormatArgs {
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `collector`.
#[derive(Debug, Args)]
pub struct CollectorArgs {
    /// Flink REST of a cluster, URL or NAME=URL; may be repeated
    #[arg(
        long = "flink",
        value_name = "URL",
        env = "STREAMWARDEN_FLINK",
        value_delimiter = ','
    )]
    pub flink: Vec<String>,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("must be a number above 0, such as 10".to_owned()),
    }
}

/// `90s`, `2m`, `1h`, or seconds without a unit.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err("must be a time such as 60s, 5m or 1h".to_owned()),
    };
    match digits.parse::<f64>() {
        Ok(number) if number > 0.0 && number * seconds < 1e9 => {
            Ok(Duration::from_secs_f64(number * seconds))
        }
        _ => Err("must be a time such as 60s, 5m or 1h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1_500)));
        assert!(duration("soon").is_err());
        assert!(duration("-1s").is_err());
    }

    #[test]
    fn several_clusters_may_be_named() {
        let cli = Cli::parse_from([
            "streamwarden",
            "run",
            "--flink",
            "http://a:1",
            "--flink",
            "b=http://b:1",
        ]);
        let Command::Run(run) = cli.command else {
            panic!("it is run")
        };
        assert_eq!(run.flink, ["http://a:1", "b=http://b:1"]);
    }
}
