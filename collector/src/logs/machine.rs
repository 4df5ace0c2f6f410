//! The machine's own log, where the kernel says which process it ended and why. It is no log of Flink's: Flink's own are
//! still read where they are.

use super::owner;

/// As Debian, Red Hat and others call it; a file of another name is not taken for it.
const NAMES: &[&str] = &["kern.log", "kernel.log", "messages"];

/// By its name.
pub(super) fn is_log(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether a directory with these files is the machine's: its log lies there, and none of Flink's processes.
pub(super) fn is_directory<'n>(mut names: impl Iterator<Item = &'n str> + Clone) -> bool {
    names.clone().any(is_log) && !names.any(owner::is_process_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_the_machines_only_while_no_process_of_flink_writes_there() {
        let is = |names: &[&str]| is_directory(names.iter().copied());
        assert!(is(&["auth.log", "kern.log"]));
        assert!(!is(&["kern.log", "flink-x-taskexecutor-0-h.log"]));
        assert!(!is(&["kern.log", "flink-x-standalonesession-0-h.log"]));
        assert!(!is(&["auth.log"]), "a log of Flink may have any name");
        assert!(!is(&[]));
    }
}
