//! A figure as PNG, painted by resvg from the SVG with the embedded font and no other.

use super::canvas::{FONT, FONT_FAMILY};
use crate::error::{Error, Result};
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// Resolution of the pictures: 300 dots to the inch, what journals ask for.
const DOTS_PER_INCH: f32 = 300.0;
/// usvg counts 96 pixels to the inch.
const SVG_PER_INCH: f32 = 96.0;

/// The PNG of an SVG made by [`super::svg`], at 300 dpi of its size in print.
///
/// The same SVG gives the same bytes.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    let failed = |why: String| Error::new("cannot paint a figure").because(why);
    let tree = usvg::Tree::from_str(svg, &options()).map_err(|e| failed(e.to_string()))?;
    let scale = DOTS_PER_INCH / SVG_PER_INCH;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(scale)
        .ok_or_else(|| failed("it has no size".into()))?;
    let mut sheet = tiny_skia::Pixmap::new(size.width(), size.height())
        .ok_or_else(|| failed("it is too large".into()))?;
    let grow = tiny_skia::Transform::from_scale(
        size.width() as f32 / tree.size().width(),
        size.height() as f32 / tree.size().height(),
    );
    resvg::render(&tree, grow, &mut sheet.as_mut());
    encoded(&sheet).map_err(|e| failed(e.to_string()))
}

/// The file: no alpha (the paper is white), and the resolution, so that it has its size in print in any program.
fn encoded(sheet: &tiny_skia::Pixmap) -> std::result::Result<Vec<u8>, ::png::EncodingError> {
    let to_the_metre = (DOTS_PER_INCH / 0.0254).round() as u32;
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, sheet.width(), sheet.height());
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_pixel_dims(Some(::png::PixelDimensions {
        xppu: to_the_metre,
        yppu: to_the_metre,
        unit: ::png::Unit::Meter,
    }));
    let colours: Vec<u8> = sheet
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(bytes)
}

fn options() -> usvg::Options<'static> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FONT_FAMILY);
    usvg::Options {
        font_family: FONT_FAMILY.to_owned(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    }
}
