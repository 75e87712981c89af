//! Several spectra of one sample as one measurement: INS and Raman and IXS of the same glass.
//!
//! The operators were trained on the same structures, so their spectra are further columns of the same joint distribution. Data,
//! maps, errors and nuisances are put side by side. Each part keeps the model error of its own operator, unless glasses left out are found
//! better with more of it: a spectrum that is poorly linear in g(r) must not mislead a better one beside it.

use super::{Channel, Measurement, NuisanceFit};
use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef, Scale};

/// Structures that differ by less than this part of their size are the same: files keep twelve digits.
const SAME: f64 = 1e-9;

/// Factors on the model error that are tried for each part, and how often all parts are gone through.
const FACTORS: [f64; 5] = [1.0, 10.0, 100.0, 1e3, 1e4];
const ROUNDS: usize = 2;

/// Measurements side by side.
#[derive(Debug)]
pub struct Stacked {
    /// Training spectra of all parts, n x (q₁ + q₂ + ...), each divided by the root of its ridge penalty.
    pub(super) samples: Mat<f64>,
    /// The measurements as one; `x` of its channel runs through the parts one after the other.
    pub measurement: Measurement,
    /// Factor on the model error (λ) of each part's own operator.
    pub factors: Vec<f64>,
}

impl Stacked {
    /// Puts measurements of the same samples (equal numbers of curves, in the same order) side by side.
    ///
    /// Errors: operators that were not trained on the same structures; different numbers of curves.
    pub fn new(parts: &[(&Operator, &Measurement)]) -> Result<Self> {
        let Some(((first, measured), others)) = parts.split_first() else {
            return Err(Error::new("there is nothing to invert jointly"));
        };
        for (operator, other) in others {
            same_structures(first, operator)?;
            if other.data.nrows() != measured.data.nrows() {
                return Err(Error::new("the spectra to invert jointly differ in number")
                    .because(format!(
                        "{} and {}",
                        measured.data.nrows(),
                        other.data.nrows()
                    ))
                    .cure("give one of each kind for every sample, in the same order"));
            }
        }
        let operators: Vec<&Operator> = parts.iter().map(|(o, _)| *o).collect();
        let factors = factors(&operators)?;
        let roots: Vec<f64> = (operators.iter().zip(&factors))
            .map(|(o, factor)| (own_penalty(o) * factor).sqrt())
            .collect();
        let samples: Vec<Mat<f64>> = (operators.iter().zip(&roots))
            .map(|(o, root)| &o.y * Scale(1.0 / root))
            .collect();
        let scaled = |channel: &Channel, root: f64| Channel {
            map: &channel.map * Scale(root),
            ..channel.clone()
        };
        let typical: Vec<Channel> = (parts.iter().zip(&roots))
            .map(|((_, m), root)| scaled(&m.channel, *root))
            .collect();
        let searched = parts.iter().any(|(_, m)| !m.nuisances.is_empty());
        let rows = if searched { measured.data.nrows() } else { 0 };
        let nuisances = (0..rows)
            .map(|row| {
                let own: Vec<Channel> = (parts.iter().zip(&roots))
                    .map(|((_, m), root)| {
                        let channel = m.nuisances.get(row).map_or(&m.channel, |n| &n.channel);
                        scaled(channel, *root)
                    })
                    .collect();
                let fits: Vec<&NuisanceFit> = parts
                    .iter()
                    .filter_map(|(_, m)| m.nuisances.get(row))
                    .collect();
                beside(&fits, side_by_side(&own))
            })
            .collect();
        Ok(Self {
            samples: columns(&samples.iter().map(Mat::as_ref).collect::<Vec<_>>()),
            measurement: Measurement {
                channel: side_by_side(&typical),
                data: columns(
                    &parts
                        .iter()
                        .map(|(_, m)| m.data.as_ref())
                        .collect::<Vec<_>>(),
                ),
                scale: measured.scale.clone(),
                findings: parts.iter().flat_map(|(_, m)| m.findings.clone()).collect(),
                nuisances,
            },
            factors,
        })
    }
}

/// λ of an operator's spectrum alone.
fn own_penalty(operator: &Operator) -> f64 {
    operator.meta.lambda_backward.max(f64::MIN_POSITIVE)
}

/// Factors on the penalties of the operators with which g(r) is best found from all clean spectra together, by glasses left out fold
/// by fold: a search of one part after the other.
///
/// With `C = 1 + Σ_k Y_k Y_kᵀ / (t_k λ_k)` of centred spectra, the errors of a fold F that was left out solve
/// `(C⁻¹)_FF e = (C⁻¹ X)_F`: one inverse a trial serves all folds.
fn factors(operators: &[&Operator]) -> Result<Vec<f64>> {
    let mut best = vec![1.0; operators.len()];
    if operators.len() < 2 {
        return Ok(best);
    }
    let centred = |m: &Mat<f64>| rows::centred(m.as_ref(), &rows::mean(m.as_ref()));
    let grams: Vec<Mat<f64>> = (operators.iter())
        .map(|o| {
            let y = centred(&o.y) * Scale(1.0 / own_penalty(o).sqrt());
            &y * y.transpose()
        })
        .collect();
    let (x, folds) = (centred(&operators[0].x), &operators[0].meta.folds);
    let mut least = left_out_error(&grams, &best, &x, folds)?;
    for part in (0..ROUNDS).flat_map(|_| 0..operators.len()) {
        for factor in FACTORS {
            let mut tried = best.clone();
            tried[part] = factor;
            let error = left_out_error(&grams, &tried, &x, folds)?;
            if error < least {
                (least, best) = (error, tried);
            }
        }
    }
    Ok(best)
}

/// Sum of squares of x - x̂ over all folds.
fn left_out_error(
    grams: &[Mat<f64>],
    factors: &[f64],
    x: &Mat<f64>,
    folds: &[usize],
) -> Result<f64> {
    let n = x.nrows();
    let mut c = Mat::<f64>::identity(n, n);
    for (gram, factor) in grams.iter().zip(factors) {
        c += gram * Scale(1.0 / factor);
    }
    let lower = cholesky(c.as_ref())?;
    let mut inverse = Mat::<f64>::identity(n, n);
    lower.solve_lower_triangular_in_place(&mut inverse);
    let inverse = inverse.transpose() * &inverse;
    let weighted = &inverse * x;
    let mut sum = 0.0;
    for fold in 0..folds.iter().max().map_or(0, |m| m + 1) {
        let which: Vec<usize> = (0..n).filter(|&i| folds[i] == fold).collect();
        let own = Mat::from_fn(which.len(), which.len(), |i, j| {
            inverse[(which[i], which[j])]
        });
        let lower = cholesky(own.as_ref())?;
        let mut error = rows::select(weighted.as_ref(), &which);
        lower.solve_lower_triangular_in_place(&mut error);
        lower
            .transpose()
            .solve_upper_triangular_in_place(&mut error);
        sum += error.squared_norm_l2();
    }
    Ok(sum)
}

fn same_structures(a: &Operator, b: &Operator) -> Result<()> {
    let same = a.meta.r == b.meta.r
        && a.samples() == b.samples()
        && (&a.x - &b.x).norm_max() <= SAME * a.x.norm_max();
    if same {
        return Ok(());
    }
    Err(
        Error::new("the operators were not trained on the same structures")
            .because(
                "a joint inversion needs one g(r), weighted alike, and every spectrum of the same training glasses",
            )
            .cure("train all on one dataset, each with its own --quantity and with one --weighting"),
    )
}

/// Matrices of equal height side by side.
fn columns(parts: &[MatRef<'_, f64>]) -> Mat<f64> {
    let width = parts.iter().map(MatRef::ncols).sum();
    let mut out = Mat::zeros(parts[0].nrows(), width);
    let mut at = 0;
    for part in parts {
        out.subcols_mut(at, part.ncols()).copy_from(part);
        at += part.ncols();
    }
    out
}

/// Matrices down the diagonal.
fn diagonal(parts: &[MatRef<'_, f64>]) -> Mat<f64> {
    let (rows, width) = (
        parts.iter().map(MatRef::nrows).sum(),
        parts.iter().map(MatRef::ncols).sum(),
    );
    let mut out = Mat::zeros(rows, width);
    let (mut row, mut column) = (0, 0);
    for part in parts {
        out.submatrix_mut(row, column, part.nrows(), part.ncols())
            .copy_from(part);
        row += part.nrows();
        column += part.ncols();
    }
    out
}

fn side_by_side(parts: &[Channel]) -> Channel {
    let all = |of: fn(&Channel) -> &[f64]| parts.iter().flat_map(|p| of(p).to_vec()).collect();
    let matrices =
        |of: fn(&Channel) -> MatRef<'_, f64>| diagonal(&parts.iter().map(of).collect::<Vec<_>>());
    let noises: Vec<Mat<f64>> = parts.iter().map(Channel::noise).collect();
    Channel {
        x: all(|c| &c.x),
        map: matrices(|c| c.map.as_ref()),
        sigma: all(|c| &c.sigma),
        sigma_known: parts.iter().all(|p| p.sigma_known),
        rms: parts.iter().map(|p| p.rms).fold(0.0, f64::max),
        nuisances: matrices(|c| c.nuisances.as_ref()),
        correlated: (parts.iter().any(|p| p.correlated.is_some()))
            .then(|| diagonal(&noises.iter().map(Mat::as_ref).collect::<Vec<_>>())),
    }
}

/// The nuisances of all parts of one sample.
fn beside(fits: &[&NuisanceFit], channel: Channel) -> NuisanceFit {
    let correlations: Vec<MatRef<'_, f64>> = fits.iter().map(|f| f.correlations.as_ref()).collect();
    NuisanceFit {
        parameters: fits.iter().flat_map(|f| f.parameters.clone()).collect(),
        correlations: diagonal(&correlations),
        log_evidence_gain: fits.iter().map(|f| f.log_evidence_gain).sum(),
        channel,
        spread: diagonal(&fits.iter().map(|f| f.spread.as_ref()).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wavy(rows: usize, columns: usize, k: f64) -> Mat<f64> {
        Mat::from_fn(rows, columns, |i, j| {
            (k * (i * i + 3 * j) as f64 + (i * j) as f64).sin()
        })
    }

    #[test]
    fn errors_of_folds_left_out_are_those_of_fits_without_them() {
        let (n, folds) = (12, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        let (a, b, x) = (wavy(n, 4, 1.3), wavy(n, 5, 0.7), wavy(n, 3, 2.1));
        let grams = [&a * a.transpose(), &b * b.transpose()];
        let factors = [1.0, 10.0];
        let found = left_out_error(&grams, &factors, &x, &folds).unwrap();
        // Ridge on both side by side, the second over √10, with penalty 1.
        let y = columns(&[a.as_ref(), (&b * Scale(10f64.sqrt().recip())).as_ref()]);
        let mut wanted = 0.0;
        for fold in 0..3 {
            let (test, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| folds[i] == fold);
            let known = rows::select(y.as_ref(), &train);
            let mut gram = known.transpose() * &known;
            for i in 0..gram.nrows() {
                gram[(i, i)] += 1.0;
            }
            let lower = cholesky(gram.as_ref()).unwrap();
            let mut map = known.transpose() * rows::select(x.as_ref(), &train);
            lower.solve_lower_triangular_in_place(&mut map);
            lower.transpose().solve_upper_triangular_in_place(&mut map);
            let off = rows::select(y.as_ref(), &test) * map - rows::select(x.as_ref(), &test);
            wanted += off.squared_norm_l2();
        }
        assert!((found / wanted - 1.0).abs() < 1e-10, "{found} {wanted}");
    }
}
