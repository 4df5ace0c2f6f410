//! The same message has the same code whatever varies in it; other messages have others.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::EXPERIENCE;

fn code(owner: &str, message: &str) -> String {
    EXPERIENCE.templates().code(owner, message).code
}

proptest! {
    #[test]
    fn numbers_hosts_paths_ids_and_times_do_not_change_a_code(
        number in any::<u32>(), port in 1_u16.., host in "[a-z]{2,12}-[0-9]{1,3}(\\.[a-z]{2,8}){0,3}",
        path in "(/[a-z0-9_]{1,9}){1,5}", id in "[0-9a-f]{32}", second in 0_u8..60,
    ) {
        let message = format!("Peer {host}:{port} sent {number} bytes of {path} for job {id} at 2026-11-22 21:34:{second:02},123");
        let fixed = "Peer tm-1:1 sent 2 bytes of /x for job 00000000000000000000000000000000 at 2026-11-22 21:34:00,000";
        prop_assert_eq!(code("a.B", &message), code("x.y.B", fixed));
    }

    #[test]
    fn other_words_give_other_codes(one in "[a-z]{3,10}( [a-z]{3,10}){3,8}", other in "[a-z]{3,10}( [a-z]{3,10}){3,8}") {
        prop_assume!(one != other && !one.bytes().all(|b| b.is_ascii_hexdigit()));
        let hex = |text: &str| text.split(' ').any(|word| word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit()));
        prop_assume!(!hex(&one) && !hex(&other));
        prop_assert_ne!(code("a.B", &one), code("a.B", &other));
    }
}

#[test]
fn a_mined_message_has_the_code_of_its_template_with_any_argument() {
    let message =
        |topic: &str, ms: u32| format!("Topic {topic} not present in metadata after {ms} ms.");
    let owner = "org.apache.kafka.common.errors.TimeoutException";
    assert_eq!(
        code(owner, &message("orders", 60_000)),
        code(owner, &message("clicks", 1))
    );
    let mined = EXPERIENCE
        .templates()
        .template(&code(owner, &message("orders", 1)));
    assert_eq!(
        mined.map(streamwarden_experience::template::MinedTemplate::owner),
        Some("TimeoutException")
    );
}

/// They are searched as they are.
#[test]
fn the_lines_of_template_files_are_sorted_by_their_bytes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.lines().is_sorted(),
            "{}: LC_ALL=C sort",
            path.display()
        );
    }
}

#[test]
fn mined_templates_do_not_share_codes() {
    let mut owners = HashMap::new();
    let texts = include_str!("../../templates/flink-core.tsv");
    for line in texts.lines() {
        let (owner, template) = line.split_once('\t').unwrap();
        let code = streamwarden_experience::template::code_of(owner, template);
        if let Some(before) = owners.insert(code, line) {
            panic!("{before} and {line} have the same code");
        }
    }
}
