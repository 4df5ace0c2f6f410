//! A finding that fits no known problem.

use streamwarden_proto::Class;

use crate::api::with_a_slow_sink;
use crate::asking::get;
use crate::support::{BEGAN_MS, finding, opened};

#[tokio::test]
async fn a_finding_that_fits_nothing_known_says_what_to_collect_next() {
    let service = with_a_slow_sink().await;
    let unknown = finding("orders", "unknown", Class::Unknown, BEGAN_MS);
    service.take(&[opened(&unknown, BEGAN_MS)]).await;
    let job = get(&service, "/api/v1/jobs/id-orders").await;
    let of = |slug: &str| {
        let findings = job["findings"].as_array().unwrap().iter();
        let mut lists = findings.filter(|detail| detail["finding"]["slug"] == slug);
        let list = lists.next().unwrap()["collect_next"].as_array().unwrap();
        list.iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("slow-sink"), Vec::<String>::new());
    let next = of("unknown").join("\n");
    for part in [
        "jstack",
        "from 2026-11-22T02:41:20Z to 2026-11-22T02:51:20Z",
        "streamwarden record --flink http",
    ] {
        assert!(next.contains(part), "{part} is not in: {next}");
    }
    service.stop().await;
}
