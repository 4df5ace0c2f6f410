//! For each `logger<TAB>message` of standard input, the code with the mined templates and the code without them.

use std::io::{self, BufRead, BufWriter, Write};

use streamwarden_experience::Experience;
use streamwarden_experience::template::template_code;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let experience = Experience::builtin()?;
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (logger, message) = line.split_once('\t').unwrap_or(("", &line));
        let mined = experience.templates().code(logger, message).code;
        let (plain, _) = template_code(logger, message);
        writeln!(out, "{mined}\t{plain}")?;
    }
    Ok(())
}
