//! Fills a report with made-up curves and writes it in every format: `cargo run --example report -- FOLDER`.
//!
//! This is what the verbs do with real curves. The numbers here come from sums of Gaussians.

use glassbridge::error::Result;
use glassbridge::finding::Finding;
use glassbridge::report::{
    self, Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size, Table, Tone,
    Verdict,
};

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map_or_else(
        || std::env::temp_dir().join("glassbridge-report"),
        Into::into,
    );
    let report = made_up()?;
    report::write_html(&report, &folder.join("report.html"))?;
    report::write_json(&report, &folder.join("report.json"))?;
    report::write_figures(&report, &folder)?;
    if cfg!(feature = "pdf") {
        report::write_pdf(&report, &folder.join("report.pdf"))?;
    }
    Ok(())
}

fn made_up() -> Result<Report> {
    Ok(Report {
        title: "Does the vibrational spectrum agree with the pair distribution function?".into(),
        sample: "Vitreous silica (made-up curves): gdos.dat and gr.dat".into(),
        verdict: Some(Verdict {
            label: "inconsistent".into(),
            sentence: "The PDF predicts a spectrum that differs from the measured one by more than \
                       the errors allow (p = 0.004); the difference is at 95–110 meV."
                .into(),
            tone: Tone::Disagree,
        }),
        numbers: pairs(&[
            ("p-value", "0.004"),
            ("χ² per degree of freedom", "1.62 (118 degrees of freedom)"),
            ("First peak, inferred", "1.62 ± 0.01 Å"),
            ("First peak, measured", "1.610 Å"),
            ("Degrees of freedom of the spectrum", "11.3"),
            ("Information", "23.1 bits"),
        ]),
        sections: vec![spectrum()?, structure()?, resolution()?],
        findings: vec![
            Finding::new(
                "errors-unknown",
                "gdos.dat has no error column; 2.1 % of its largest value was estimated from the scatter about a smooth curve.",
                "Give the errors of the instrument with --sigma-column, or state them with --noise.",
            ),
            Finding::new(
                "domain-energy-scale",
                "The bands of the training glasses lie at 41, 97, 137 and 151 meV, those of the sample at 49, 100, 133 and 148 meV.",
                "Train on glasses of a potential that reproduces the measured bands.",
            ),
        ],
        settings: pairs(&[
            ("operator", "sio2.npz"),
            ("estimator", "gaussian"),
            ("noise", "0.021"),
            ("lambda", "3.2e-4"),
        ]),
        provenance: pairs(&[
            ("program", concat!("glassbridge ", env!("CARGO_PKG_VERSION"))),
            ("gdos.dat", "blake3 0f3b1c6d29f4a1b97d4a56d2ce0a54b0c0f3f7f0e8b6a1f5a2d3c4b5a6978877"),
            ("gr.dat", "blake3 9a8b7c6d5e4f30211223344556677889900aabbccddeeff00112233445566778"),
            ("seed", "1"),
        ]),
        methods: "The measured generalised density of states y(E) was related to the pair distribution function g(r) by \
                  the linear operator y = W g + b, fitted by ridge regression to 240 simulated glasses; λ was chosen by \
                  leave-one-out. The inverse is the conditional mean of g given y under the joint Gaussian of the \
                  training set; bands hold 95 % of held-out glasses.\n\n\
                  The idea of the operator is that of Wang, Cheng and Chen, arXiv:2602.05313 (2026)."
            .into(),
        ..Report::default()
    })
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|&(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn axis(n: usize, low: f64, high: f64) -> Vec<f64> {
    (0..n)
        .map(|i| low + (high - low) * i as f64 / (n - 1) as f64)
        .collect()
}

/// A sum of Gaussians (centre, width, height) at each x.
fn bumps(x: &[f64], of: &[(f64, f64, f64)]) -> Vec<f64> {
    x.iter()
        .map(|x| {
            of.iter()
                .map(|(c, w, h)| h * (-0.5 * ((x - c) / w).powi(2)).exp())
                .sum()
        })
        .collect()
}

/// Scatter without a random number generator.
fn scatter(i: usize) -> f64 {
    ((i * 7919 % 1009) as f64 / 1009.0 - 0.5) * 2.0
}

fn line(label: &str, x: &[f64], y: &[f64], role: Role) -> Layer {
    Layer::Line {
        label: label.into(),
        x: x.into(),
        y: y.into(),
        role,
    }
}

fn band(label: &str, x: &[f64], y: &[f64], half: &[f64], role: Role) -> Layer {
    Layer::Band {
        label: label.into(),
        x: x.into(),
        low: y.iter().zip(half).map(|(y, h)| y - h).collect(),
        high: y.iter().zip(half).map(|(y, h)| y + h).collect(),
        role,
    }
}

fn spectrum() -> Result<Section> {
    let e = axis(160, 2.0, 180.0);
    let predicted = bumps(
        &e,
        &[
            (49.0, 16.0, 9.0),
            (97.0, 7.0, 6.0),
            (135.0, 6.0, 8.0),
            (150.0, 5.0, 7.0),
        ],
    );
    let truth = bumps(
        &e,
        &[
            (50.0, 16.0, 9.0),
            (101.0, 6.0, 7.5),
            (134.0, 6.0, 8.0),
            (149.0, 5.0, 7.0),
        ],
    );
    let measured: Vec<f64> = truth
        .iter()
        .enumerate()
        .map(|(i, y)| (y + 0.35 * scatter(i)) * 1e-3)
        .collect();
    let predicted: Vec<f64> = predicted.iter().map(|y| y * 1e-3).collect();
    let sigma = vec![2.5e-4; e.len()];
    let pull: Vec<f64> = (0..e.len())
        .map(|i| (measured[i] - predicted[i]) / 3.5e-4)
        .collect();
    let shade = |label: &str| Layer::Shade {
        label: label.into(),
        from: 95.0,
        to: 110.0,
    };
    let top = Panel::new(
        Axis::over("E (meV)", 0.0, 180.0),
        Axis::new("GDOS (meV⁻¹)"),
        vec![
            shade("they disagree"),
            band(
                "95 % band of the prediction",
                &e,
                &predicted,
                &vec![5e-4; e.len()],
                Role::Predicted,
            ),
            Layer::Points {
                label: "measured".into(),
                x: e.clone(),
                y: measured,
                sigma: Some(sigma),
                role: Role::Measured,
            },
            line("predicted from the PDF", &e, &predicted, Role::Predicted),
        ],
    );
    let bottom = Panel::new(
        Axis::over("E (meV)", 0.0, 180.0),
        Axis::new("pull (σ)"),
        vec![
            shade(""),
            line("(measured − predicted) / σ", &e, &pull, Role::Difference),
        ],
    );
    let caption = "The spectrum measured and the one the PDF predicts disagree between 95 and 110 meV. \
                   (a) Circles: measured, with one standard error; dashes: predicted, with its 95 % band. \
                   (b) Their difference in standard errors of both.";
    let figure = Figure::new(
        "spectrum",
        caption,
        Arrangement::Stacked,
        Size::page(105.0),
        vec![top.weighing(2.5), bottom],
    )?;
    Ok(Section {
        heading: "The spectrum".into(),
        blocks: vec![
            Block::Text("The measured spectrum has more intensity at 100 meV than any glass with this PDF in the training set.".into()),
            Block::Figure(figure),
        ],
    })
}

fn structure() -> Result<Section> {
    let r = axis(300, 0.5, 8.0);
    let step: Vec<f64> = r
        .iter()
        .map(|r| 1.0 / (1.0 + (-(r - 3.6) * 3.0).exp()))
        .collect();
    let peaks = |first: f64| -> Vec<f64> {
        let p = bumps(
            &r,
            &[
                (first, 0.07, 5.0),
                (2.64, 0.13, 2.2),
                (3.08, 0.14, 1.0),
                (5.0, 0.35, 0.25),
            ],
        );
        p.iter().zip(&step).map(|(p, s)| p + s).collect()
    };
    let (measured, inferred) = (peaks(1.61), peaks(1.63));
    let half: Vec<f64> = r
        .iter()
        .map(|r| 0.12 + 0.5 * (-(r - 1.62).abs() * 4.0).exp())
        .collect();
    let prior: Vec<f64> = bumps(&r, &[(1.64, 0.12, 3.2), (2.67, 0.2, 1.7)])
        .iter()
        .zip(&step)
        .map(|(p, s)| p + s)
        .collect();
    let data: Vec<f64> = r
        .iter()
        .map(|r| 0.9 / (1.0 + ((r - 3.2) * 1.5).exp()))
        .collect();
    let top = Panel::new(
        Axis::over("r (Å)", 0.5, 8.0),
        Axis::new("g(r)"),
        vec![
            band("95 % band", &r, &inferred, &half, Role::Inferred),
            line("training mean", &r, &prior, Role::Prior),
            line("inferred from the spectrum", &r, &inferred, Role::Inferred),
            line("measured", &r, &measured, Role::Measured),
        ],
    );
    let bottom = Panel::new(
        Axis::over("r (Å)", 0.5, 8.0),
        Axis::over("share", 0.0, 1.0),
        vec![
            Layer::Band {
                label: "from the spectrum".into(),
                x: r.clone(),
                low: vec![0.0; r.len()],
                high: data.clone(),
                role: Role::Inferred,
            },
            Layer::Band {
                label: "from the training glasses".into(),
                x: r.clone(),
                low: data,
                high: vec![1.0; r.len()],
                role: Role::Prior,
            },
        ],
    );
    let figure = Figure::new(
        "structure",
        "The spectrum knows the first two shells and little beyond 4 Å. (a) The PDF inferred from the spectrum with its 95 % band, and the measured one. (b) How much of each value came from the spectrum and how much from the training glasses.",
        Arrangement::Stacked,
        Size::page(110.0),
        vec![top.weighing(2.2), bottom],
    )?;
    let table = Table::new(
        "Peaks of g(r), in Å.",
        ["Pair", "measured", "inferred", "difference"]
            .map(String::from)
            .to_vec(),
        vec![
            ["Si–O", "1.610", "1.63 ± 0.01", "0.02"]
                .map(String::from)
                .to_vec(),
            ["O–O", "2.632", "2.64 ± 0.02", "0.01"]
                .map(String::from)
                .to_vec(),
        ],
    )?;
    Ok(Section {
        heading: "The pair distribution function".into(),
        blocks: vec![Block::Figure(figure), Block::Table(table)],
    })
}

fn resolution() -> Result<Section> {
    let r = axis(60, 0.5, 8.0);
    let kernel: Vec<f64> = r
        .iter()
        .flat_map(|at| {
            let width = 0.15 + 0.08 * at;
            r.iter().map(move |r| {
                let u = (r - at) / width;
                (1.0 - 0.6 * u * u) * (-0.5 * u * u).exp() / (1.0 + (at - 3.5).max(0.0).powi(2))
            })
        })
        .collect();
    let map = Panel::new(
        Axis::new("r of the truth (Å)"),
        Axis::new("r of the answer (Å)"),
        vec![Layer::Map {
            label: "kernel (Å⁻¹)".into(),
            x: r.clone(),
            y: r.clone(),
            values: kernel,
        }],
    );
    let rows = axis(8, 1.0, 8.0);
    let bars = Panel::new(
        Axis::new("component"),
        Axis::over("share of the data", 0.0, 1.0),
        vec![Layer::Bars {
            label: String::new(),
            x: rows.clone(),
            y: rows
                .iter()
                .map(|k| 1.0 / (1.0 + (0.3 * k).powi(4)))
                .collect(),
            role: Role::Inferred,
        }],
    );
    let figure = Figure::new(
        "kernels",
        "The answer at 1.6 Å is an average over 0.3 Å, at 6 Å over all that is near. (a) Averaging kernels, a row each. (b) What the data contribute to each component.",
        Arrangement::Beside,
        Size::page(70.0),
        vec![map, bars],
    )?;
    Ok(Section {
        heading: "What the spectrum can see".into(),
        blocks: vec![Block::Figure(figure)],
    })
}
