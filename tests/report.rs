//! Reports of all kinds of data: right in structure, the same bytes twice, and safe from what users write.

use glassbridge::finding::Finding;
use glassbridge::report::{
    Arrangement, Axis, Block, Figure, Layer, Panel, Paper, Report, Role, Section, Size, Table,
    Tone, Verdict, png, svg, write_figures, write_html, write_json,
};
use proptest::prelude::*;
use std::path::Path;

/// What a user, or an enemy, may write in a label or a file name.
const HOSTILE: [&str; 8] = [
    "#let report = none; #panic(\"out\") $x$ *b* _i_ @ref <label> // comment",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</text></svg>]]><!--",
    "\" onload=\"alert(1)\" '",
    "&amp; &lt; \\ \0 \u{1b}[31m \u{8}",
    "Ünïcödé 玻璃 стекло Å⁻¹ χ² 🔥 \u{202e}gnol \u{fffe}",
    "",
    "\n\n\n",
];

fn line(y: Vec<f64>) -> Layer {
    Layer::Line {
        label: "curve".into(),
        x: (0..y.len()).map(|i| i as f64).collect(),
        y,
        role: Role::Measured,
    }
}

fn panel(layers: Vec<Layer>) -> Panel {
    Panel::new(Axis::new("r (Å)"), Axis::new("g(r)"), layers)
}

fn figure(panels: Vec<Panel>) -> glassbridge::error::Result<Figure> {
    Figure::new(
        "figure",
        "A caption.",
        Arrangement::Stacked,
        Size::page(60.0),
        panels,
    )
}

fn every_layer(text: &str) -> Vec<Layer> {
    let (label, x) = (text.to_owned(), vec![0.0, 1.0, 2.0]);
    let (y, role) = (vec![1.0, 3.0, 2.0], Role::Inferred);
    vec![
        Layer::Shade {
            label: label.clone(),
            from: 0.5,
            to: 1.5,
        },
        Layer::Band {
            label: label.clone(),
            x: x.clone(),
            low: vec![0.5, 2.0, 1.0],
            high: vec![1.5, 4.0, 3.0],
            role,
        },
        Layer::Bars {
            label: label.clone(),
            x: x.clone(),
            y: y.clone(),
            role,
        },
        Layer::Line {
            label: label.clone() + "line",
            x: x.clone(),
            y: y.clone(),
            role,
        },
        Layer::Points {
            label,
            x,
            y,
            sigma: Some(vec![0.1, 0.2, 0.0]),
            role,
        },
        Layer::Polygons {
            label: text.to_owned() + "polygons",
            outlines: vec![vec![[0.5, 1.0], [1.5, 1.0], [1.0, 2.0]], Vec::new()],
            class: 7,
        },
        Layer::Segments {
            label: text.to_owned() + "segments",
            ends: vec![[[0.0, 1.0], [2.0, 3.0]]],
        },
    ]
}

fn a_map(label: &str, values: Vec<f64>) -> Layer {
    Layer::Map {
        label: label.into(),
        x: vec![0.0, 1.0, 2.0],
        y: vec![0.0, 1.0],
        values,
    }
}

/// A report that says `text` wherever a report can say something.
fn saying(text: &str) -> Report {
    let own = || text.to_owned();
    let curves = Panel::new(Axis::new(text), Axis::new(text), every_layer(text)).titled(text);
    let map = panel(vec![a_map(text, vec![1.0, -2.0, 3.0, 0.0, 0.5, 1.0])]);
    let drawn = Figure::new(
        "curves",
        text,
        Arrangement::Beside,
        Size::page(60.0),
        vec![curves, map],
    );
    let table = Table::new(text, vec![own(), own()], vec![vec![own(), own()]]);
    Report {
        title: own(),
        sample: own(),
        verdict: Some(Verdict {
            label: own(),
            sentence: own(),
            tone: Tone::Cannot,
        }),
        numbers: vec![(own(), own())],
        sections: vec![Section {
            heading: own(),
            blocks: vec![
                Block::Text(own()),
                Block::Figure(drawn.unwrap()),
                Block::Table(table.unwrap()),
            ],
        }],
        findings: vec![Finding::new(text, text, text)],
        settings: vec![(own(), own())],
        provenance: vec![(own(), own())],
        methods: own(),
        paper: Paper::A4,
    }
}

/// The same with a second figure, one of curves only: it becomes a chart.
fn charted(text: &str) -> Report {
    let mut report = saying(text);
    let curves = every_layer(text).into_iter().take(5).collect();
    let mut of = panel(curves).titled(text);
    text.clone_into(&mut of.x.label);
    let drawn = Figure::new(
        "chart",
        text,
        Arrangement::Stacked,
        Size::page(60.0),
        vec![of],
    );
    report.sections[0]
        .blocks
        .push(Block::Figure(drawn.unwrap()));
    report
}

fn html(report: &Report) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    write_html(report, &path).unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_page_says_everything_once_and_needs_no_network() {
    let mut report = saying("said");
    report.title = "the title".into();
    report.findings[0].advice = "the advice".into();
    let page = html(&report);
    for part in [
        "<h1>the title</h1>",
        "the advice",
        "<caption><b>Table 1.</b> said",
    ] {
        assert_eq!(page.matches(part).count(), 1, "{part}");
    }
    assert_eq!(page.matches("<svg").count(), 1);
    assert_eq!(page.matches("<details>").count(), 2);
    let page = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// All attributes and calls by which a page could reach out. The licence of uPlot names its home in a comment.
const LOADS: [&str; 9] = [
    " src=",
    " href=",
    "<link",
    "@import",
    "url(",
    "fetch(",
    "XMLHttpRequest",
    "WebSocket",
    "import(",
];

#[test]
fn a_page_with_charts_loads_nothing_and_keeps_its_drawings() {
    let page = html(&charted("said"));
    for outside in LOADS {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
    // The drawing for print and for readers without scripts, and the numbers for the chart.
    assert_eq!(page.matches("<svg").count(), 2);
    assert_eq!(page.matches("class=\"numbers\"").count(), 1);
    let at = page.find("class=\"numbers\">").unwrap();
    let numbers = &page[at + "class=\"numbers\">".len()..];
    let numbers = &numbers[..numbers.find("</script>").unwrap()];
    let figure: serde_json::Value = serde_json::from_str(numbers).unwrap();
    assert_eq!(figure["panels"][0]["layers"][3]["y"][1], 3.0);
    // MIT: the notice goes where the program goes.
    for part in [
        "Copyright (c) 2022 Leon Sorokin",
        "Permission is hereby granted",
        "var uPlot=",
    ] {
        assert_eq!(page.matches(part).count(), 1, "{part}");
    }
    assert!(page == html(&charted("said")));
}

#[test]
fn hostile_words_stay_words_in_the_numbers_of_a_chart() {
    let usual = html(&charted("usual"));
    for text in HOSTILE {
        let page = html(&charted(text));
        for word in ["<script", "</script", "<svg", "</svg", "<img", "<!--"] {
            let (here, there) = (page.matches(word).count(), usual.matches(word).count());
            assert_eq!(here, there, "{text:?}: {word}");
        }
    }
}

#[test]
fn a_page_is_for_the_paper_that_was_asked_for() {
    let mut report = saying("x");
    assert!(html(&report).contains("@page { size: A4;"));
    report.paper = Paper::Letter;
    assert!(html(&report).contains("@page { size: letter;"));
}

#[test]
fn an_empty_report_has_no_empty_sections() {
    let page = html(&Report::default());
    assert!(!page.contains("<h2>") && !page.contains("<details>"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = saying("twice");
    let write = |folder: &Path| -> Vec<Vec<u8>> {
        let mut paths = write_figures(&report, folder).unwrap();
        paths.extend(["r.html", "r.json"].map(|name| folder.join(name)));
        write_html(&report, &folder.join("r.html")).unwrap();
        write_json(&report, &folder.join("r.json")).unwrap();
        // Nothing half-written is left behind.
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), paths.len());
        paths.iter().map(|p| std::fs::read(p).unwrap()).collect()
    };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert!(write(folders[0].path()) == write(folders[1].path()));
}

#[test]
fn hostile_words_stay_words_in_html() {
    for text in HOSTILE {
        let page = html(&saying(text));
        for way_in in ["<script", "<img", "<!--", "onload=\""] {
            assert!(!page.contains(way_in), "{text:?}: {way_in}");
        }
        assert_eq!(page.matches("</svg>").count(), 1, "{text:?}");
    }
}

#[test]
fn hostile_words_are_painted() {
    for text in HOSTILE {
        let report = saying(text);
        let Block::Figure(drawn) = &report.sections[0].blocks[1] else {
            panic!("the second block is the figure");
        };
        // The parser of the painter refuses broken XML.
        png(&svg(drawn).unwrap()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    }
}

#[test]
fn a_very_long_label_is_cut() {
    let long = "long ".repeat(100_000);
    let mut of = panel(vec![line(vec![1.0, 2.0])]).titled(long.clone());
    of.y.label.clone_from(&long);
    of.x.label = long;
    let drawing = svg(&figure(vec![of]).unwrap()).unwrap();
    assert!(drawing.len() < 20_000, "{}", drawing.len());
    assert_eq!(drawing.matches('…').count(), 3);
}

#[test]
fn the_numbers_of_a_figure_come_back_from_its_csv() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_figures(&saying("a \"quoted\", label"), folder.path()).unwrap();
    let names: Vec<_> = files.iter().map(|p| p.file_name().unwrap()).collect();
    assert_eq!(names, ["curves.svg", "curves.png", "curves.csv"]);
    let mut table = csv::Reader::from_path(&files[2]).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    // A shade, then band, bars, line and points of 3 each, a triangle, a segment, then a map of 2 x 3.
    assert_eq!(rows.len(), 1 + 4 * 3 + 3 + 2 + 6);
    let shade = ["1", "shade", "a \"quoted\", label"];
    assert_eq!(rows[0].iter().take(3).collect::<Vec<_>>(), shade);
    let numbers = |row: usize| rows[row].iter().skip(3).collect::<Vec<_>>();
    assert_eq!(numbers(0), ["", "", "", "0.5", "1.5", ""]);
    assert_eq!(numbers(11), ["1.0", "3.0", "0.2", "", "", ""]);
    assert_eq!(numbers(15), ["1.0", "2.0", "", "", "", "1.0"]);
    assert_eq!(numbers(17), ["2.0", "3.0", "", "", "", "1.0"]);
    assert_eq!(numbers(19), ["1.0", "0.0", "", "", "", "-2.0"]);
}

#[test]
fn a_picture_has_300_dots_to_the_inch() {
    let drawn = figure(vec![panel(vec![line(vec![1.0, 2.0])])]).unwrap();
    let bytes = png(&svg(&drawn).unwrap()).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    // 170 mm and 60 mm at 300 dpi are 2007.9 and 708.7 dots.
    assert!(
        word(16).abs_diff(2008) <= 2 && word(20).abs_diff(709) <= 2,
        "{} x {}",
        word(16),
        word(20)
    );
    let at = bytes.windows(4).position(|w| w == b"pHYs").unwrap();
    assert_eq!(word(at + 4), 11811);
}

#[test]
fn two_figures_of_one_name_are_refused() {
    let mut report = saying("x");
    let again = report.sections[0].clone();
    report.sections.push(again);
    let folder = tempfile::tempdir().unwrap();
    let error = write_figures(&report, folder.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains("'curves'"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn refused(layer: Layer, why: &str) {
    let error = figure(vec![panel(vec![layer])]).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn numbers_that_cannot_be_drawn_are_refused() {
    refused(line(vec![1.0, f64::NAN]), "NaN");
    refused(line(vec![1.0, f64::INFINITY]), "inf");
    refused(line(vec![1.0, 1e300]), "1e300");
    refused(a_map("m", vec![0.0; 5]), "5 values for 2 rows of 3");
}

#[test]
fn layers_without_sense_are_refused() {
    let (label, role) = (String::from("s"), Role::Prior);
    let x = vec![1.0, 2.0];
    let bars = Layer::Bars {
        label: label.clone(),
        x: vec![2.0, 1.0],
        y: x.clone(),
        role,
    };
    refused(bars, "followed by");
    let band = Layer::Band {
        label: label.clone(),
        x: x.clone(),
        low: vec![0.0, 1.0],
        high: vec![0.0, 0.5],
        role,
    };
    refused(band, "upside down");
    let points = |y: Vec<f64>, sigma: Option<Vec<f64>>| Layer::Points {
        label: label.clone(),
        x: x.clone(),
        y,
        sigma,
        role,
    };
    let negative = points(vec![1.0, 2.0], Some(vec![0.1, -0.1]));
    refused(negative, "standard error -0.1");
    refused(points(vec![1.0], None), "lengths [2, 1]");
    let shade = Layer::Shade {
        label: label.clone(),
        from: 2.0,
        to: 1.0,
    };
    refused(shade, "back to");
}

#[test]
fn figures_without_sense_are_refused() {
    let of = |id: &str, size: Size, panels: Vec<Panel>| {
        Figure::new(id, "", Arrangement::Beside, size, panels)
    };
    let one = || vec![panel(vec![line(vec![1.0])])];
    assert!(of("fine-1", Size::page(60.0), one()).is_ok());
    assert!(of("../etc", Size::page(60.0), one()).is_err());
    assert!(of("", Size::page(60.0), one()).is_err());
    assert!(of("a", Size::page(60.0), vec![]).is_err());
    assert!(of("a", Size::page(f64::NAN), one()).is_err());
    assert!(of("a", Size::page(1e9), one()).is_err());
    let mut backwards = one();
    backwards[0].x.range = Some((2.0, 1.0));
    assert!(of("a", Size::page(60.0), backwards).is_err());
    assert!(Table::new("", vec!["a".into()], vec![vec![]]).is_err());
    assert!(Table::new("", vec![], vec![]).is_err());
}

/// Every corner of every polyline and polygon lies on a sheet of 170 by 60 mm.
fn stays_on_the_sheet(drawing: &str) {
    for points in drawing.split("points=\"").skip(1) {
        let points = points.split('"').next().unwrap();
        for pair in points.split_whitespace() {
            let (x, y) = pair.split_once(',').unwrap();
            let (x, y): (i64, i64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!(
                (0..=3400).contains(&x) && (0..=1200).contains(&y),
                "{x} {y}"
            );
        }
    }
}

#[test]
fn thin_and_strange_data_are_drawn() {
    for y in [
        vec![],
        vec![1.0],
        vec![0.0; 20],
        vec![-7.0; 3],
        vec![1e-250, 2e-250],
        vec![-1e99, 1e99],
        vec![1.0, 1.0 + f64::EPSILON],
    ] {
        let drawing = svg(&figure(vec![panel(vec![line(y)])]).unwrap()).unwrap();
        stays_on_the_sheet(&drawing);
        png(&drawing).unwrap();
    }
    let empty = svg(&figure(vec![panel(vec![])]).unwrap()).unwrap();
    assert!(empty.contains("no data"));
}

#[test]
fn a_narrow_axis_cuts_what_lies_outside() {
    let mut of = panel(every_layer("x"));
    of.x.range = Some((0.9, 1.1));
    of.y.range = Some((2.9, 3.1));
    stays_on_the_sheet(&svg(&figure(vec![of]).unwrap()).unwrap());
}

#[test]
fn a_large_map_stays_a_small_file() {
    let n = 500;
    let axis: Vec<f64> = (0..n).map(f64::from).collect();
    let values = (0..n * n).map(|k| f64::from(k * 7919 % 1009)).collect();
    let map = Layer::Map {
        label: "m".into(),
        x: axis.clone(),
        y: axis,
        values,
    };
    let drawing = svg(&figure(vec![panel(vec![map])]).unwrap()).unwrap();
    assert!(drawing.len() < 1_500_000, "{} bytes", drawing.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_the_numbers_the_drawing_stays_on_the_sheet(
        y in prop::collection::vec(-1e90..1e90_f64, 0..30),
        low in -1e3..1e3_f64,
        width in 1e-6..1e3_f64,
    ) {
        let mut of = panel(vec![line(y)]);
        of.x.range = Some((low, low + width));
        stays_on_the_sheet(&svg(&figure(vec![of]).unwrap()).unwrap());
    }
}

#[cfg(feature = "pdf")]
mod pdf {
    use super::*;
    use glassbridge::report::write_pdf;

    fn pdf(report: &Report) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.pdf");
        write_pdf(report, &path).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_pdf_is_whole_and_without_a_date() {
        let bytes = pdf(&saying("said"));
        assert!(bytes.starts_with(b"%PDF-1.7"));
        assert!(bytes.trim_ascii_end().ends_with(b"%%EOF"));
        let has = |word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
        assert!(!has(b"CreationDate") && !has(b"CreateDate"));
    }

    #[test]
    fn a_pdf_has_the_same_bytes_twice() {
        assert!(pdf(&saying("twice")) == pdf(&saying("twice")));
    }

    #[test]
    fn hostile_words_are_typeset_as_words() {
        for text in HOSTILE {
            pdf(&saying(text));
        }
        pdf(&saying(&"unbroken".repeat(2000)));
        pdf(&Report::default());
    }
}

#[cfg(not(feature = "pdf"))]
#[test]
fn without_typst_a_pdf_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    let error = glassbridge::report::write_pdf(&saying("x"), &path).unwrap_err();
    assert!(error.to_string().contains("default features"), "{error}");
    assert!(!path.exists());
}
