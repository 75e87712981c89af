//! The house rule: a module imports from lower floors only.
//!
//! A sibling on the same floor is out of bounds too, except on the ground floor, where `elements`,
//! `units` and `finding` may use `error` and each other, and for the pairs in `SIBLINGS`. Code under
//! `#[cfg(test)]` counts; comments, and with them the links in the documentation, do not.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of each floor, the ground floor first.
const FLOORS: [&[&str]; 11] = [
    &["error", "finding", "units", "elements"],
    &["grid", "curve", "atoms"],
    &["potentials", "io"],
    &["dynamics", "vibrations", "instrument"],
    &["observables"],
    &["dataset"],
    &["operator"],
    &["inverse"],
    &["consistency"],
    &["report"],
    &["live", "cli"],
];

/// Who may import from its own floor, and why: a potential's parameter file is opened with the size
/// limit and the errors of every other file; two verbs are `live` started from a terminal.
const SIBLINGS: [(&str, &str); 2] = [("potentials", "io"), ("cli", "live")];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&module))
}

/// The top-level modules that `source` names by `crate::name` or `crate::{name, ...}`.
fn imports(source: &str) -> Vec<String> {
    let lines = source.lines().map(|l| l.split("//").next().unwrap_or(""));
    let code: String = lines.flat_map(|l| [l, " "]).collect();
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        found.extend(heads(rest));
    }
    found
}

/// The first name of each path at the start of `rest`; a braced list has several.
fn heads(rest: &str) -> Vec<String> {
    let head = |path: &str| -> String {
        let letter = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        path.trim().chars().take_while(letter).collect()
    };
    let Some(list) = rest.strip_prefix('{') else {
        return vec![head(rest)];
    };
    let (mut depth, mut paths) = (1, vec![String::new()]);
    for c in list.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (_, 0) => break,
            (',', 1) => paths.push(String::new()),
            _ => paths.last_mut().expect("never empty").push(c),
        }
    }
    paths
        .iter()
        .map(|path| head(path))
        .filter(|name| !name.is_empty())
        .collect()
}

/// What `source`, a file of `module`, imports against the rule.
fn violations(module: &str, source: &str) -> Vec<String> {
    let here = floor(module);
    let allowed = |name: &str| match (here, floor(name)) {
        _ if name == module || SIBLINGS.contains(&(module, name)) => true,
        (Some(here), Some(there)) => there < here || (here == 0 && there == 0),
        _ => false,
    };
    let names = imports(source).into_iter();
    names
        .filter(|name| !allowed(name))
        .map(|name| format!("{module} imports {name}"))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("src is readable");
    let paths = entries.map(|entry| entry.expect("src is readable").path());
    let files = paths.flat_map(|p| if p.is_dir() { rust_files(&p) } else { vec![p] });
    files
        .filter(|p| p.extension().is_some_and(|e| e == "rs"))
        .collect()
}

#[test]
fn no_module_imports_from_its_own_floor_or_above() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&src) {
        let inside = file.strip_prefix(&src).expect("found under src");
        let top = inside.iter().next().expect("has a name").to_string_lossy();
        let module = top.trim_end_matches(".rs");
        if module == "lib" || module == "main" {
            continue;
        }
        assert!(
            floor(module).is_some(),
            "{module} has no floor: give it one in this test"
        );
        let source = fs::read_to_string(&file).expect("a source file is readable");
        let found = violations(module, &source).into_iter();
        wrong.extend(found.map(|what| format!("{}: {what}", inside.display())));
    }
    assert!(
        wrong.is_empty(),
        "imports against the floors:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_rule_finds_what_it_forbids() {
    let upward = "use crate::error::Error;\nuse crate::report::Figure;\n";
    assert_eq!(violations("curve", upward), ["curve imports report"]);
    let list = "use crate::{error::{Error, Result},\n    cli::Cli, grid};\n";
    assert_eq!(
        violations("curve", list),
        ["curve imports cli", "curve imports grid"]
    );
    let inline = "fn f() { crate::inverse::noise::g() }";
    assert_eq!(violations("operator", inline), ["operator imports inverse"]);
    assert!(
        violations(
            "inverse",
            "/// See [`crate::cli`].\nuse crate::operator::Operator;"
        )
        .is_empty()
    );
    assert!(violations("elements", "use crate::error::Error;").is_empty());
    assert_eq!(
        violations("error", "use crate::nowhere::X;"),
        ["error imports nowhere"]
    );
}
