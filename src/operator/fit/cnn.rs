//! A one-dimensional convolutional network: the reference that the paper sets beside its linear map (feature `cnn`).
//!
//! Three convolutions over the bins of g(r), then two dense layers to the spectrum, in the manner of `SPRamNet`
//! (arXiv:2602.05313, figure 4): 50,000 to 90,000 weights. Inputs less their means are divided by their common rms, outputs alike; the loss
//! is the mean squared error, minimised by Adam (Kingma and Ba, ICLR 2015) with a falling rate, and the weights kept are the best on an eighth of
//! the samples that is not learned from. Arithmetic is in f32. The seed fixes every number on one machine.

mod layers;

use super::centred::check;
use crate::error::{Error, Result};
use crate::operator::forward::FEWEST_OF_A_NETWORK as FEWEST;
use crate::operator::rows;
use candle_core::{Device, Tensor, Var};
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW};
use faer::{Mat, MatRef};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// One sample of so many is held back to tell when to stop.
const HELD_BACK: usize = 8;
/// Samples of one step.
const BATCH: usize = 16;
/// Passes over the samples, at most.
const EPOCHS: usize = 200;
/// Passes without a better score after which nothing better came on the development sets.
const PATIENCE: usize = 50;
/// First step length of Adam, its usual one; it falls along a cosine to a hundredth.
const RATE: f64 = 1e-3;

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Mean of the inputs (p) and of the outputs (q).
    x_mean: Vec<f64>,
    y_mean: Vec<f64>,
    /// rms of the centred inputs and outputs.
    scale: [f64; 2],
    /// The weights of each layer by name, a row an output of the layer, exact f32 values.
    weights: BTreeMap<String, Mat<f64>>,
}

impl Network {
    /// Trains on `inputs` (n x p) and `outputs` (n x q).
    ///
    /// Errors: tables that do not fit together, or fewer than 16 samples.
    pub fn fit(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>, seed: u64) -> Result<Self> {
        check(inputs, outputs)?;
        if inputs.nrows() < FEWEST {
            return Err(Error::new(format!(
                "{} samples are too few for a network",
                inputs.nrows()
            ))
            .because(format!(
                "it holds some back to know when to stop; give {FEWEST} at least"
            ))
            .cure("use --estimator ridge"));
        }
        let (x_mean, y_mean) = (rows::mean(inputs), rows::mean(outputs));
        let (x, y) = (
            rows::centred(inputs, &x_mean),
            rows::centred(outputs, &y_mean),
        );
        let scale = [rms(&x), rms(&y)];
        let weights = trained(
            &(x * faer::Scale(1.0 / scale[0])),
            &(y * faer::Scale(1.0 / scale[1])),
            seed,
        )
        .map_err(|e| failed(&e))?;
        if weights.is_empty() {
            return Err(Error::new("the network did not learn")
                .because("its error is not a finite number")
                .cure(
                    "check the samples for values far from all others, or use --estimator ridge",
                ));
        }
        Ok(Self {
            x_mean,
            y_mean,
            scale,
            weights,
        })
    }

    /// Outputs (N x q) of `inputs` (N x p).
    ///
    /// Errors: the inputs have another number of columns.
    pub fn predict(&self, inputs: MatRef<'_, f64>) -> Result<Mat<f64>> {
        let (p, q) = self.columns();
        if inputs.ncols() != p {
            return Err(Error::new(format!(
                "{} numbers a row for a network of {p}",
                inputs.ncols()
            )));
        }
        let x = rows::centred(inputs, &self.x_mean) * faer::Scale(1.0 / self.scale[0]);
        let run = || {
            let weights = layers::shapes(p, q)
                .into_iter()
                .map(|(name, dims)| Var::from_tensor(&tensor(&self.weights[&name])?.reshape(dims)?))
                .collect::<candle_core::Result<Vec<_>>>()?;
            layers::forward(&weights, &tensor(&x)?)?.to_vec2::<f32>()
        };
        let y = run().map_err(|e| failed(&e))?;
        Ok(Mat::from_fn(inputs.nrows(), q, |i, j| {
            self.y_mean[j] + self.scale[1] * f64::from(y[i][j])
        }))
    }

    /// Everything there is to store, by name.
    pub fn arrays(&self) -> BTreeMap<String, Mat<f64>> {
        let line = |v: &[f64]| Mat::from_fn(1, v.len(), |_, j| v[j]);
        let mut all = self.weights.clone();
        all.insert("input_mean".into(), line(&self.x_mean));
        all.insert("output_mean".into(), line(&self.y_mean));
        all.insert("scale".into(), line(&self.scale));
        all
    }

    /// The network of such arrays.
    ///
    /// Errors: one is missing or misshapen.
    pub fn from_arrays(mut arrays: BTreeMap<String, Mat<f64>>) -> Result<Self> {
        let mut take = |name: &str| {
            let missing = || Error::new(format!("the network has no array '{name}'"));
            arrays.remove(name).ok_or_else(missing)
        };
        let line = |m: Mat<f64>| m.row_iter().next().map(|r| r.iter().copied().collect());
        let (x_mean, y_mean, scale): (Vec<f64>, Vec<f64>, Vec<f64>) = (
            line(take("input_mean")?).unwrap_or_default(),
            line(take("output_mean")?).unwrap_or_default(),
            line(take("scale")?).unwrap_or_default(),
        );
        let [sx, sy] = scale[..] else {
            return Err(Error::new("the network's scale is not two numbers"));
        };
        let mut weights = BTreeMap::new();
        for (name, dims) in layers::shapes(x_mean.len(), y_mean.len()) {
            let m = take(&name)?;
            if (m.nrows(), m.ncols()) != (dims[0], dims[1..].iter().product()) {
                return Err(Error::new(format!("the network's '{name}' does not fit")));
            }
            weights.insert(name, m);
        }
        Ok(Self {
            x_mean,
            y_mean,
            scale: [sx, sy],
            weights,
        })
    }

    /// Columns of inputs and outputs.
    pub fn columns(&self) -> (usize, usize) {
        (self.x_mean.len(), self.y_mean.len())
    }
}

/// The best weights on what is held back; none if no error there is finite.
fn trained(
    x: &Mat<f64>,
    y: &Mat<f64>,
    seed: u64,
) -> candle_core::Result<BTreeMap<String, Mat<f64>>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..x.nrows()).collect();
    order.shuffle(&mut rng);
    let (held, learned) = order.split_at(x.nrows() / HELD_BACK);
    let (mut learned, pick) = (learned.to_vec(), |which: &[usize]| {
        Ok::<_, candle_core::Error>((
            tensor(&rows::select(x.as_ref(), which))?,
            tensor(&rows::select(y.as_ref(), which))?,
        ))
    });
    let (held_x, held_y) = pick(held)?;
    let weights = layers::first(x.ncols(), y.ncols(), &mut rng)?;
    let mut adam = AdamW::new(
        weights.clone(),
        ParamsAdamW {
            lr: RATE,
            weight_decay: 0.0,
            ..ParamsAdamW::default()
        },
    )?;
    let loss = |x: &Tensor, y: &Tensor| (layers::forward(&weights, x)? - y)?.sqr()?.mean_all();
    let (mut least, mut best_epoch, mut best) = (f32::INFINITY, 0, Vec::new());
    for epoch in 0..EPOCHS {
        let turn = std::f64::consts::PI * epoch as f64 / EPOCHS as f64;
        adam.set_learning_rate(RATE * (0.01 + 0.495 * (1.0 + turn.cos())));
        learned.shuffle(&mut rng);
        for batch in learned.chunks(BATCH) {
            let (x, y) = pick(batch)?;
            adam.backward_step(&loss(&x, &y)?)?;
        }
        let score: f32 = loss(&held_x, &held_y)?.to_scalar()?;
        if score < least {
            (least, best_epoch) = (score, epoch);
            best = matrices(&weights)?;
        } else if epoch > best_epoch + PATIENCE {
            break;
        }
    }
    let names = layers::shapes(x.ncols(), y.ncols()).into_iter();
    Ok(names.map(|(name, _)| name).zip(best).collect())
}

/// Each weight as a matrix whose rows are the outputs of its layer.
fn matrices(weights: &[Var]) -> candle_core::Result<Vec<Mat<f64>>> {
    let matrix = |weight: &Var| {
        let rows = weight.dim(0)?;
        let values: Vec<f32> = weight.flatten_all()?.to_vec1()?;
        let columns = values.len() / rows;
        Ok(Mat::from_fn(rows, columns, |i, j| {
            f64::from(values[i * columns + j])
        }))
    };
    weights.iter().map(matrix).collect()
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the network computes in f32"
)]
fn tensor(m: &Mat<f64>) -> candle_core::Result<Tensor> {
    let values: Vec<f32> = (0..m.nrows())
        .flat_map(|i| (0..m.ncols()).map(move |j| m[(i, j)] as f32))
        .collect();
    Tensor::from_vec(values, (m.nrows(), m.ncols()), &Device::Cpu)
}

/// Root mean square; 1 of what does not vary.
fn rms(m: &Mat<f64>) -> f64 {
    let rms = (rows::sum_of_squares(m.as_ref()) / (m.nrows() * m.ncols()) as f64).sqrt();
    if rms > 0.0 { rms } else { 1.0 }
}

fn failed(error: &candle_core::Error) -> Error {
    Error::new("the network could not be computed").because(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::fit::ridge::RidgePath;

    /// A peak whose place and height vary, and a spectrum that is a product of both.
    fn glasses(n: usize) -> (Mat<f64>, Mat<f64>) {
        let t = |i: usize, k: f64| (i as f64 * k).fract();
        let x = Mat::from_fn(n, 40, |i, j| {
            let u = (j as f64 - 10.0 - 20.0 * t(i, 0.618)) / 3.0;
            (0.5 + t(i, 0.414)) * (-u * u).exp()
        });
        let y = Mat::from_fn(n, 3, |i, k| {
            (3.0 * t(i, 0.618) + k as f64).sin() * t(i, 0.414)
        });
        (x, y)
    }

    #[test]
    fn it_learns_what_no_line_can_and_the_seed_fixes_it() {
        let (x, y) = glasses(160);
        let (seen, asked) = (x.subrows(0, 128), x.subrows(128, 32));
        let (known, truth) = (y.subrows(0, 128), y.subrows(128, 32));
        let network = Network::fit(seen, known, 1).unwrap();
        let path = RidgePath::new(seen, known).unwrap();
        let line = path.fit(path.best_lambda(&path.default_lambdas()).unwrap());
        let off = |found: Mat<f64>| (found - truth).squared_norm_l2();
        let (ours, linear) = (
            off(network.predict(asked).unwrap()),
            off(line.predict(asked)),
        );
        assert!(ours < 0.5 * linear, "{ours} against {linear}");
        assert_eq!(Network::fit(seen, known, 1).unwrap(), network);

        let back = Network::from_arrays(network.arrays()).unwrap();
        assert_eq!(back, network);
        assert_eq!(
            back.predict(asked).unwrap(),
            network.predict(asked).unwrap()
        );
        let mut lacking = network.arrays();
        lacking.remove("dense_bias");
        let e = Network::from_arrays(lacking).unwrap_err().to_string();
        assert!(e.contains("dense_bias"), "{e}");
    }

    #[test]
    fn what_cannot_be_learned_is_named() {
        let (x, y) = glasses(10);
        let e = Network::fit(x.as_ref(), y.as_ref(), 1).unwrap_err();
        assert!(e.to_string().contains("too few"));
        // Beyond f32 once it is squared.
        let (x, y) = glasses(40);
        let far = Mat::from_fn(
            40,
            40,
            |i, j| if (i, j) == (0, 0) { 1e60 } else { x[(i, j)] },
        );
        let network = Network::fit(x.as_ref(), y.as_ref(), 1).unwrap();
        let wide = Mat::zeros(3, 41);
        let e = network.predict(wide.as_ref()).unwrap_err().to_string();
        assert!(e.contains("41 numbers"), "{e}");
        assert!(network.predict(far.as_ref()).is_ok());
    }
}
