//! Sizes as Flink writes them: `1200m`, `2 gb`, `1073741824`.

/// Bytes of a size; `None` for what is none.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_bytes: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 1,
        "k" | "kb" | "kibibytes" => 1 << 10,
        "m" | "mb" | "mebibytes" => 1 << 20,
        "g" | "gb" | "gibibytes" => 1 << 30,
        "t" | "tb" | "tebibytes" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_flink_reads_them() {
        assert_eq!(bytes("1200m"), Some(1200 << 20));
        assert_eq!(bytes("2 gb"), Some(2 << 30));
        assert_eq!(bytes("1073741824"), Some(1 << 30));
        for wrong in ["", "m", "1.5g", "1 wagon"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
