//! Values as people read them, by the unit of their feature.

use streamwarden_experience::sizing::units::{duration, figure, size};

/// A value with its unit.
pub(super) fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "ratio" => share_or_factor(value),
        "bytes" => size(value),
        "bytes/s" => format!("{}/s", size(value)),
        "ms" => duration(value),
        "s" => duration(value * 1_000.0),
        "us" => format!("{} µs", figure(value)),
        "flag" => (if value > 0.5 { "yes" } else { "no" }).to_owned(),
        "count" | "code" => figure(value),
        unit => format!("{} {unit}", figure(value)),
    }
}

/// Shares up to 1 read best as per cent, factors above as they are.
fn share_or_factor(value: f64) -> String {
    if (-1.0..=1.0).contains(&value) {
        format!("{} %", figure(value * 100.0))
    } else {
        format!("{}×", figure(value))
    }
}
