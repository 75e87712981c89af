//! Atoms sorted by place, so that who is near whom is found without looking at everybody.

use super::cell::{Cell, add, dot, sub};
use super::structure::Structure;
use crate::error::{Error, Result};

/// A neighbour further than this many bins away is a mistake of units, whatever the number of atoms.
const FARTHEST: i32 = 1_000_000;

/// How many atoms of a bin are looked at in one go; a power of two.
const AT_ONCE: usize = 32;

/// What the bins are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fineness {
    /// To store neighbours: bins as wide as the reach.
    List,
    /// To meet each pair once and keep nothing: bins a third as wide, whose near ones fill a third of the space that 27
    /// wide ones do.
    Stream,
}

impl Fineness {
    /// Bins to a reach, and most pairs to look at. A list of a million atoms needs some 3e8, a stream is a minute's work
    /// at 1e11; a file whose cell is in metres would otherwise be searched for ever.
    fn limits(self) -> (f64, f64) {
        match self {
            Self::List => (1.0, 1e9),
            Self::Stream => (3.0, 1e11),
        }
    }
}

/// Atoms sorted into a grid of bins that tiles the cell. Bins near an end of the cell see those at the other end; in a
/// cell smaller than the reach they see their own images.
pub(super) struct Bins<'a> {
    cell: &'a Cell,
    reach: f64,
    counts: [i32; 3],
    /// How many bins away a neighbour can be.
    away: [i32; 3],
    /// Along each edge, the bin inside the cell and the image of each bin from `-away` on: a division each, made once.
    wraps: [Vec<(i32, i32)>; 3],
    /// Where the atoms of each bin begin among `members`.
    starts: Vec<usize>,
    /// The atoms, bin by bin.
    members: Vec<Member>,
    /// For each atom its bin and its place among `members`.
    places: Vec<([i32; 3], usize)>,
}

/// An atom as its bin knows it.
#[derive(Clone, Copy, Default)]
struct Member {
    index: u32,
    /// The whole edges that bring it into the cell.
    turns: [i32; 3],
    /// Its position inside the cell, Å.
    position: [f64; 3],
}

impl<'a> Bins<'a> {
    pub fn new(structure: &'a Structure, reach: f64, fineness: Fineness) -> Result<Self> {
        if !(reach.is_finite() && reach > 0.0) {
            return Err(Error::new(format!(
                "a neighbour list with a reach of {reach} Å is not possible"
            )));
        }
        if u32::try_from(structure.len()).is_err() {
            return Err(Error::new("more atoms than a neighbour list can number"));
        }
        let (counts, away) = layout(structure, reach, fineness)?;
        let cell = &structure.cell;
        let mut bins = Self {
            cell,
            reach,
            counts,
            away,
            wraps: [0, 1, 2].map(|k| wraps(counts[k], away[k])),
            starts: vec![0; counts.iter().map(|&n| n as usize).product::<usize>() + 1],
            members: vec![Member::default(); structure.len()],
            places: Vec::with_capacity(structure.len()),
        };
        bins.sort(structure)?;
        Ok(bins)
    }

    /// Sorts the atoms into the bins by counting.
    fn sort(&mut self, structure: &Structure) -> Result<()> {
        let mut all_turns = Vec::with_capacity(structure.len());
        for &position in &structure.positions {
            let (bin, turns) = self.place(position)?;
            let bin_number = self.flat(bin);
            self.starts[bin_number + 1] += 1;
            self.places.push((bin, 0));
            all_turns.push(turns);
        }
        for k in 1..self.starts.len() {
            self.starts[k] += self.starts[k - 1];
        }
        let mut next = self.starts.clone();
        for (j, turns) in all_turns.into_iter().enumerate() {
            let bin_number = self.flat(self.places[j].0);
            let slot = &mut next[bin_number];
            let shift = self.cell.cartesian(turns.map(f64::from));
            self.places[j].1 = *slot;
            self.members[*slot] = Member {
                index: j as u32,
                turns,
                position: add(structure.positions[j], shift),
            };
            *slot += 1;
        }
        Ok(())
    }

    fn flat(&self, [a, b, c]: [i32; 3]) -> usize {
        ((a * self.counts[1] + b) * self.counts[2] + c) as usize
    }

    fn place(&self, position: [f64; 3]) -> Result<([i32; 3], [i32; 3])> {
        let fractional = self.cell.fractional(position);
        let (mut bin, mut turns) = ([0; 3], [0; 3]);
        for k in (0..3).filter(|&k| self.cell.periodic()[k]) {
            let whole = fractional[k].floor();
            if whole.is_nan() || whole.abs() > f64::from(i32::MAX / 4) {
                return Err(Error::new(format!(
                    "an atom at {position:?} Å is absurdly far from its cell"
                )));
            }
            turns[k] = -(whole as i32);
            let inside = (fractional[k] - whole) * f64::from(self.counts[k]);
            bin[k] = (inside as i32).min(self.counts[k] - 1);
        }
        Ok((bin, turns))
    }

    /// Calls `see(j, image, vector)` for every atom image within reach of atom `i`; `image` is relative to the positions
    /// as they are given, inside the cell or not.
    pub fn visit(&self, i: usize, mut see: impl FnMut(u32, [i32; 3], [f64; 3])) {
        let ([a, b, c], own) = self.places[i];
        let [ra, rb, rc] = self.away;
        let me = self.members[own];
        let squared = self.reach * self.reach;
        for x in a - ra..=a + ra {
            for y in b - rb..=b + rb {
                self.along([x, y], [c - rc, c + rc], |members, image| {
                    let shift = self.cell.cartesian(image.map(f64::from));
                    let from = sub(shift, me.position);
                    for some in members.chunks(AT_ONCE) {
                        let (near, count) = near(some, from, squared);
                        for other in near[..count].iter().map(|&k| some[usize::from(k)]) {
                            let image =
                                [0, 1, 2].map(|k: usize| image[k] + other.turns[k] - me.turns[k]);
                            if other.index != me.index || image != [0; 3] {
                                see(other.index, image, add(other.position, from));
                            }
                        }
                    }
                });
            }
        }
    }

    /// The number of bins.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Calls `see(i, j, vector)` for each pair within reach of which one atom is in bin `home` and the other in the same bin
    /// or in one further on: over all bins, each pair once.
    pub fn meet(&self, home: usize, mut see: impl FnMut(usize, usize, [f64; 3])) {
        let own = &self.members[self.starts[home]..self.starts[home + 1]];
        let squared = self.reach * self.reach;
        let mut greet = |me: &Member, others: &[Member], shift: [f64; 3]| {
            let from = sub(shift, me.position);
            for other in others {
                let vector = add(other.position, from);
                if dot(vector, vector) < squared {
                    see(me.index as usize, other.index as usize, vector);
                }
            }
        };
        for (k, me) in own.iter().enumerate() {
            greet(me, &own[k + 1..], [0.0; 3]);
        }
        if !own.is_empty() {
            self.onward(home, |others, shift| {
                for me in own {
                    greet(me, others, shift);
                }
            });
        }
    }

    /// Calls `see(atoms, shift)` for the atoms of all bins within reach that come after `home` in the order x, y, z, and the
    /// shift (Å) of the image they are in. Bins in a row along z lie together in memory.
    fn onward(&self, home: usize, mut see: impl FnMut(&[Member], [f64; 3])) {
        let [_, nb, nc] = self.counts.map(|n| n as usize);
        let [a, b, c] = [home / (nb * nc), home / nc % nb, home % nc]
            .map(|k| i32::try_from(k).expect("counts are i32"));
        let [ra, rb, rc] = self.away;
        for x in 0..=ra {
            for y in if x == 0 { 0 } else { -rb }..=rb {
                let first = if (x, y) == (0, 0) { c + 1 } else { c - rc };
                self.along([a + x, b + y], [first, c + rc], |members, image| {
                    see(members, self.cell.cartesian(image.map(f64::from)));
                });
            }
        }
    }

    /// Calls `see(atoms, image)` for the bins of a row along z from the first to the last, which may lie outside the cell:
    /// at once for all that are in one image, for they lie together in memory.
    #[inline]
    fn along(&self, [x, y]: [i32; 2], ends: [i32; 2], mut see: impl FnMut(&[Member], [i32; 3])) {
        let [mut z, end] = ends;
        while z <= end {
            let wrapped = [x, y, z];
            let wrapped = [0, 1, 2].map(|k| self.wraps[k][(wrapped[k] + self.away[k]) as usize]);
            let (bin, image) = (wrapped.map(|w| w.0), wrapped.map(|w| w.1));
            let first = self.flat(bin);
            let last = end.min(z - bin[2] + self.counts[2] - 1);
            let run = self.starts[first]..self.starts[first + (last - z) as usize + 1];
            see(&self.members[run], image);
            z = last + 1;
        }
    }
}

/// The bin of `n` inside the cell, and the image, of each bin from `-away` to `n + away`.
fn wraps(n: i32, away: i32) -> Vec<(i32, i32)> {
    let bins = -away..n + away;
    bins.map(|at| (at.rem_euclid(n), at.div_euclid(n)))
        .collect()
}

/// Which of at most [`AT_ONCE`] members lie, seen from `-from`, within the root of `squared`, and how many. No branch depends
/// on a distance, which no processor could guess.
#[inline]
fn near(members: &[Member], from: [f64; 3], squared: f64) -> ([u8; AT_ONCE], usize) {
    let (mut near, mut count) = ([0; AT_ONCE], 0);
    for (k, other) in members.iter().enumerate() {
        let vector = add(other.position, from);
        near[count % AT_ONCE] = k as u8;
        count += usize::from(dot(vector, vector) < squared);
    }
    (near, count)
}

/// Bins along each edge, and how many bins away a neighbour can be.
fn layout(structure: &Structure, reach: f64, fineness: Fineness) -> Result<([i32; 3], [i32; 3])> {
    let (to_a_reach, most_visits) = fineness.limits();
    let heights = structure.cell.heights();
    let periodic = structure.cell.periodic();
    // More bins than atoms along an edge would only cost memory.
    let repeating = structure.cell.dimensions().max(1) as f64;
    let most = (structure.len() as f64).powf(1.0 / repeating).ceil();
    let (mut counts, mut away) = ([1; 3], [0; 3]);
    let mut visits = (structure.len() as f64).powi(2);
    for k in (0..3).filter(|&k| periodic[k]) {
        let bins = (to_a_reach * heights[k] / reach).floor().clamp(1.0, most);
        let far = (reach * bins / heights[k]).floor() + 1.0;
        visits *= (2.0 * far + 1.0) / bins;
        (counts[k], away[k]) = (bins as i32, far as i32);
    }
    if visits > most_visits || away.iter().any(|&n| n > FARTHEST) {
        return Err(Error::new(format!(
            "too many pairs of atoms within a reach of {reach} Å"
        ))
        .because(format!(
            "there are {} atoms in a cell whose opposite faces are {heights:?} Å apart",
            structure.len()
        ))
        .cure("check that the cell and the positions are in Å"));
    }
    Ok((counts, away))
}
