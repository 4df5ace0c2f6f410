//! Logs in which nothing failed: a few lines that somebody pasted are about something, a long log that is fine is fine.

use streamwarden_proto::Class;

use crate::verdict;

#[test]
fn a_few_lines_of_a_monitor_get_their_class() {
    for (log, class) in [
        (
            "vertex Enrich: subtask 0 busy 4 %, subtask 1 busy 3 %, subtask 2 busy 100 %, subtask 3 busy 5 %; subtask 2 got 91 % of the records\n",
            Class::DataSkew,
        ),
        (
            "2026-11-22 21:34:00,123 INFO  com.acme.Report [] - all subtasks of Parse busy 100 %, records-lag-max 120000 -> 340000 -> 790000\n",
            Class::UnderProvisioned,
        ),
        (
            "parallelism 64, busy 2 % on every subtask, cpu of the TaskManagers 3 %, lag 0 for 30 days\n",
            Class::OverProvisioned,
        ),
        (
            "checkpoint size\n1 12.1 GB\n2 24.9 GB\n3 37.2 GB\n4 50.8 GB\ninput rate unchanged\n",
            Class::StateGrowth,
        ),
    ] {
        assert_eq!(verdict(log).class, class, "{log}");
    }
}

#[test]
fn lines_that_say_that_all_is_well_are_healthy() {
    for log in [
        "checkpoint 12 completed in 800 ms, lag 0, all subtasks running\n",
        "2026-11-22 21:34:00,123 INFO  com.acme.Job [] - started, 4 of 4 subtasks running\n",
        "",
    ] {
        assert_eq!(verdict(log).class, Class::Healthy, "{log}");
    }
}

#[test]
fn to_name_what_may_fail_is_no_trouble() {
    for log in [
        "restored from savepoint s3://bucket/sp, 12 of 12 operators\n",
        "metaspace 140 MB of 256 MB\n",
        "2026-11-22 21:34:00,123 INFO  com.acme.Job [] - transaction committed, 500 rows\n",
        "2026-11-22 21:34:00,123 INFO  com.acme.Job [] - Completed checkpoint 7 for job 4f\n",
        "busy 42 %, 45 %, 39 % on three subtasks\n",
    ] {
        assert_eq!(verdict(log).class, Class::Healthy, "{log}");
    }
}

#[test]
fn a_long_log_is_not_searched_for_what_calm_lines_are_about() {
    let calm = "2026-11-22 21:34:00,123 INFO  com.acme.Job [] - record 17 is processed\n";
    let telling = "2026-11-22 21:34:00,123 INFO  com.acme.Report [] - all subtasks of Parse busy 100 %, records-lag-max 120000 -> 340000 -> 790000\n";
    assert_eq!(verdict(telling).class, Class::UnderProvisioned);
    let long = telling.to_owned() + &calm.repeat(5000);
    assert_eq!(verdict(&long).class, Class::Healthy);
}

#[test]
fn a_thread_dump_is_no_exception() {
    let log = "\"Sink: Writer (1/2)#0\" #77 prio=5 os_prio=0 tid=0x00007f nid=0x1f runnable\n   \
        java.lang.Thread.State: RUNNABLE\n\
        \tat java.net.SocketInputStream.socketRead0(Native Method)\n\
        \tat com.acme.sink.Client.call(Client.java:7)\n\
        \tat org.apache.flink.streaming.api.operators.StreamSink.processElement(StreamSink.java:54)\n\
        the same stack in 10 of 10 dumps, everything before the sink is backpressured\n";
    assert_eq!(verdict(log).class, Class::BackpressureStall);
}
