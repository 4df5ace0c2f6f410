//! Figures over subtasks. NaN stands for "not reported" and never counts; nothing reported gives NaN.

/// Sum and number of what was reported.
fn sum_and_count(values: &[f64]) -> (f64, usize) {
    values
        .iter()
        .filter(|value| !value.is_nan())
        .fold((0.0, 0), |(sum, count), value| (sum + value, count + 1))
}

pub(crate) fn count(values: &[f64]) -> usize {
    sum_and_count(values).1
}

pub(crate) fn sum(values: &[f64]) -> f64 {
    match sum_and_count(values) {
        (_, 0) => f64::NAN,
        (sum, _) => sum,
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    let (sum, count) = sum_and_count(values);
    if count == 0 {
        f64::NAN
    } else {
        sum / count as f64
    }
}

pub(crate) fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

pub(crate) fn min(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::min)
}

/// Largest of what an iterator gives.
pub(crate) fn max_of(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::NAN, f64::max)
}

/// Smallest of what an iterator gives.
pub(crate) fn min_of(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::NAN, f64::min)
}

/// Mean of what an iterator gives.
pub(crate) fn mean_of(values: impl IntoIterator<Item = f64>) -> f64 {
    mean(&values.into_iter().collect::<Vec<_>>())
}

/// Sum of what an iterator gives.
pub(crate) fn sum_of(values: impl IntoIterator<Item = f64>) -> f64 {
    sum(&values.into_iter().collect::<Vec<_>>())
}

/// Standard deviation against the mean; NaN for fewer than two values or a mean of 0.
pub(crate) fn variation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let known = count(values);
    if known < 2 || mean <= 0.0 {
        return f64::NAN;
    }
    let squares: f64 = values
        .iter()
        .filter(|value| !value.is_nan())
        .map(|value| (value - mean).powi(2))
        .sum();
    (squares / known as f64).sqrt() / mean
}

/// `part / whole`; NaN where the whole is 0 or unknown.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole.is_nan() || whole.abs() < f64::MIN_POSITIVE {
        return f64::NAN;
    }
    part / whole
}

/// Share of the reported values that fulfil a condition.
pub(crate) fn share(values: &[f64], fulfils: impl Fn(f64) -> bool) -> f64 {
    let hits = values
        .iter()
        .filter(|value| !value.is_nan() && fulfils(**value));
    ratio(hits.count() as f64, count(values) as f64)
}

/// Largest against mean, for two values or more.
pub(crate) fn max_over_mean(values: &[f64]) -> f64 {
    if count(values) < 2 {
        f64::NAN
    } else {
        ratio(max(values), mean(values))
    }
}

/// Smallest against mean, for two values or more.
pub(crate) fn min_over_mean(values: &[f64]) -> f64 {
    if count(values) < 2 {
        f64::NAN
    } else {
        ratio(min(values), mean(values))
    }
}

/// Second largest against largest, for two values or more.
pub(crate) fn second_over_top(values: &[f64]) -> f64 {
    let mut known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    if known.len() < 2 {
        return f64::NAN;
    }
    known.sort_by(|left, right| right.total_cmp(left));
    ratio(known[1], known[0])
}

/// 1 for true, 0 for false.
pub(crate) fn flag(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// 1 or 0 where the figure is known.
pub(crate) fn flag_if_known(figure: f64, fulfils: impl Fn(f64) -> bool) -> f64 {
    if figure.is_nan() {
        f64::NAN
    } else {
        flag(fulfils(figure))
    }
}

/// A known number, or NaN.
pub(crate) fn known<N: Into<f64>>(number: Option<N>) -> f64 {
    number.map_or(f64::NAN, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reported_does_not_count() {
        let values = [f64::NAN, 2.0, 4.0];
        assert_eq!(mean(&values), 3.0);
        assert_eq!(max(&values), 4.0);
        assert_eq!(min(&values), 2.0);
        assert_eq!(share(&values, |value| value > 3.0), 0.5);
    }

    #[test]
    fn nothing_reported_is_missing_and_not_zero() {
        for figure in [mean(&[]), max(&[]), sum(&[f64::NAN]), share(&[], |_| true)] {
            assert!(figure.is_nan());
        }
    }

    #[test]
    fn skew_of_one_subtask_is_missing() {
        assert!(max_over_mean(&[5.0]).is_nan());
        assert!(second_over_top(&[5.0]).is_nan());
        assert_eq!(second_over_top(&[5.0, 10.0, 1.0]), 0.5);
    }
}
