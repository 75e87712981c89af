//! Colours, dashes and markers: one look for each role, in every figure.
//!
//! Colours are those of Okabe and Ito, *Color Universal Design* (2008), told apart with any kind of colour vision;
//! dash, weight and marker tell the roles apart in grey as well.

use super::canvas::Stroke;
use super::model::Role;

/// A colour and its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    pub rgb: (u8, u8, u8),
    pub alpha: f64,
}

impl Colour {
    const fn solid(r: u8, g: u8, b: u8) -> Self {
        Self {
            rgb: (r, g, b),
            alpha: 1.0,
        }
    }

    pub(super) const fn with_alpha(self, alpha: f64) -> Self {
        Self {
            rgb: self.rgb,
            alpha,
        }
    }
}

/// Frames, ticks, words.
pub(super) const INK: Colour = Colour::solid(0x22, 0x22, 0x22);
/// Lines that only guide the eye.
pub(super) const FAINT: Colour = Colour::solid(0xB0, 0xB0, 0xB0);
/// Paper.
pub(super) const PAPER: Colour = Colour::solid(0xFF, 0xFF, 0xFF);
/// Where two curves disagree (Okabe-Ito orange).
pub(super) const ATTENTION: Colour = Colour::solid(0xE6, 0x9F, 0x00);

const BLACK: Colour = Colour::solid(0x00, 0x00, 0x00);
const VERMILLION: Colour = Colour::solid(0xD5, 0x5E, 0x00);
const BLUE: Colour = Colour::solid(0x00, 0x72, 0xB2);
const GREEN: Colour = Colour::solid(0x00, 0x9E, 0x73);
const PURPLE: Colour = Colour::solid(0xCC, 0x79, 0xA7);
const GREY: Colour = Colour::solid(0x80, 0x80, 0x80);

/// Classes without an order: hues of Okabe and Ito, their shades shifted so that each two differ in grey as well.
const CLASSES: [Colour; 6] = [
    BLUE,
    Colour::solid(0xE2, 0xE2, 0xE2),
    ATTENTION,
    Colour::solid(0xBF, 0x6B, 0x9B),
    Colour::solid(0xDE, 0xCB, 0x26),
    Colour::solid(0x30, 0x30, 0x30),
];

/// Opacity of a band under its curve.
const BAND: f64 = 0.28;

/// The colour of a role.
pub(super) fn colour(role: Role) -> Colour {
    match role {
        Role::Measured => BLACK,
        Role::Predicted => VERMILLION,
        Role::Inferred => BLUE,
        Role::Prior => GREY,
        Role::Reference => GREEN,
        Role::Difference => PURPLE,
    }
}

/// The colour of a class.
pub(super) fn class(number: usize) -> Colour {
    CLASSES[number % CLASSES.len()]
}

/// The line of a role: colour, width and dash (mm).
pub(super) fn stroke(role: Role) -> Stroke {
    let (width, dash) = match role {
        Role::Measured => (0.25, None),
        Role::Predicted => (0.40, Some((2.2, 0.8))),
        Role::Inferred => (0.45, None),
        Role::Prior => (0.30, Some((0.5, 0.6))),
        Role::Reference => (0.35, Some((4.0, 1.0))),
        Role::Difference => (0.35, None),
    };
    Stroke {
        colour: colour(role),
        width,
        dash,
    }
}

/// The fill of a role's band.
pub(super) fn band(role: Role) -> Colour {
    colour(role).with_alpha(BAND)
}

/// The marker of a role: corners of a regular polygon, the angle of the first from the top (turns), and whether it is filled.
pub(super) fn marker(role: Role) -> (usize, f64, bool) {
    match role {
        Role::Measured => (16, 0.0, false),
        Role::Predicted => (4, 0.0, true),
        Role::Inferred => (3, 0.0, true),
        Role::Prior => (16, 0.0, true),
        Role::Reference => (4, 0.125, true),
        Role::Difference => (3, 0.5, true),
    }
}

/// Colour of `t` on a scale: −1..1 blue, white, vermillion, both ends equally dark.
pub(super) fn diverging(t: f64) -> Colour {
    let end = if t < 0.0 { BLUE } else { VERMILLION };
    mix(PAPER, end, t.abs().min(1.0))
}

/// Colour of `t` on a scale: 0..1 white to dark blue, darker all the way.
pub(super) fn sequential(t: f64) -> Colour {
    let dark = Colour::solid(0x00, 0x24, 0x45);
    let t = t.clamp(0.0, 1.0);
    if t < 0.5 {
        mix(PAPER, BLUE, 2.0 * t)
    } else {
        mix(BLUE, dark, 2.0 * t - 1.0)
    }
}

fn mix(a: Colour, b: Colour, t: f64) -> Colour {
    let one = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    Colour::solid(
        one(a.rgb.0, b.rgb.0),
        one(a.rgb.1, b.rgb.1),
        one(a.rgb.2, b.rgb.2),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 6] = [
        Role::Measured,
        Role::Predicted,
        Role::Inferred,
        Role::Prior,
        Role::Reference,
        Role::Difference,
    ];

    /// Rec. 709 luma, 0 to 255.
    fn grey(c: Colour) -> f64 {
        0.2126 * f64::from(c.rgb.0) + 0.7152 * f64::from(c.rgb.1) + 0.0722 * f64::from(c.rgb.2)
    }

    #[test]
    fn two_roles_differ_in_grey_by_shade_dash_or_weight() {
        for (i, &a) in ROLES.iter().enumerate() {
            for &b in &ROLES[..i] {
                let (s, t) = (stroke(a), stroke(b));
                let apart = (grey(s.colour) - grey(t.colour)).abs() > 40.0
                    || s.dash != t.dash
                    || (s.width - t.width).abs() >= 0.1;
                assert!(apart, "{a:?} and {b:?}");
                assert_ne!(colour(a), colour(b));
                assert_ne!(marker(a), marker(b));
            }
        }
    }

    #[test]
    fn two_classes_differ_in_grey() {
        for (i, &a) in CLASSES.iter().enumerate() {
            for &b in &CLASSES[..i] {
                assert!((grey(a) - grey(b)).abs() > 25.0, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn the_sequential_scale_darkens_all_the_way() {
        let shades: Vec<_> = (0..=20)
            .map(|i| grey(sequential(f64::from(i) / 20.0)))
            .collect();
        assert!(shades.windows(2).all(|w| w[1] < w[0]), "{shades:?}");
    }
}
