//! The answer to one question of the local page: curves and settings in, a report out. No file is touched.

use crate::consistency::verdict::ranges;
use crate::consistency::{Domain, DomainMap, Judge, Power, Verdict, width};
use crate::curve::Quantity;
use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::Window;
use crate::inverse::{Choice, Diffraction, Inverter, Measurement, Nuisance, Raw};
use crate::io::curve_text::{ReadOptions, parse};
use crate::operator::{Operator, rows};
use crate::report::pages::{CheckView, InversionView, check_report, inversion_report};
use crate::report::{Paper, Report};
use crate::units::Unit;
use faer::Mat;
use serde::Deserialize;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Mutex;

/// The least and the largest factor on the model error.
const FACTORS: (f64, f64) = (1e-3, 1e3);

/// What the page asks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The measured spectrum.
    pub spectrum: Upload,
    /// The measured PDF, if there is one.
    #[serde(default)]
    pub pdf: Option<Upload>,
    /// How they are to be taken.
    #[serde(default)]
    pub settings: Settings,
    /// While a setting moves: what the pair could have told may be that of the last full answer to the same files, which a
    /// finding then says. Counting it takes most of the time of an answer.
    #[serde(default)]
    pub quick: bool,
}

/// What the last full answer found out and the next quick ones may use.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Option<(blake3::Hash, Power)>>);

impl Memory {
    fn recall(&self, of: blake3::Hash) -> Option<Power> {
        // A thread that failed while it wrote leaves at worst no memory.
        let held = self.0.lock().ok()?;
        held.as_ref()
            .filter(|(hash, _)| *hash == of)
            .map(|(_, power)| *power)
    }

    fn keep(&self, of: blake3::Hash, power: Power) {
        if let Ok(mut held) = self.0.lock() {
            *held = Some((of, power));
        }
    }
}

impl Question {
    /// The same for questions about the same two files.
    fn files(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for part in std::iter::once(&self.spectrum).chain(&self.pdf) {
            hasher.update(&(part.bytes.len() as u64).to_le_bytes());
            hasher.update(part.bytes.as_bytes());
        }
        hasher.finalize()
    }
}

/// A file as the browser read it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// Its name; it is shown and its ending helps to recognise the format, no file of that name is opened.
    pub name: String,
    /// Its bytes, each as the character of that number (0 to 255), so that any encoding passes through JSON.
    pub bytes: String,
}

/// What the user can set on the page; what is not set is taken from the file, or estimated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What the spectrum shows.
    pub quantity: Option<String>,
    /// Unit of its x.
    pub x_unit: Option<String>,
    /// White noise of the spectrum relative to its rms.
    pub noise: Option<f64>,
    /// Factor on λ, the model error of the PDF given the spectrum; 1 is what leave-one-out chose in training.
    pub lambda: Option<f64>,
    /// What is fitted along with the spectrum: `scale`, `background`, `shift`, `width`.
    pub nuisances: Vec<String>,
    /// What the PDF is.
    pub pdf_quantity: Option<String>,
    /// Number density of the sample, Å⁻³.
    pub density: Option<f64>,
    /// Chemical formula of the sample.
    pub composition: Option<String>,
    /// Q at which the Fourier transform behind the PDF ended, Å⁻¹.
    pub q_max: Option<f64>,
    /// Whether that transform used Lorch's window.
    pub lorch: bool,
    /// Standard deviation by which the peaks of the PDF are wider than the training glasses', Å.
    pub pdf_width: Option<f64>,
    /// Resolution in Q that damps the PDF, Å⁻¹.
    pub q_damp: Option<f64>,
    /// Paper of the report.
    pub letter: bool,
}

impl Upload {
    fn read(
        &self,
        quantity: Option<&str>,
        otherwise: Quantity,
        unit: Option<&str>,
    ) -> Result<Read> {
        let not_bytes = || Error::new("this upload is not a file's bytes").at(&self.name);
        let bytes = self.bytes.chars().map(|c| u8::try_from(c).ok());
        let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or_else(not_bytes)?;
        let options = ReadOptions {
            quantity: said(quantity)?,
            otherwise: Some(otherwise),
            unit: said::<Unit>(unit)?,
            columns: None,
        };
        let path = Path::new(&self.name);
        let reading = parse(&bytes, path, &options).map_err(|e| e.at(path))?;
        let curve = &reading.curve;
        Ok(Read {
            raw: Raw {
                x: curve.x().to_vec(),
                y: Mat::from_fn(1, curve.len(), |_, j| curve.y()[j]),
                sigma: curve.sigma().map(<[f64]>::to_vec),
                quantity: curve.quantity(),
            },
            q_max: reading.q_max,
            findings: reading.findings,
            source: (self.name.clone(), reading.hash),
        })
    }
}

/// A curve from an upload.
struct Read {
    raw: Raw,
    q_max: Option<f64>,
    findings: Vec<Finding>,
    source: (String, String),
}

/// A word of the user, where one was given.
fn said<T: std::str::FromStr<Err = Error>>(word: Option<&str>) -> Result<Option<T>> {
    let given = word.map(str::trim).filter(|w| !w.is_empty());
    given.map(str::parse).transpose()
}

impl Settings {
    fn noise(&self) -> Result<Option<f64>> {
        match self.noise {
            Some(level) if !(level.is_finite() && (0.0..10.0).contains(&level)) => {
                Err(Error::new(format!("{level} is not a noise level"))
                    .cure("give it relative to the rms of the spectrum, such as 0.03"))
            }
            level => Ok(level),
        }
    }

    fn nuisances(&self) -> Result<Vec<Nuisance>> {
        let of = |name: &String| match name.as_str() {
            "scale" => Ok(Nuisance::Scale),
            "background" => Ok(Nuisance::Background),
            "shift" => Ok(Nuisance::Shift),
            "width" => Ok(Nuisance::Width),
            _ => Err(Error::new(format!("'{name}' cannot be fitted along"))
                .cure("use scale, background, shift or width")),
        };
        self.nuisances.iter().map(of).collect()
    }

    /// The operator with its model error scaled as asked.
    fn scaled<'a>(&self, operator: &'a Operator) -> Result<Cow<'a, Operator>> {
        let factor = self.lambda.unwrap_or(1.0);
        if !(FACTORS.0..=FACTORS.1).contains(&factor) {
            return Err(Error::new(format!("{factor} is no factor for λ"))
                .cure(format!("use one from {} to {}", FACTORS.0, FACTORS.1)));
        }
        if factor.to_bits() == 1.0_f64.to_bits() {
            return Ok(Cow::Borrowed(operator));
        }
        let mut own = operator.clone();
        own.meta.lambda_backward *= factor;
        Ok(Cow::Owned(own))
    }
}

/// The report of a spectrum, or of a spectrum and a PDF, by `operator`, a file of that name and hash.
///
/// Errors: what the verbs `invert` and `check` refuse, in the same words.
pub fn report(
    operator: &Operator,
    source: &(String, String),
    question: &Question,
    memory: &Memory,
) -> Result<Report> {
    let settings = &question.settings;
    let operator = settings.scaled(operator)?;
    let spectrum = question.spectrum.read(
        settings.quantity.as_deref(),
        operator.meta.quantity,
        settings.x_unit.as_deref(),
    )?;
    let nuisances = settings.nuisances()?;
    let measured = Measurement::spectra(&operator, &spectrum.raw, settings.noise()?, &nuisances)?;
    // Nuisances that were searched for make a channel of its own.
    let measured = measured.one(0);
    let mut findings = [spectrum.findings, measured.findings.clone()].concat();
    let mut sources = vec![source.clone(), spectrum.source];
    if let Some(factor) = settings.lambda.filter(|f| f.to_bits() != 1.0_f64.to_bits()) {
        findings.push(Finding::new(
            "lambda-moved",
            format!("λ, the model error of the PDF given the spectrum, is {factor:.3} times what leave-one-out chose; bands and domain are calibrated anew with it."),
            "Put it back to 1 for a result to report.",
        ));
    }
    let mut report = match &question.pdf {
        None => alone(
            &operator,
            &question.spectrum.name,
            &measured,
            findings,
            sources,
        )?,
        Some(upload) => {
            let pdf = upload.read(
                settings.pdf_quantity.as_deref(),
                Quantity::PairDistribution,
                None,
            )?;
            findings.extend(pdf.findings.iter().cloned());
            sources.push(pdf.source.clone());
            let name = format!("{} and {}", question.spectrum.name, upload.name);
            let files = question.files();
            let remembered = question.quick.then(|| memory.recall(files)).flatten();
            let (report, power) = pair(
                &operator,
                &name,
                (&measured, &pdf),
                settings,
                findings,
                sources,
                remembered,
            )?;
            if remembered.is_none() {
                memory.keep(files, power);
            }
            report
        }
    };
    if settings.letter {
        report.paper = Paper::Letter;
    }
    Ok(report)
}

fn alone(
    operator: &Operator,
    name: &str,
    measurement: &Measurement,
    findings: Vec<Finding>,
    sources: Vec<(String, String)>,
) -> Result<Report> {
    let inverter = Inverter::new(operator, &measurement.channel)?;
    let inversion = inverter.invert_measured(measurement)?.remove(0);
    let left_out = inverter.seen.left_out_distances()?;
    let density = inversion
        .relative_density
        .zip(inverter.left_out_densities());
    inversion_report(&InversionView {
        operator,
        name,
        measurement,
        row: 0,
        domain: Domain::ranked(inversion.distance, left_out, density),
        map: DomainMap::new(&inverter.seen, measurement.data.as_ref())?,
        inversion: &inversion,
        resolution: &inverter.resolution()?,
        choice: Choice::new(operator, &inverter.seen)?,
        pseudo: None,
        findings,
        sources,
    })
}

fn pair(
    operator: &Operator,
    name: &str,
    (spectrum, pdf): (&Measurement, &Read),
    settings: &Settings,
    mut findings: Vec<Finding>,
    sources: Vec<(String, String)>,
    remembered: Option<Power>,
) -> Result<(Report, Power)> {
    let composition: Option<Composition> = said(settings.composition.as_deref())?;
    let diffraction = Diffraction {
        q_max: settings.q_max.or(pdf.q_max),
        window: if settings.lorch {
            Window::Lorch
        } else {
            Window::None
        },
        composition: composition.as_ref(),
        width: settings.pdf_width,
        q_damp: settings.q_damp,
    };
    let density = settings.density.map(|d| vec![d]);
    let pdf = Measurement::pdfs(operator, &pdf.raw, density.as_deref(), &diffraction)?;
    findings.extend(pdf.findings.iter().cloned());
    let judge = Judge::new(operator, &spectrum.channel, &pdf.channel)?;
    let (z, d) = (spectrum.data.as_ref(), pdf.data.as_ref());
    let comparison = judge.compare(z, d);
    let power = match remembered {
        Some(power) => {
            findings.push(Finding::new(
                "power-not-renewed",
                "What the pair could have told was counted before the last settings were moved.",
                "It is counted anew when you let go.",
            ));
            power
        }
        None => Power::from(&judge.curves()?),
    };
    findings.extend(width::findings(
        operator,
        (&spectrum.channel, &pdf.channel),
        (z, d),
        &comparison,
    ));
    let inversion = judge.inverter.invert_measured(spectrum)?.remove(0);
    let verdict = Verdict::of(&comparison, &power, &spectrum.channel.x, &rows::row(z, 0));
    let deviations =
        crate::consistency::verdict::pdf_deviations(&comparison.descriptor, &inversion);
    let report = check_report(&CheckView {
        inversion: InversionView {
            operator,
            name,
            measurement: spectrum,
            row: 0,
            inversion: &inversion,
            domain: comparison.spectrum,
            map: DomainMap::new(&judge.inverter.seen, z)?,
            resolution: &judge.inverter.resolution()?,
            choice: Choice::new(operator, &judge.inverter.seen)?,
            pseudo: None,
            findings,
            sources,
        },
        pdf_map: DomainMap::new(&judge.predictor.seen, pdf.data.as_ref())?,
        pdf: &pdf,
        comparison: &comparison,
        verdict: &verdict,
        power: &power,
        r: &ranges(&operator.meta.r.centres(), &deviations, 3.0),
    })?;
    Ok((report, power))
}
