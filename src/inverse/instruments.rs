//! Inverters kept ready, so that the frames of one instrument are prepared for once.

use super::{Channel, Inverter, Resolution};
use crate::error::Result;
use crate::operator::Operator;
use std::sync::Arc;

/// Errors that differ by less than this part at every point are those of one instrument: a band does not tell them apart.
const SAME_ERRORS: f64 = 0.1;
/// Inverters kept at most; beyond it the one that was used least recently goes.
const MOST: usize = 8;

/// An inverter with what depends on its channel alone.
#[derive(Debug)]
pub struct Ready<'a> {
    /// The inverter.
    pub inverter: Inverter<'a>,
    /// What the data decide.
    pub resolution: Arc<Resolution>,
    channel: Channel,
}

/// The instruments that an operator was carried to, the last used one last.
#[derive(Debug)]
pub struct Instruments<'a> {
    operator: &'a Operator,
    ready: Vec<Arc<Ready<'a>>>,
}

impl<'a> Instruments<'a> {
    /// None yet.
    pub fn new(operator: &'a Operator) -> Self {
        Self {
            operator,
            ready: Vec::new(),
        }
    }

    /// The inverter for `channel`: one that was prepared for the same points, map and nuisances and, within a tenth, the same
    /// errors; else a new one.
    pub fn of(&mut self, channel: &Channel) -> Result<Arc<Ready<'a>>> {
        let known = self
            .ready
            .iter()
            .position(|r| are_same(&r.channel, channel));
        let ready = match known {
            Some(at) => self.ready.remove(at),
            None => Arc::new(Ready::new(Inverter::new(self.operator, channel)?, channel)?),
        };
        self.ready.push(Arc::clone(&ready));
        if self.ready.len() > MOST {
            self.ready.remove(0);
        }
        Ok(ready)
    }
}

impl<'a> Ready<'a> {
    /// An inverter that was made for `channel`.
    pub fn new(inverter: Inverter<'a>, channel: &Channel) -> Result<Self> {
        Ok(Self {
            resolution: Arc::new(inverter.resolution()?),
            inverter,
            channel: channel.clone(),
        })
    }
}

fn are_same(a: &Channel, b: &Channel) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= SAME_ERRORS * a.max(*b);
    // Nuisances follow the data's scale, as errors do.
    let close = || {
        let size = a.nuisances.norm_l2().max(b.nuisances.norm_l2());
        (&a.nuisances - &b.nuisances).norm_l2() <= SAME_ERRORS * size
    };
    a.x == b.x
        && a.sigma_known == b.sigma_known
        && a.sigma.iter().zip(&b.sigma).all(near)
        && a.map == b.map
        && a.correlated == b.correlated
        && a.nuisances.ncols() == b.nuisances.ncols()
        && close()
}
