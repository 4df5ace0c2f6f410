//! The same failure in every layout and behind every prefix gives the same answer.

use streamwarden_proto::Class;

use crate::{events, events_read_at, verdict};

const MESSAGE: &str =
    "Source: orders -> map (1/2)#0 (4f) switched from RUNNING to FAILED with failure cause:";
const TRACE: &[&str] = &[
    "java.io.IOException: Insufficient number of network buffers: required 17, but only 4 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.",
    "\tat org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.createBufferPool(NetworkBufferPool.java:386)",
];

fn with_header(header: &str, prefix: &str) -> String {
    let lines = std::iter::once(format!("{header}{MESSAGE}"))
        .chain(TRACE.iter().map(|line| (*line).to_owned()));
    lines.map(|line| format!("{prefix}{line}\n")).collect()
}

#[test]
fn layouts_do_not_change_the_answer() {
    let headers = [
        "2026-11-22 21:34:00,123 WARN  org.apache.flink.runtime.taskmanager.Task                    [] - ",
        "2026-11-22 21:34:00.123 [Source: orders (1/2)#0] WARN  o.a.f.runtime.taskmanager.Task - ",
        "21:34:00.123 [main] WARN  o.a.f.runtime.taskmanager.Task  - ",
        "26/11/22 21:34:00 WARN Task: ",
        "[2026-11-22 21:34:00,123] WARN ",
        "WARN  2026-11-22 21:34:00,123 org.apache.flink.runtime.taskmanager.Task - ",
        "2026-11-22T21:34:00.123Z  WARN 7 --- [main] o.a.f.r.t.Task : ",
    ];
    for header in headers {
        for prefix in [
            "",
            "taskmanager-1  | ",
            "2026-11-22T21:34:00.123456789Z stderr F ",
            "[pod/tm/main] ",
        ] {
            let answer = verdict(&with_header(header, prefix));
            assert_eq!(answer.slug, "network-buffers-short", "{prefix}{header}");
            assert_eq!(answer.root_cause.unwrap().line, 1, "{prefix}{header}");
        }
    }
}

#[test]
fn a_line_of_syslog_has_the_time_of_its_prefix_in_the_year_of_the_reader() {
    let log = b"Nov 22 21:34:00 h kernel: [ 1.2] one\nNov 22 21:34:07 h kernel: [ 8.2] two\n";
    let events = events_read_at(log, 1_795_383_300_000);
    let times: Vec<i64> = events.iter().map(|event| event.at_ms).collect();
    assert_eq!(times, [1_795_383_240_000, 1_795_383_247_000]);
}

#[test]
fn windows_line_ends_and_colours_do_not_change_the_answer() {
    let log = with_header("2026-11-22 21:34:00,123 WARN  a.Task [] - ", "");
    assert_eq!(
        verdict(&log.replace('\n', "\r\n")).slug,
        "network-buffers-short"
    );
    assert_eq!(
        verdict(&log.replace("WARN", "\u{1b}[33mWARN\u{1b}[0m")).slug,
        "network-buffers-short"
    );
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(log.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(events(&wide).len(), 1);
}

#[test]
fn processes_mixed_by_compose_keep_their_traces_apart() {
    let log = "jm-1  | 2026-11-22 21:34:00,123 ERROR a.B [] - one\n\
        tm-1  | 2026-11-22 21:34:00,124 ERROR a.C [] - two\n\
        jm-1  | java.lang.IllegalStateException: of one\n\
        tm-1  | java.io.IOException: of two\n\
        jm-1  | \tat a.b.C.d(E.java:1)\n\
        tm-1  | \tat x.y.Z.w(V.java:2)\n";
    let found = events(log.as_bytes());
    let pairs: Vec<_> = found
        .iter()
        .map(|event| {
            (
                event.text.as_str(),
                event.throwable.as_ref().unwrap().chain[0].message.as_str(),
            )
        })
        .collect();
    assert_eq!(pairs, [("one", "of one"), ("two", "of two")]);
}

#[test]
fn a_trace_interrupted_by_another_thread_is_joined_again() {
    let log = "2026-11-22 21:34:00,123 ERROR a.B [] - one\njava.io.IOException: x\n\tat a.b.C.d(E.java:1)\n\
        2026-11-22 21:34:00,124 INFO  a.C [] - between\n\tat a.b.C.e(E.java:2)\nCaused by: java.lang.Error: y\n";
    let found = events(log.as_bytes());
    let one = found.iter().find(|event| event.text == "one").unwrap();
    let chain = &one.throwable.as_ref().unwrap().chain;
    assert_eq!((chain[0].frames.len(), chain.len()), (2, 2));
}

#[test]
fn the_first_fault_comes_before_what_follows_from_it() {
    let log = "2026-11-22 21:00:00,000 INFO  a.Start [] - Starting\n\
        2026-11-22 21:00:01,000 ERROR org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - Fatal error occurred while executing the TaskManager. Shutting it down...\n\
        java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Cache.put(Cache.java:9)\n\
        2026-11-22 21:00:50,000 WARN  org.apache.flink.runtime.taskmanager.Task [] - Sink: x (1/1)#0 (4f) switched from RUNNING to FAILED with failure cause:\n\
        org.apache.flink.runtime.io.network.netty.exception.RemoteTransportException: Connection unexpectedly closed by remote task manager 'tm2/10.0.0.2:4242'. This might indicate that the remote task manager was lost.\n\
        2026-11-22 21:00:51,000 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job orders (4f) switched from state RUNNING to FAILED.\n\
        java.util.concurrent.TimeoutException: The heartbeat of TaskManager with id tm2 timed out.\n";
    let answer = verdict(log);
    assert_eq!(answer.slug, "heap-exhausted");
    assert_eq!(answer.root_cause.unwrap().line, 2);
}

#[test]
fn a_quiet_log_is_healthy_and_a_strange_failure_is_unknown() {
    assert_eq!(
        verdict("2026-11-22 21:00:00,000 INFO  a.B [] - Completed checkpoint 7 for job 4f\n").slug,
        "healthy"
    );
    let strange = "2026-11-22 21:00:00,000 ERROR a.B [] - the flux is not aligned\norg.apache.flink.Odd: flux\n";
    assert_eq!(verdict(strange).slug, "unknown");
}

#[test]
fn the_same_exception_is_of_what_the_task_reads_or_of_what_it_writes() {
    for (task, class) in [
        ("Source: orders", Class::SourceUnreachable),
        ("Sink: orders: Writer", Class::SinkUnreachableOrRejected),
    ] {
        let log = format!(
            "2026-11-19 10:00:05,294 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - {task} (1/2) \
             (7c_0_0) switched from RUNNING to FAILED on tm-1 @ tm-1 (dataPort=1).\n\
             java.net.ConnectException: Connection refused\n\
             \tat java.base/sun.nio.ch.Net.pollConnect(Native Method)"
        );
        assert_eq!(verdict(&log).class, class, "{task}");
    }
}

#[test]
fn words_that_anyone_may_use_count_less_than_who_threw() {
    for (frame, class) in [
        (
            "com.acme.Check.processElement(Check.java:18)",
            Class::RestartLoopUserException,
        ),
        (
            "org.apache.flink.util.Preconditions.checkArgument(Preconditions.java:138)",
            Class::ConfigInvalid,
        ),
    ] {
        let log = format!(
            "java.lang.IllegalArgumentException: the amount must be positive\n\tat {frame}"
        );
        assert_eq!(verdict(&log).class, class, "{frame}");
    }
}
