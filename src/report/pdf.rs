//! The report as PDF, typeset by typst from `template.typ`; the only file that knows typst.
//!
//! typst sees a small world of its own: the template, the model as JSON, the figures as SVG, and the fonts in the binary.

use super::canvas::FONT;
use super::figure;
use super::model::{Block, Report};
use crate::error::{Error, Result};
use std::collections::HashMap;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

const TEMPLATE: &str = include_str!("template.typ");

/// The PDF and its number of pages. The same report gives the same bytes: no date is read or written.
pub(super) fn pdf(report: &Report) -> Result<(Vec<u8>, usize)> {
    let page = Page::new(report)?;
    let document: PagedDocument = typst::compile(&page).output.map_err(|e| failed(&e))?;
    let options = PdfOptions {
        creator: Smart::Custom(Some(
            concat!("glassbridge ", env!("CARGO_PKG_VERSION")).to_owned(),
        )),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|e| failed(&e))?;
    // typst remembers every layout for editors; a program that writes thousands of reports must not.
    typst::comemo::evict(0);
    Ok((bytes, document.pages().len()))
}

fn failed(why: &[SourceDiagnostic]) -> Error {
    let why: Vec<_> = why.iter().map(|d| d.message.as_str()).collect();
    Error::new("cannot typeset the report").because(why.join("; "))
}

/// All that typst can see.
struct Page {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
    files: HashMap<FileId, Bytes>,
}

impl Page {
    fn new(report: &Report) -> Result<Self> {
        let failed = |why: String| Error::new("cannot typeset the report").because(why);
        let json = serde_json::to_vec(report).map_err(|e| failed(e.to_string()))?;
        let mut files = HashMap::from([(file("report.json")?, Bytes::new(json))]);
        for (i, section) in report.sections.iter().enumerate() {
            for (j, block) in section.blocks.iter().enumerate() {
                // Named by place, not by the figure's id: typst keeps names for ever, and these are few.
                if let Block::Figure(drawing) = block {
                    let name = file(&format!("figure-{i}-{j}.svg"))?;
                    files.insert(name, Bytes::from_string(figure::svg(drawing)?));
                }
            }
        }
        let fonts = fonts();
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            template: Source::new(file("template.typ")?, TEMPLATE.to_owned()),
            files,
        })
    }
}

fn file(name: &str) -> Result<FileId> {
    let path = VirtualPath::new(name)
        .map_err(|_| Error::new(format!("'{name}' cannot name a part of the report")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Libertinus Serif for words; `DejaVu Sans` for figures and for letters Libertinus lacks.
fn fonts() -> Vec<Font> {
    typst_assets::fonts()
        .chain([FONT])
        .flat_map(|data| Font::iter(Bytes::new(data)))
        .filter(|font| ["Libertinus Serif", "DejaVu Sans"].contains(&font.info().family.as_str()))
        .collect()
}

impl World for Page {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() {
            Ok(self.template.clone())
        } else {
            Err(absent(id))
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// None: a report has no date.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}
