//! Lines a second through the analyzer.
fn main() {}
