//! The plot of a recording: instructions for each object, on a scale of powers of ten.

use plotters::prelude::*;
use plotters::series::LineSeries;

use super::recording::Recording;
use super::report::objects;

/// What is shown: ways that hold the memory and ways that do not, one of each kind, and the colour.
const SHOWN: [(&str, RGBColor); 10] = [
    ("bufproto: AsReadBuffer (C, inline)", RGBColor(200, 30, 30)),
    ("bufproto: AsReadBuffer (C, library)", RGBColor(235, 120, 60)),
    ("bufproto: ReadBuffer (Rust)", RGBColor(160, 30, 140)),
    ("CPython: AsReadBuffer", RGBColor(40, 90, 170)),
    ("CPython: GetBuffer and Release", RGBColor(100, 160, 220)),
    ("PyO3: PyBuffer<T>", RGBColor(110, 110, 110)),
    ("rust-numpy: PyReadonlyArray", RGBColor(150, 150, 60)),
    ("Cython: const T[::1]", RGBColor(60, 150, 80)),
    ("pybind11: buffer.request()", RGBColor(20, 150, 150)),
    ("nanobind: ndarray", RGBColor(140, 110, 70)),
];

const SIZE: (u32, u32) = (1080, 560);

/// The plot, as SVG. What refuses an object has no point there.
pub(super) fn svg(recording: &Recording) -> anyhow::Result<String> {
    let objects = objects(&recording.extraction);
    let mut text = String::new();
    draw(recording, &objects, &mut text).map_err(|error| anyhow::anyhow!("cannot plot: {error}"))?;
    Ok(text)
}

fn draw(
    recording: &Recording,
    objects: &[&str],
    text: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let most = recording.extraction.iter().filter_map(|row| row.instructions).fold(10.0, f64::max);
    let last = objects.len().max(2) - 1;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            format!("Instructions for a pointer and a length, {}", recording.interpreter),
            ("sans-serif", 24),
        )
        .margin(12)
        .margin_right(320)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(-0.4..last as f64 + 0.4, (1.0..most * 1.5).log_scale())?;
    let name = |place: &f64| {
        let is_whole = (place - place.round()).abs() < 0.01;
        let object = if is_whole { objects.get(place.round().max(0.0) as usize) } else { None };
        object.map_or(String::new(), |object| (*object).to_owned())
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(2 * objects.len())
        .x_label_formatter(&name)
        .x_label_style(("sans-serif", 14))
        .y_label_formatter(&|count| format!("{count:.0}"))
        .draw()?;
    for (way, colour) in SHOWN {
        let ours = way.starts_with("bufproto");
        let points: Vec<(f64, f64)> = objects
            .iter()
            .enumerate()
            .filter_map(|(place, object)| {
                let row = recording.extraction.iter().find(|row| row.name == way && row.object == *object)?;
                // What an error costs is not what a pointer does, but int has nothing else to offer.
                let shown = row.answers() || row.outcome == "refuses" && *object == "int";
                Some((place as f64, row.instructions.filter(|_| shown)?.max(1.0)))
            })
            .collect();
        if points.is_empty() {
            continue;
        }
        let style = colour.stroke_width(if ours { 2 } else { 1 });
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(way)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        let size = if ours { 5 } else { 3 };
        chart.draw_series(points.iter().map(|point| Circle::new(*point, size, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::Coordinate(SIZE.0 as i32 - 340, 20))
        .border_style(RGBColor(225, 225, 225))
        .background_style(WHITE)
        .label_font(("sans-serif", 16))
        .draw()?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::recording::tests::{recording, row};
    use super::svg;

    #[test]
    fn shows_who_answers_and_names_the_objects() {
        let rows = vec![
            row("bufproto: AsReadBuffer (C, inline)", "bytes", "answers", 8.0),
            row("bufproto: AsReadBuffer (C, inline)", "array", "answers", 120.0),
            row("CPython: AsReadBuffer", "bytes", "answers", 131.0),
            row("CPython: AsReadBuffer", "array", "answers", 129.0),
            row("nanobind: ndarray", "bytes", "ends the process (SIGSEGV)", 1.0),
        ];
        let text = svg(&recording("CPython 3.13.0", rows)).expect("a plot");
        for name in ["bytes", "array", "CPython: AsReadBuffer", "CPython 3.13.0"] {
            assert!(text.contains(name), "{name}: {text}");
        }
        assert!(!text.contains("nanobind"), "who never answers is not shown");
        assert_eq!(text.matches("<circle").count(), 4);
    }
}
