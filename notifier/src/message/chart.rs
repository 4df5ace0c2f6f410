//! The course of a finding's deciding figure as a small picture, for channels that can show one.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use serde::{Deserialize, Serialize};
use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash};
use tiny_skia::{Path, Transform};

use crate::message::words::figure;

/// Pixels; shown at half of it, so that it is sharp on a phone.
pub const WIDTH: u16 = 1040;
/// Pixels.
pub const HEIGHT: u16 = 240;
const MARGIN: f32 = 12.0;
/// Fewer values make no line.
const LEAST_VALUES: usize = 2;

const GROUND: [u8; 3] = [0xff, 0xff, 0xff];
const HEALTHY: [u8; 3] = [0xec, 0xef, 0xf1];
const LIMIT: [u8; 3] = [0x5a, 0x64, 0x6e];
const LINE: [u8; 3] = [0xb3, 0x26, 0x1e];

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The figure in words: `sink busy`.
    pub label: String,
    /// Its unit.
    pub unit: String,
    /// Time of the newest value, milliseconds.
    pub end_ms: i64,
    /// Milliseconds from value to value.
    pub step_ms: i64,
    /// Oldest first; nothing where it was not measured.
    pub values: Vec<Option<f64>>,
    /// Healthy from here.
    pub healthy_min: Option<f64>,
    /// Healthy up to here.
    pub healthy_max: Option<f64>,
}

impl Chart {
    /// A chart of these values from the first one that was measured; nothing if that makes no line.
    #[must_use]
    pub fn of(mut self) -> Option<Self> {
        let first = self.values.iter().position(Option::is_some)?;
        self.values.drain(..first);
        let known = self.values.iter().flatten().count();
        (known >= LEAST_VALUES).then_some(self)
    }

    /// The same in words, for whoever cannot see it.
    #[must_use]
    pub fn words(&self) -> String {
        let newest = self.values.iter().rev().flatten().next();
        let newest = newest.map_or_else(String::new, |value| figure(*value, &self.unit));
        let lasted = i64::try_from(self.values.len()).unwrap_or(0) * self.step_ms;
        let minutes = (lasted / 60_000).max(1);
        let healthy = match (self.healthy_min, self.healthy_max) {
            (_, Some(max)) => format!(", healthy below {}", figure(max, &self.unit)),
            (Some(min), None) => format!(", healthy from {}", figure(min, &self.unit)),
            (None, None) => String::new(),
        };
        format!(
            "{} over the last {minutes} min, now {newest}{healthy}",
            self.label
        )
    }

    /// The picture as PNG: grey where it is healthy, a dashed limit, the figure in red. Nothing if it cannot be drawn.
    #[must_use]
    pub fn png(&self) -> Option<Vec<u8>> {
        encode(&self.draw()?).ok()
    }

    fn draw(&self) -> Option<Pixmap> {
        let mut canvas = Pixmap::new(u32::from(WIDTH), u32::from(HEIGHT))?;
        canvas.fill(colour(GROUND));
        let (low, high) = self.range()?;
        let height = f32::from(HEIGHT) - 2.0 * MARGIN;
        let y = |value: f64| {
            let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
            MARGIN + height * (1.0 - single(share))
        };
        let (right, left) = (f32::from(WIDTH) - MARGIN, MARGIN);
        if self.healthy_min.is_some() || self.healthy_max.is_some() {
            let top = y(self.healthy_max.unwrap_or(high));
            let bottom = y(self.healthy_min.unwrap_or(low));
            let band = Rect::from_ltrb(left, top, right, bottom.max(top + 1.0))?;
            canvas.fill_rect(band, &paint(HEALTHY), Transform::identity(), None);
        }
        for limit in [self.healthy_min, self.healthy_max].into_iter().flatten() {
            let mut line = PathBuilder::new();
            line.move_to(left, y(limit));
            line.line_to(right, y(limit));
            let dash = StrokeDash::new(vec![8.0, 8.0], 0.0);
            stroke(&mut canvas, &line.finish()?, LIMIT, 2.0, dash);
        }
        let step = (right - left) / count(self.values.len().saturating_sub(1).max(1));
        let x = |at: usize| left + step * count(at);
        if let Some(line) = self.line(x, y) {
            stroke(&mut canvas, &line, LINE, 5.0, None);
        }
        Some(canvas)
    }

    /// From a little below everything that is drawn to a little above it.
    fn range(&self) -> Option<(f64, f64)> {
        let limits = [self.healthy_min, self.healthy_max].into_iter().flatten();
        let drawn: Vec<f64> = self
            .values
            .iter()
            .flatten()
            .copied()
            .chain(limits)
            .collect();
        let low = drawn.iter().copied().fold(0.0, f64::min);
        let high = drawn.iter().copied().fold(f64::MIN, f64::max);
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        let room = (high - low).max(f64::EPSILON) * 0.08;
        Some((low, high + room))
    }

    /// One line a stretch without gaps.
    fn line(&self, x: impl Fn(usize) -> f32, y: impl Fn(f64) -> f32) -> Option<Path> {
        let mut line = PathBuilder::new();
        let mut drawing = false;
        for (at, value) in self.values.iter().enumerate() {
            match value {
                Some(value) if drawing => line.line_to(x(at), y(*value)),
                Some(value) => line.move_to(x(at), y(*value)),
                None => {}
            }
            drawing = value.is_some();
        }
        line.finish()
    }
}

/// PNG: rows without a filter, in colours without transparency.
fn encode(picture: &Pixmap) -> std::io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in picture.pixels().chunks(usize::from(WIDTH)) {
        packed.write_all(&[0])?;
        for pixel in row {
            packed.write_all(&[pixel.red(), pixel.green(), pixel.blue()])?;
        }
    }
    let mut header = Vec::with_capacity(13);
    header.extend(picture.width().to_be_bytes());
    header.extend(picture.height().to_be_bytes());
    // 8 bits a colour; red, green, blue; and the only compression, filter and order of rows that there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &packed.finish()?);
    chunk(&mut out, *b"IEND", &[]);
    Ok(out)
}

/// Length, name, content, check sum of name and content.
fn chunk(out: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(content);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    out.extend(length.to_be_bytes());
    out.extend(name);
    out.extend(content);
    out.extend(sum.sum().to_be_bytes());
}

fn stroke(canvas: &mut Pixmap, path: &Path, rgb: [u8; 3], width: f32, dash: Option<StrokeDash>) {
    let stroke = Stroke {
        width,
        dash,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    canvas.stroke_path(path, &paint(rgb), &stroke, Transform::identity(), None);
}

fn paint(rgb: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(colour(rgb));
    paint
}

fn colour([r, g, b]: [u8; 3]) -> Color {
    Color::from_rgba8(r, g, b, 0xff)
}

#[expect(clippy::cast_possible_truncation, reason = "a share of the height")]
fn single(share: f64) -> f32 {
    share as f32
}

#[expect(clippy::cast_precision_loss, reason = "at most a few hundred values")]
fn count(at: usize) -> f32 {
    at as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(values: Vec<Option<f64>>) -> Chart {
        Chart {
            label: "sink busy".into(),
            unit: "ms/s".into(),
            end_ms: 600_000,
            step_ms: 10_000,
            values,
            healthy_min: None,
            healthy_max: Some(800.0),
        }
    }

    fn pixels(chart: &Chart) -> Pixmap {
        chart.draw().unwrap()
    }

    /// Rows of a column in which the figure's line is.
    fn red_rows(picture: &Pixmap, x: u32) -> Vec<u32> {
        let is_red = |y: &u32| {
            let pixel = picture.pixel(x, *y).unwrap();
            pixel.red() > 150 && pixel.green() < 90
        };
        (0..picture.height()).filter(is_red).collect()
    }

    #[test]
    fn a_figure_that_rises_is_drawn_higher_at_the_end_and_a_gap_stays_empty() {
        let values = vec![
            Some(100.0),
            Some(120.0),
            None,
            None,
            Some(900.0),
            Some(990.0),
        ];
        let picture = pixels(&busy(values));
        let (begin, end) = (red_rows(&picture, 20), red_rows(&picture, 1020));
        assert!(begin[0] > end[0] + 100, "{begin:?} {end:?}");
        assert_eq!(red_rows(&picture, 520), Vec::<u32>::new());
    }

    #[test]
    fn what_was_not_measured_before_is_left_out_and_one_value_is_no_chart() {
        let chart = busy(vec![None, None, Some(1.0), Some(2.0)]).of().unwrap();
        assert_eq!(chart.values, [Some(1.0), Some(2.0)]);
        assert_eq!(busy(vec![None, Some(1.0)]).of(), None);
    }

    #[test]
    fn the_words_say_what_the_picture_shows() {
        let words = busy(vec![Some(981.0); 30]).words().replace('\u{a0}', " ");
        assert_eq!(
            words,
            "sink busy over the last 5 min, now 981 ms/s, healthy below 800 ms/s"
        );
    }
}
