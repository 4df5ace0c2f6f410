//! Builds the shipped tape in, if there is one.

use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let tape = Path::new(&manifest).join("../tapes/demo.tape");
    writeln!(io::stdout(), "cargo:rerun-if-changed={}", tape.display())?;
    let code = match tape.canonicalize() {
        Ok(tape) => format!("Some(include_bytes!({:?}))", tape.display().to_string()),
        Err(_) => "None".to_owned(),
    };
    let out = env::var("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&out).join("demo_tape.rs"), code)
}
