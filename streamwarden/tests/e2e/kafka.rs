//! A real Kafka broker, from Maven's jars.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// It ends when its standard input does, also when the test is killed.
pub(crate) struct Kafka {
    pub(crate) brokers: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Kafka {
    pub(crate) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/dev/kafka.sh");
        let mut child = Command::new("bash")
            .arg(script)
            .arg("run")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let plain = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("plain="));
        let brokers = plain
            .unwrap_or_else(|| panic!("Kafka did not start: {line:?}"))
            .to_owned();
        Self {
            brokers,
            child,
            input,
        }
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
