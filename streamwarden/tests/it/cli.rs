//! One clear error each, with its exit code; and the commands that need no cluster.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::process::{Running, fixture, output, output_of_input, program};

/// `run` with everything in a directory of its own and a free port for the page.
fn run(directory: &tempfile::TempDir) -> Command {
    let mut command = program();
    command
        .args(["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory.path());
    command
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// One line that says it all.
fn one_line(stderr: &str) -> &str {
    let lines: Vec<&str> = stderr
        .lines()
        .filter(|line| line.starts_with("streamwarden: "))
        .collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    lines[0]
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let directory = directory();
    let file = directory.path().join("wrong.toml");
    std::fs::write(&file, "[kafka]\nbrokerz = 'a:1'\n").unwrap();
    let (code, _, stderr) = output(program().arg("run").arg("--config").arg(&file));
    assert_eq!(code, 3, "{stderr}");
    let line = one_line(&stderr);
    assert!(line.contains("wrong.toml, kafka.brokerz"), "{line}");
    assert!(line.contains("did you mean `brokers`?"), "{line}");
}

#[test]
fn an_unknown_variable_of_a_section_is_refused() {
    let (code, _, stderr) = output(
        program()
            .arg("features")
            .env("STREAMWARDEN_NOTIFIER__LISTENS", "1.2.3.4:5"),
    );
    assert_eq!(code, 3, "{stderr}");
    assert!(
        one_line(&stderr).contains("STREAMWARDEN_NOTIFIER__LISTENS"),
        "{stderr}"
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = directory();
    let (code, _, stderr) = output(
        program()
            .args(["run", "--listen", &address, "--data"])
            .arg(directory.path()),
    );
    assert_eq!(code, 3, "{stderr}");
    let line = one_line(&stderr);
    assert!(
        line.contains(&address) && line.contains("notifier.listen"),
        "{line}"
    );
}

#[test]
fn a_database_that_cannot_be_written_is_named() {
    let directory = directory();
    let file = directory.path().join("plain-file");
    std::fs::write(&file, "").unwrap();
    let database = format!("sqlite:{}/store.db", file.display());
    let (code, _, stderr) = output(run(&directory).args(["--database", &database]));
    assert_eq!(code, 3, "{stderr}");
    assert!(
        one_line(&stderr).contains("plain-file/store.db"),
        "{stderr}"
    );
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named_with_the_way_out() {
    let directory = directory();
    let file = directory.path().join("plain-file");
    std::fs::write(&file, "").unwrap();
    let (code, _, stderr) = output(
        program()
            .args(["run", "--listen", "127.0.0.1:0", "--data"])
            .arg(file.join("data")),
    );
    assert_eq!(code, 3, "{stderr}");
    assert!(one_line(&stderr).contains("--data DIR"), "{stderr}");
}

#[test]
fn a_folder_without_models_is_named() {
    let directory = directory();
    let (code, _, stderr) =
        output(run(&directory).env("STREAMWARDEN_INFERENCE__MODELS", "/nowhere/models"));
    assert_eq!(code, 3, "{stderr}");
    assert!(one_line(&stderr).contains("/nowhere/models"), "{stderr}");
}

#[test]
fn a_model_that_is_none_is_refused_by_name() {
    let directory = directory();
    let models = directory.path().join("models");
    std::fs::create_dir_all(models.join("vertex")).unwrap();
    for (name, content) in [
        ("model.onnx", "garbage"),
        ("manifest.json", "{}"),
        ("golden.json", "[]"),
    ] {
        std::fs::write(models.join("vertex").join(name), content).unwrap();
    }
    let (code, _, stderr) = output(run(&directory).env("STREAMWARDEN_INFERENCE__MODELS", &models));
    assert_eq!(code, 3, "{stderr}");
    assert!(one_line(&stderr).contains("vertex"), "{stderr}");
}

#[test]
fn brokers_that_do_not_answer_are_something_that_cannot_be_reached() {
    let directory = directory();
    let (code, _, stderr) = output(run(&directory).args(["--kafka", "127.0.0.1:1"]));
    assert_eq!(code, 4, "{stderr}");
    assert!(one_line(&stderr).contains("127.0.0.1:1"), "{stderr}");
}

#[test]
fn a_flink_that_does_not_answer_is_something_that_cannot_be_reached() {
    let (code, stdout, stderr) =
        output(program().args(["diagnose", "--flink", "http://127.0.0.1:1"]));
    assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
    assert!(one_line(&stderr).contains("http://127.0.0.1:1"), "{stderr}");
}

#[test]
fn an_address_without_a_scheme_is_a_mistake_of_usage() {
    let (code, _, stderr) = output(program().args(["diagnose", "--flink", "localhost:8081"]));
    assert_eq!(code, 2, "{stderr}");
    assert!(
        one_line(&stderr).contains("http://localhost:8081"),
        "{stderr}"
    );
}

#[test]
fn a_file_that_is_no_tape_is_said_to_be_none() {
    let directory = directory();
    let file = directory.path().join("notes.tape");
    std::fs::write(&file, "these are my notes, and there are some more of them").unwrap();
    let (code, _, stderr) = output(program().arg("replay").arg(&file));
    assert_eq!(code, 3, "{stderr}");
    assert!(
        one_line(&stderr).contains("notes.tape: this is no tape"),
        "{stderr}"
    );
}

#[test]
fn the_feature_schema_is_one_object_a_line() {
    let (code, stdout, _) = output(program().args(["features", "--format", "json"]));
    assert_eq!(code, 0);
    let features: Vec<serde_json::Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for scope in ["job", "vertex", "taskmanager"] {
        let of_scope: Vec<_> = features
            .iter()
            .filter(|feature| feature["scope"] == scope)
            .collect();
        assert!(
            of_scope.len() > 10,
            "{scope} has {} features",
            of_scope.len()
        );
        let fingerprint = &of_scope[0]["schema_fingerprint"];
        assert_eq!(fingerprint.as_str().unwrap().len(), 16);
    }
}

#[test]
fn a_problem_is_found_by_name_and_by_code_and_a_wrong_name_has_a_suggestion() {
    let by_name = output(program().args(["problems", "slow-sink"]));
    assert_eq!(by_name.0, 0);
    assert_eq!(by_name.1, output(program().args(["problems", "SW1101"])).1);
    let (code, _, stderr) = output(program().args(["problems", "slow-snik"]));
    assert_eq!(code, 2);
    assert!(
        one_line(&stderr).contains("did you mean slow-sink?"),
        "{stderr}"
    );
}

#[test]
fn a_log_on_standard_input_is_explained() {
    let log = "2026-11-22 10:00:00,000 ERROR org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - \
               Fatal error\njava.lang.OutOfMemoryError: Java heap space\n\tat org.example.Big.grow(Big.java:7)\n";
    let mut command = program();
    let (code, stdout, stderr) = output_of_input(
        command.args(["explain", "--format", "json", "--fail-on", "critical"]),
        log,
    );
    let verdict: serde_json::Value = serde_json::from_str(stdout.lines().next().unwrap()).unwrap();
    assert_eq!(verdict["class"], "heap_oom", "{stdout} {stderr}");
    assert_eq!(code, 1);
}

#[test]
fn a_problem_that_somebody_works_on_is_tried_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("problems")).unwrap();
    let problem = "code = \"SW9901\"\nslug = \"parcel-too-heavy\"\nclass = \"unsupported_feature\"\nscope = \"vertex\"\n\
                   severity = \"warning\"\ntitle = [\"{subject} weighs a parcel that is too heavy\"]\n\
                   effect = [\"It stays where it is\"]\nwhat = \"A parcel is too heavy.\"\nwhy = \"It holds lead.\"\n\
                   [[rules]]\nconfidence = 0.95\nmessage = [\"exceeds what a courier may lift\"]\n";
    fs::write(
        folder.path().join("problems/parcel-too-heavy.toml"),
        problem,
    )
    .unwrap();
    let log = "2026-11-22 10:00:00,000 ERROR org.example.Parcel [] - 40 kg exceeds what a courier may lift\n";
    let explain = |folder: &std::path::Path| {
        let mut command = program();
        command
            .args(["explain", "--format", "json", "--experience"])
            .arg(folder);
        output_of_input(&mut command, log)
    };
    let (code, stdout, stderr) = explain(folder.path());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\"slug\":\"parcel-too-heavy\""), "{stdout}");

    let (code, _, stderr) = explain(&folder.path().join("nowhere"));
    assert_eq!(code, 2);
    assert!(stderr.contains("nowhere is no folder"), "{stderr}");

    fs::create_dir_all(folder.path().join("models/text")).unwrap();
    fs::write(folder.path().join("models/text/model.onnx"), "no model").unwrap();
    let (code, _, stderr) = explain(folder.path());
    assert_eq!(code, 3);
    assert!(one_line(&stderr).contains("is no text model"), "{stderr}");
}

#[test]
fn a_healthy_log_is_healthy() {
    let log = "2026-11-22 10:00:00,000 INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - Starting\n";
    let mut command = program();
    let (code, stdout, _) = output_of_input(command.args(["explain", "--format", "json"]), log);
    assert_eq!(code, 0);
    assert!(stdout.contains("\"slug\":\"healthy\""), "{stdout}");
}

const FAILED_TASK: &str = "2026-11-22 10:00:00,000 WARN  org.apache.flink.runtime.taskmanager.Task [] - \
     Sink: orders (1/2)#0 (4fab) switched from RUNNING to FAILED\n\
     java.lang.RuntimeException: wrapped\n\tat org.example.Job.run(Job.java:7)\n\
     Caused by: org.apache.kafka.common.errors.TimeoutException: Topic orders not present in metadata after 60000 ms.\n\
     2026-11-22 10:00:01,000 INFO  org.example.Greeting [] - hello to 7 readers\n";

#[test]
fn a_log_is_rewritten_with_codes_in_place_of_its_stack_traces() {
    let mut command = program();
    let (code, stdout, stderr) = output_of_input(command.args(["explain", "--codes"]), FAILED_TASK);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{stdout}");
    assert!(!stdout.contains("Job.java"), "{stdout}");
    assert!(
        lines[0].contains(" <- E-") && lines[0].contains(" <- *E-"),
        "{stdout}"
    );
    assert!(lines[1].ends_with("hello to 7 readers"), "{stdout}");
}

#[test]
fn a_code_of_a_rewritten_log_can_be_asked_for() {
    let mut command = program();
    let (_, coded, _) = output_of_input(command.args(["explain", "--codes"]), FAILED_TASK);
    let word = |mark: &str| {
        let start = coded.find(mark).unwrap() + mark.len();
        coded[start..start + 10].to_owned()
    };
    let (code, stdout, _) = output(program().args(["explain", &word(" <- *")]));
    assert_eq!(code, 0);
    assert!(
        stdout.contains("Topic {} not present in metadata after {} ms"),
        "{stdout}"
    );

    // A message that nobody mined is known to the log that has it.
    let own = word("INFO ");
    let (code, _, stderr) = output(program().args(["explain", &own]));
    assert_eq!(code, 2, "{stderr}");
    assert!(one_line(&stderr).contains(&own), "{stderr}");
    let directory = directory();
    let log = directory.path().join("job.log");
    std::fs::write(&log, FAILED_TASK).unwrap();
    let (code, stdout, _) = output(program().arg("explain").arg(own.to_lowercase()).arg(&log));
    assert_eq!(code, 0);
    assert_eq!(stdout, format!("{own} Greeting: hello to {{}} readers\n"));
}

#[test]
fn a_code_of_a_problem_says_what_the_problem_is_also_as_json() {
    let (code, stdout, _) = output(program().args(["explain", "SW1101", "--format", "json"]));
    assert_eq!(code, 0);
    let meaning: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(meaning["problem"]["slug"], "slow-sink", "{stdout}");
}

#[test]
fn a_log_that_is_not_there_is_named_also_when_it_should_be_rewritten() {
    for more in [&["explain"][..], &["explain", "--codes"]] {
        let (code, stdout, stderr) = output(program().args(more).arg("/nowhere/job.log"));
        assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
        assert!(one_line(&stderr).contains("/nowhere/job.log"), "{stderr}");
    }
}

#[test]
fn everything_in_one_process_starts_and_ends_by_sigterm() {
    let directory = directory();
    let running = Running::start(&mut run(&directory));
    running.line_with("page and API: http://127.0.0.1:");
    running.signal("-TERM");
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_tape_plays_through_the_whole_process_to_an_alert_on_the_terminal() {
    let directory = directory();
    let mut command = program();
    command
        .arg("replay")
        .arg(fixture("user-exception-loop-fan-out-often.tape"));
    command.args([
        "--speed",
        "20",
        "--exit-at-end",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ]);
    let running = Running::start(command.arg(directory.path()));
    running.line_with("This is a recording, played as if live, 20 times as fast");
    running.line_with("SW5101 user-exception-loop");
    assert_eq!(running.wait().code(), Some(0));
}
