//! How a series of figures goes.

/// Times the second largest that one must be to stand out.
const STANDS_OUT: f64 = 3.0;
/// Growth from the first to the last that is one.
const GROWTH: f64 = 1.05;
/// Share of the largest by which the smallest may be below it where all are the same.
const SAME: f64 = 0.25;

/// What can be said of a series; nothing if it only goes up and down.
pub(super) fn shapes(values: &[f64]) -> Vec<&'static str> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return Vec::new();
    };
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    let second = sorted[sorted.len().saturating_sub(2)];
    let mut said = Vec::new();
    let steps = || values.windows(2);
    if last > &(first * GROWTH) && steps().all(|pair| pair[1] >= pair[0]) {
        said.push("rises");
    }
    if first > &(last * GROWTH) && steps().all(|pair| pair[1] <= pair[0]) {
        said.push("falls");
    }
    if most > 1.0 && most >= second * STANDS_OUT {
        said.push("stands out");
    }
    if most - least <= most.abs() * SAME {
        said.push("even");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_outliers_and_standstill_are_told_apart() {
        assert_eq!(shapes(&[41.2, 47.9, 61.3]), ["rises"]);
        assert_eq!(shapes(&[9.0, 5.0, 4.0]), ["falls"]);
        assert_eq!(shapes(&[3.0, 100.0, 3.0, 4.0]), ["stands out"]);
        assert_eq!(shapes(&[100.0, 104.0, 99.0]), ["even"]);
        assert_eq!(shapes(&[1.0, 5.0, 2.0]), [""; 0]);
        assert_eq!(shapes(&[]), [""; 0]);
    }
}
