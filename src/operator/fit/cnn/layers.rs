//! The layers of the network: their shapes, first weights, and what they make of their inputs.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::ops::silu;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Channels of each convolution.
const CHANNELS: [usize; 3] = [16, 32, 32];
/// Bins that a convolution looks at.
const KERNEL: usize = 7;
/// Bins from one of its outputs to the next: three layers leave one bin of 27, and windows that overlap by half.
const STRIDE: usize = 3;
/// Units of the dense layer between the convolutions and the outputs.
const HIDDEN: usize = 128;
/// Variance of the first weights times their number of inputs: 2 before a unit that passes half (He et al., ICCV 2015), 1 before
/// the outputs.
const GAIN: [f64; 2] = [2.0, 1.0];

/// Name and dimensions of every weight, in the order of the layers; each is followed by its bias.
pub(super) fn shapes(inputs: usize, outputs: usize) -> Vec<(String, Vec<usize>)> {
    let mut shapes = Vec::new();
    let mut push = |name: String, dims: Vec<usize>| {
        let bias = vec![dims[0]];
        shapes.push((format!("{name}_weight"), dims));
        shapes.push((format!("{name}_bias"), bias));
    };
    let (mut channels, mut length) = (1, inputs);
    for (k, &next) in CHANNELS.iter().enumerate() {
        push(
            format!("convolution{}", k + 1),
            vec![next, channels, KERNEL],
        );
        (channels, length) = (next, length.div_ceil(STRIDE));
    }
    push("dense".to_owned(), vec![HIDDEN, channels * length]);
    push("output".to_owned(), vec![outputs, HIDDEN]);
    shapes
}

/// First weights: normal numbers of our own generator, since candle's is one for the whole program; biases are zero.
pub(super) fn first(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Result<Vec<Var>> {
    let shapes = shapes(inputs, outputs);
    let last = shapes.len() - 2;
    let mut weights = Vec::new();
    for (k, (_, dims)) in shapes.into_iter().enumerate() {
        let fan_in: usize = dims[1..].iter().product();
        let variance = match dims.len() {
            1 => 0.0,
            _ => GAIN[usize::from(k == last)] / fan_in as f64,
        };
        let values: Vec<f32> = (0..dims.iter().product())
            .map(|_| {
                let z: f64 = StandardNormal.sample(rng);
                (z * variance.sqrt()) as f32
            })
            .collect();
        weights.push(Var::from_vec(values, dims, &Device::Cpu)?);
    }
    Ok(weights)
}

/// Outputs (N x q) of standardised inputs (N x p); `weights` as in [`shapes`].
pub(super) fn forward(weights: &[Var], inputs: &Tensor) -> Result<Tensor> {
    let mut now = inputs.unsqueeze(1)?;
    let (convolutions, dense) = weights.split_at(2 * CHANNELS.len());
    for layer in convolutions.chunks_exact(2) {
        let bias = layer[1].reshape((1, (), 1))?;
        let out = padded(&now)?.conv1d(&layer[0], 0, STRIDE, 1, 1)?;
        now = silu(&out.broadcast_add(&bias)?)?;
    }
    now = now.flatten_from(1)?;
    for (k, layer) in dense.chunks_exact(2).enumerate() {
        if k > 0 {
            now = silu(&now)?;
        }
        now = now.matmul(&layer[0].t()?)?.broadcast_add(&layer[1])?;
    }
    Ok(now)
}

/// Zeros at both ends, as many as the windows need to cover every bin and no more: candle's gradient is fast only without rest.
fn padded(bins: &Tensor) -> Result<Tensor> {
    let length = bins.dim(2)?;
    let needed = (length.div_ceil(STRIDE) - 1) * STRIDE + KERNEL;
    let zeros = needed - length;
    bins.pad_with_zeros(2, zeros / 2, zeros - zeros / 2)
}
