//! From a filtered complex to its pairs of birth and death, over Z/2.

use super::rips::Level;

/// No simplex.
const NONE: u32 = u32::MAX;

/// Which simplex of one dimension is paired with which of the next.
pub(super) struct Pairs {
    /// Simplices of dimension k that begin a class, each with the one of dimension k + 1 that ends it, if any does.
    pub bars: Vec<(usize, Option<usize>)>,
    /// For each simplex of dimension k + 1 whether it ends a class, and so begins none.
    pub ends: Vec<bool>,
}

/// The simplices of a level from the shortest to the longest, and the place of each among them.
fn order(level: &Level) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<u32> = (0..level.len() as u32).collect();
    // Stable: simplices of one diameter stay in the order of their vertices, which is as good as any.
    order.sort_by(|&a, &b| level.diameters[a as usize].total_cmp(&level.diameters[b as usize]));
    let mut place = vec![0; order.len()];
    for (p, &s) in (0..).zip(&order) {
        place[s as usize] = p;
    }
    (order, place)
}

/// Pairs of atoms and edges: an edge ends the component of one of its atoms if they were not connected before it (Kruskal's
/// tree). All atoms are there from the start, so that it does not matter which of two components ends.
pub(super) fn components(atoms: usize, edges: &Level) -> Pairs {
    let mut parent: Vec<usize> = (0..atoms).collect();
    let mut root = |mut i: usize, joined: Option<usize>| {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        parent[i] = joined.unwrap_or(i);
        i
    };
    let mut bars = Vec::with_capacity(atoms);
    let mut ends = vec![false; edges.len()];
    for edge in order(edges).0.into_iter().map(|e| e as usize) {
        let [a, b] = [0, 1].map(|v| root(edges.facets(1, edge)[v] as usize, None));
        if a != b {
            root(a, Some(b));
            ends[edge] = true;
            bars.push((a, Some(edge)));
        }
    }
    let alive = (0..atoms)
        .filter(|&i| root(i, None) == i)
        .collect::<Vec<_>>();
    bars.extend(alive.into_iter().map(|i| (i, None)));
    Pairs { bars, ends }
}

/// Pairs of simplices of dimension `k` (`below`) and `k` + 1 (`above`), by the reduction of the coboundary matrix: columns from
/// the longest simplex to the shortest, those in `ends` left out (clearing), each freed of the pivots before it by adding
/// their columns. Pairs of persistent cohomology are those of homology (de Silva, Morozov and Vejdemo-Johansson, *Inverse
/// Problems* 27, 124003 (2011)); it has far fewer columns (Bauer, *J. Appl. Comput. Topol.* 5, 391 (2021)).
pub(super) fn pairs(k: usize, below: &Level, above: &Level, ends: &[bool]) -> Pairs {
    let (longest_last, _) = order(below);
    let (from_place, _) = order(above);
    let coboundary = Columns::new(k, below.len(), above, &from_place);
    let mut owner = vec![NONE; above.len()];
    let mut reduced: Vec<Option<Vec<u32>>> = vec![None; below.len()];
    let mut bars = Vec::new();
    for s in longest_last.into_iter().rev().map(|s| s as usize) {
        if ends[s] {
            continue;
        }
        let mut column = coboundary.of(s).to_vec();
        let mut is_changed = false;
        while let Some(&pivot) = column.first()
            && owner[pivot as usize] != NONE
        {
            let other = owner[pivot as usize] as usize;
            let with = reduced[other].as_deref().unwrap_or(coboundary.of(other));
            column = sum(&column, with);
            is_changed = true;
        }
        let pivot = column.first().map(|&p| p as usize);
        if let Some(pivot) = pivot {
            owner[pivot] = s as u32;
        }
        bars.push((s, pivot.map(|p| from_place[p] as usize)));
        if is_changed {
            reduced[s] = Some(column);
        }
    }
    let mut ends = vec![false; above.len()];
    for (place, _) in owner.iter().enumerate().filter(|(_, o)| **o != NONE) {
        ends[from_place[place] as usize] = true;
    }
    Pairs { bars, ends }
}

/// For each simplex those of the next dimension that it is a face of, by their places from the shortest, ascending.
struct Columns {
    starts: Vec<usize>,
    places: Vec<u32>,
}

impl Columns {
    fn new(k: usize, below: usize, above: &Level, from_place: &[u32]) -> Self {
        let mut starts = vec![0; below + 1];
        for &f in &above.facets {
            starts[f as usize + 1] += 1;
        }
        for s in 0..below {
            starts[s + 1] += starts[s];
        }
        let (mut next, mut places) = (starts.clone(), vec![0; above.facets.len()]);
        for (place, &t) in (0..).zip(from_place) {
            for &f in above.facets(k + 1, t as usize) {
                places[next[f as usize]] = place;
                next[f as usize] += 1;
            }
        }
        Self { starts, places }
    }

    fn of(&self, s: usize) -> &[u32] {
        &self.places[self.starts[s]..self.starts[s + 1]]
    }
}

/// The sum of two columns over Z/2: what is in one of them only.
fn sum(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut sum = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (first, second) = (a[i], b[j]);
        if first != second {
            sum.push(first.min(second));
        }
        i += usize::from(first <= second);
        j += usize::from(second <= first);
    }
    sum.extend_from_slice(&a[i..]);
    sum.extend_from_slice(&b[j..]);
    sum
}
