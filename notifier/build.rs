//! Builds the crate again when the page changes: it is compiled in.

fn main() {
    println!("cargo:rerun-if-changed=web/static");
}
