//! Near-duplicate samples and the folds that keep them together.
//!
//! Displaced crystals often relax back to the same crystal. If copies of one structure stand on both sides of a split,
//! every score is flattered; so samples closer than a stated distance form one group, and a group is never split.

use faer::MatRef;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Two pair distribution functions whose distance is below this fraction of their norm are the same structure
/// (measured on the five development sets: true neighbours start at about 1 %).
pub const SAME_STRUCTURE: f64 = 0.005;

/// Group label of each row: single linkage of all pairs closer than [`SAME_STRUCTURE`], labels in order of first appearance.
///
/// Costs n²p flops in one matrix product.
pub fn groups(rows: MatRef<'_, f64>) -> Vec<usize> {
    let n = rows.nrows();
    let gram = rows * rows.transpose();
    let mut root: Vec<usize> = (0..n).collect();
    for i in 0..n {
        for j in 0..i {
            let (a, b) = (gram[(i, i)], gram[(j, j)]);
            let distance2 = (a + b - 2.0 * gram[(i, j)]).max(0.0);
            if distance2 < SAME_STRUCTURE * SAME_STRUCTURE * a.max(b) {
                let (x, y) = (find(&mut root, i), find(&mut root, j));
                root[x.max(y)] = x.min(y);
            }
        }
    }
    let mut label = vec![usize::MAX; n];
    let mut next = 0;
    (0..n)
        .map(|i| {
            let r = find(&mut root, i);
            if label[r] == usize::MAX {
                label[r] = next;
                next += 1;
            }
            label[r]
        })
        .collect()
}

fn find(root: &mut [usize], mut i: usize) -> usize {
    while root[i] != i {
        root[i] = root[root[i]];
        i = root[i];
    }
    i
}

/// Samples that are alone in their group.
pub fn lonely(groups: &[usize]) -> usize {
    let mut sizes = vec![0usize; groups.iter().max().map_or(0, |m| m + 1)];
    for &g in groups {
        sizes[g] += 1;
    }
    sizes.iter().filter(|&&size| size == 1).count()
}

/// Fold number of each sample: whole groups, shuffled by `seed`, each given to the smallest fold so far.
///
/// There are at most `folds` folds, fewer if there are fewer groups.
pub fn folds(groups: &[usize], folds: usize, seed: u64) -> Vec<usize> {
    let count = groups.iter().max().map_or(0, |m| m + 1);
    let mut sizes = vec![0usize; count];
    for &g in groups {
        sizes[g] += 1;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|&g| std::cmp::Reverse(sizes[g]));
    let mut load = vec![0usize; folds.min(count).max(1)];
    let mut fold_of = vec![0; count];
    for g in order {
        let smallest = (0..load.len()).min_by_key(|&f| load[f]).unwrap_or(0);
        fold_of[g] = smallest;
        load[smallest] += sizes[g];
    }
    groups.iter().map(|&g| fold_of[g]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn copies_share_a_group_and_a_fold() {
        let x = Mat::from_fn(30, 8, |i, j| {
            ((i / 2 * 31 + j * 17) as f64).sin() + 1e-6 * i as f64
        });
        let g = groups(x.as_ref());
        assert_eq!(g.iter().max(), Some(&14));
        let f = folds(&g, 5, 1);
        for i in 0..15 {
            assert_eq!(g[2 * i], g[2 * i + 1]);
            assert_eq!(f[2 * i], f[2 * i + 1]);
        }
        for fold in 0..5 {
            assert_eq!(f.iter().filter(|&&k| k == fold).count(), 6);
        }
    }
}
