//! Compiles the `.proto` files with protox, so that no protoc is needed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = [
        "proto/streamwarden/v1/observation.proto",
        "proto/streamwarden/v1/feature.proto",
        "proto/streamwarden/v1/cluster.proto",
    ];
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(files, ["proto"])?;
    // Maps become BTreeMaps: the same record must give the same bytes.
    prost_build::Config::new()
        .btree_map(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
