//! Explains the log files that are named: `cargo run -p streamwarden-experience --example explain_file -- FILE...`

use std::fs::File;
use std::io::{self, Write as _};

use streamwarden_experience::{Experience, explain};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let experience = Experience::builtin()?;
    let mut out = io::stdout().lock();
    for path in std::env::args().skip(1) {
        let answers = explain::explain(&experience, File::open(&path)?)?;
        writeln!(out, "== {path}\n{}", explain::text(&answers))?;
    }
    Ok(())
}
