//! What is repaired in measured points, and told: errors that are none, order, repeated x.

use crate::finding::Finding;

/// An error below this part of the median one is a place holder, as is a constant one below `ABSURD` of the largest |y|.
const PLACE_HOLDER: f64 = 1e-3;
/// No counting experiment knows every point to one part in a hundred thousand.
const ABSURD: f64 = 1e-5;
/// Up to this part of the points may be left out for want of an error; beyond, the errors are left out.
const MAY_BE_DROPPED: f64 = 0.2;

/// One measured point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) sigma: Option<f64>,
}

/// Takes out errors that are none: zero, negative, or place holders.
pub(super) fn errors(points: Vec<Point>, findings: &mut Vec<Finding>) -> Vec<Point> {
    let mut known: Vec<f64> = points
        .iter()
        .filter_map(|p| p.sigma)
        .filter(|s| *s > 0.0)
        .collect();
    if points.iter().all(|p| p.sigma.is_none()) {
        return points;
    }
    known.sort_by(f64::total_cmp);
    let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
    let largest = points.iter().fold(0.0, |m: f64, p| m.max(p.y.abs()));
    let constant = known.first() == known.last() && median < ABSURD * largest;
    let believed = |p: &Point| {
        !constant
            && p.sigma
                .is_some_and(|s| s > PLACE_HOLDER * median && s > 0.0)
    };
    let unknown = points.iter().filter(|p| !believed(p)).count();
    if unknown == 0 {
        return points;
    }
    let few =
        (unknown as f64) <= MAY_BE_DROPPED * points.len() as f64 && points.len() - unknown >= 2;
    let seen = format!(
        "{unknown} of {} errors are zero, negative or place holders (median error {median:e}).",
        points.len()
    );
    if few {
        findings.push(Finding::new(
            "points-without-error",
            format!("{seen} These points are left out."),
            "Give two columns with --columns to keep all points without errors.",
        ));
        return points.into_iter().filter(believed).collect();
    }
    findings.push(Finding::new(
        "errors-unknown",
        format!("{seen} The column of errors is left out."),
        "Put the real standard errors in the third column if you have them.",
    ));
    points
        .into_iter()
        .map(|p| Point { sigma: None, ..p })
        .collect()
}

/// Points by ascending x; those of equal x become their mean.
pub(super) fn ordered(mut points: Vec<Point>, findings: &mut Vec<Finding>) -> Vec<Point> {
    let steps_back = points.windows(2).filter(|w| w[1].x < w[0].x).count();
    if steps_back > 0 {
        findings.push(Finding::new(
            "x-sorted",
            format!("x steps back {steps_back} times in the file; the points were sorted."),
            "Check the file if it should ascend (digitised curves often do not).",
        ));
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let before = points.len();
    let merged: Vec<Point> = points.chunk_by(|a, b| a.x >= b.x).map(mean).collect();
    if merged.len() < before {
        findings.push(Finding::new(
            "duplicates-merged",
            format!(
                "{} points have the x of another; each group became its mean.",
                before - merged.len()
            ),
            "Remove the repeated points if they are not repeated measurements.",
        ));
    }
    merged
}

fn mean(group: &[Point]) -> Point {
    let n = group.len() as f64;
    let squares: Option<f64> = group.iter().map(|p| p.sigma.map(|s| s * s)).sum();
    Point {
        x: group[0].x,
        y: group.iter().map(|p| p.y / n).sum(),
        sigma: squares.map(|s| s.sqrt() / n),
    }
}
