//! Builds the crate again when the page or the migrations change: both are compiled in.

fn main() {
    for path in ["web/static", "migrations"] {
        println!("cargo:rerun-if-changed={path}");
    }
}
