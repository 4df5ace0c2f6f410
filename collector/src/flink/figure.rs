//! Numbers as Flink writes them: as numbers, as texts, as "NaN", or not at all.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

/// A figure; what is missing or no number is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure(pub f64);

impl Default for Figure {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl Figure {
    /// The figure, if there is one and it is not negative: Flink writes -1 for "not known".
    #[must_use]
    pub fn known(self) -> Option<f64> {
        (self.0 >= 0.0).then_some(self.0)
    }

    /// As a whole number that is not negative.
    #[must_use]
    // `as` saturates.
    pub fn whole(self) -> Option<u64> {
        self.known().map(|value| value as u64)
    }

    /// As a count; 0 where it is not known.
    #[must_use]
    pub fn count(self) -> u32 {
        self.whole()
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or_default()
    }

    /// As milliseconds since the epoch; 0 and below mean "never".
    #[must_use]
    // `as` saturates.
    pub fn time_ms(self) -> Option<i64> {
        (self.0 > 0.0).then_some(self.0 as i64)
    }
}

/// Reads a metric's text; NaN for whatever is no number.
#[must_use]
pub fn parse(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

struct FigureVisitor;

impl<'de> Visitor<'de> for FigureVisitor {
    type Value = Figure;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Figure, E> {
        Ok(Figure(value))
    }

    // Counters above 2^53 lose their last digits, as everywhere in metrics.
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Figure, E> {
        Ok(Figure(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Figure, E> {
        Ok(Figure(value as f64))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Figure, E> {
        Ok(Figure(parse(value)))
    }

    fn visit_bool<E: de::Error>(self, _value: bool) -> Result<Figure, E> {
        Ok(Figure::default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Figure, E> {
        Ok(Figure::default())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Figure, A::Error> {
        while map
            .next_entry::<de::IgnoredAny, de::IgnoredAny>()?
            .is_some()
        {}
        Ok(Figure::default())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Figure, A::Error> {
        while seq.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(Figure::default())
    }
}

impl<'de> de::Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FigureVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> f64 {
        serde_json::from_str::<Figure>(json).unwrap().0
    }

    #[test]
    fn a_number_is_read_however_flink_writes_it() {
        assert_eq!(read("12"), 12.0);
        assert_eq!(read("12.5"), 12.5);
        assert_eq!(read("\"12.5\""), 12.5);
        assert_eq!(read("-9223372036854775808"), -9_223_372_036_854_775_808.0);
    }

    #[test]
    fn what_is_no_number_is_not_taken_for_zero() {
        for json in ["\"NaN\"", "null", "true", "\"file:/x\"", "{\"a\":1}", "[1]"] {
            assert!(read(json).is_nan(), "{json}");
        }
    }

    #[test]
    fn minus_one_means_not_known() {
        assert_eq!(Figure(-1.0).whole(), None);
        assert_eq!(Figure(0.0).whole(), Some(0));
        assert_eq!(Figure(-1.0).time_ms(), None);
    }
}
