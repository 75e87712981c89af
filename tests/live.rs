//! Work that stays up: the verb `watch` on a folder in which files land, and the local page of `serve`, request by request.

#[path = "support/tiny.rs"]
mod tiny;

use glassbridge::io::wide_table::WideTable;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longest wait for anything here; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// The words of `watch` on a folder.
fn watch(op: &Path, folder: &Path, out: &Path, more: &[&str]) -> Vec<String> {
    let path = |p: &Path| p.to_string_lossy().into_owned();
    let mut words = vec![
        "watch".into(),
        path(op),
        path(folder),
        "--out".into(),
        path(out),
    ];
    words.extend(["--noise", "0.01", "--every", "0.2", "--json"].map(String::from));
    words.extend(more.iter().map(|w| (*w).to_owned()));
    words
}

fn lines(text: &str) -> Vec<Value> {
    let each = text.lines().map(|l| serde_json::from_str(l).unwrap());
    each.collect()
}

#[test]
fn what_lies_in_a_folder_is_inverted_and_what_is_bad_is_passed_over() {
    let place = tempfile::tempdir().unwrap();
    let (operator, op) = tiny::operator(place.path());
    let folder = place.path().join("run");
    let out = place.path().join("out");
    fs::create_dir(&folder).unwrap();
    // The fourth glass of this seed lies outside; three are enough.
    let new = tiny::set(3, 2);
    for i in 0..3 {
        let (g, y) = tiny::curves(&new, i, place.path(), &format!("T{}K", 300 - 125 * i));
        let name = y.file_name().unwrap();
        fs::rename(&y, folder.join(name)).unwrap();
        fs::remove_file(g).unwrap();
    }
    fs::write(folder.join("bad T1.dat"), "this is no spectrum\n").unwrap();
    fs::write(folder.join("T0.dat.part"), "1 2\n").unwrap();
    fs::write(folder.join("empty T2.dat"), "").unwrap();
    let words = watch(&op, &folder, &out, &["--once", "--scan", "name"]);
    let assert = tiny::glassbridge().args(&words).assert().code(0);
    let told = lines(&String::from_utf8_lossy(&assert.get_output().stdout));
    let spectra: Vec<&Value> = told.iter().filter(|l| l["spectrum"].is_object()).collect();
    let skipped: Vec<&str> = (told.iter().filter(|l| l["skipped"].is_string()))
        .map(|l| l["file"].as_str().unwrap())
        .collect();
    assert_eq!(spectra.len(), 3, "{told:?}");
    assert!(
        spectra
            .iter()
            .all(|s| s["spectrum"]["verdict"] == "inside-domain")
    );
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert!(skipped[0].contains("bad") && skipped[1].contains("empty"));
    assert_eq!(told.iter().filter(|l| l["renewed"].is_string()).count(), 1);

    let g = WideTable::read(&out.join("g.csv")).unwrap();
    assert_eq!((g.rows.nrows(), g.rows.ncols()), (3, operator.meta.r.len()));
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 4);
    let page = fs::read_to_string(out.join("series.html")).unwrap();
    // They landed by name, the scan orders them by number.
    let place_of = |name: &str| page.find(&format!("<td>{name}")).unwrap();
    assert!(place_of("T50K") < place_of("T175K") && place_of("T175K") < place_of("T300K"));
    // Only whole files are there.
    let names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");
}

#[test]
fn a_frame_of_the_series_is_what_invert_says_of_it() {
    let place = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(place.path());
    let folder = place.path().join("run");
    fs::create_dir(&folder).unwrap();
    let new = tiny::set(3, 2);
    for i in 0..3 {
        let (_, y) = tiny::curves(&new, i, place.path(), &format!("f{i}"));
        fs::copy(&y, folder.join(format!("f{i}.dat"))).unwrap();
    }
    let (out, alone) = (place.path().join("out"), place.path().join("alone"));
    // What is known of the spectrometer and the glass is said to both in the same words.
    let known = [
        "--resolution",
        "0.5",
        "--non-negative",
        "--nuisance",
        "background",
    ];
    let words = watch(&op, &folder, &out, &[&["--once"], &known[..]].concat());
    tiny::glassbridge().args(&words).assert().code(0);
    let first = folder.join("f0.dat");
    let mut invert = tiny::glassbridge();
    invert
        .arg("invert")
        .args([&op, &first])
        .args(known)
        .args(["--noise", "0.01", "--out"]);
    invert.arg(&alone).assert().code(0);
    let row = |folder: &Path, name: &str| {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        text.lines()
            .find(|l| l.starts_with("f0"))
            .unwrap()
            .to_owned()
    };
    for name in ["g.csv", "g_lower.csv", "g_upper.csv", "summary.csv"] {
        assert_eq!(row(&out, name), row(&alone, name), "{name}");
    }
}

#[test]
fn a_file_that_lands_later_renews_the_series() {
    let place = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(place.path());
    let folder = place.path().join("run");
    let out = place.path().join("out");
    fs::create_dir(&folder).unwrap();
    let new = tiny::set(2, 2);
    let file = |i: usize| tiny::curves(&new, i, place.path(), &format!("f{i}")).1;
    fs::copy(file(0), folder.join("f0.dat")).unwrap();
    let mut child = Ended(
        Command::new(env!("CARGO_BIN_EXE_glassbridge"))
            .args(watch(&op, &folder, &out, &["--idle", "3"]))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let said = spoken(&mut child.0);
    let renewed = |spectra: u64| loop {
        let line: Value = serde_json::from_str(&said.recv_timeout(PATIENCE).unwrap()).unwrap();
        if line["renewed"].is_string() {
            assert_eq!(line["spectra"], spectra);
            return;
        }
    };
    renewed(1);
    // Half of it first: it must not be taken before it is whole.
    let whole = fs::read(file(1)).unwrap();
    let path = folder.join("f1.dat");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    fs::write(&path, &whole).unwrap();
    renewed(2);
    // Nothing more lands: it ends by itself.
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 3);
}

#[test]
fn a_folder_without_a_spectrum_is_an_error_and_so_is_none() {
    let place = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(place.path());
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let out = place.path().join("out");
    for folder in [empty.as_path(), &place.path().join("missing")] {
        let words = watch(&op, folder, &out, &["--once"]);
        tiny::glassbridge().args(&words).assert().code(1);
    }
    assert!(!out.exists());
}

/// `invert` of these files with a report of the series as JSON, or its complaint.
fn series(place: &Path, op: &Path, files: &[PathBuf], more: &[&str]) -> Result<Value, String> {
    let report = place.join("series.json");
    let mut invert = tiny::glassbridge();
    invert
        .arg("invert")
        .arg(op)
        .args(files)
        .args(["--noise", "0.01", "--out"]);
    invert
        .arg(place.join("out"))
        .arg("--report")
        .arg(&report)
        .args(more);
    let output = invert.output().unwrap();
    if !matches!(output.status.code(), Some(0 | 3)) {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&fs::read(report).unwrap()).unwrap())
}

/// The figure of this name in a report.
fn figure<'a>(report: &'a Value, id: &str) -> &'a Value {
    let sections = report["sections"].as_array().unwrap().iter();
    let mut blocks = sections.flat_map(|s| s["blocks"].as_array().unwrap());
    let found = blocks.find(|b| b["figure"]["id"] == id);
    &found.unwrap_or_else(|| panic!("no figure '{id}'"))["figure"]
}

#[test]
fn the_report_of_many_spectra_is_that_of_the_series() {
    let place = tempfile::tempdir().unwrap();
    let (operator, op) = tiny::operator(place.path());
    let new = tiny::set(40, 3);
    let table = place.path().join("y.csv");
    WideTable {
        samples: (0..40).map(|i| format!("s{i}")).collect(),
        axis: new.energy.centres(),
        rows: new.spectra.clone(),
        quantity: Some(new.quantity),
        unit: Some(new.spectrum_unit),
        notes: Vec::new(),
    }
    .write(&table)
    .unwrap();
    // The scan runs against the order of the rows.
    let samples = place.path().join("samples.csv");
    let row = |i: i32| format!("s{i},{}", 400 - 10 * i);
    let rows = (0..40).map(row).collect::<Vec<_>>().join("\n");
    fs::write(&samples, format!("sample,T (K)\n{rows}")).unwrap();
    let samples = samples.to_string_lossy().into_owned();
    let files = [table];
    let scan = ["--scan", "T (K)", "--samples", &samples];
    let report = series(place.path(), &op, &files, &scan).unwrap();
    // Forty frames are a map: rows by temperature, the last sample first.
    let map = &figure(&report, "series")["panels"][1];
    assert_eq!(map["y"]["label"], "T (K)");
    let layer = &map["layers"][0];
    assert_eq!(layer["kind"], "map");
    assert_eq!(layer["y"][0], 10.0);
    assert_eq!(layer["y"].as_array().unwrap().len(), 40);
    let g = WideTable::read(&place.path().join("out/g.csv")).unwrap();
    assert_eq!(g.samples[39], "s39");
    let p = operator.meta.r.len();
    for j in 0..p {
        let drawn = layer["values"][j].as_f64().unwrap();
        assert!((drawn - g.rows[(39, j)]).abs() < 1e-6, "{j}");
    }
    let trends = figure(&report, "series-trends");
    assert_eq!(
        trends["panels"][1]["layers"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["x"][0],
        10.0
    );
    // Three rows of the summary are outside (seed 3): their runs are shaded, and the table tells them.
    let summary = fs::read_to_string(place.path().join("out/summary.csv")).unwrap();
    let outside = summary.matches("outside-domain").count();
    assert_eq!(
        report["verdict"]["tone"],
        if outside > 0 { "cannot" } else { "neutral" }
    );
    let shaded = |l: &&Value| l["kind"] == "shade";
    let shades = trends["panels"][0]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(shaded)
        .count();
    assert!(
        (outside > 0) == (shades > 0) && shades <= outside,
        "{outside} {shades}"
    );

    // Without a scan they stand in their order; a column that is not there is named.
    let report = series(place.path(), &op, &files, &[]).unwrap();
    assert_eq!(
        figure(&report, "series")["panels"][0]["y"]["label"],
        "frame"
    );
    for (more, word) in [
        (vec!["--scan", "p", "--samples", &samples], "'p'"),
        (vec!["--scan", "p"], "--samples"),
    ] {
        let why = series(place.path(), &op, &files, &more).unwrap_err();
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn a_few_spectra_are_lines_that_stand_on_the_scan() {
    let place = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(place.path());
    let new = tiny::set(3, 2);
    let curve = |i: usize| tiny::curves(&new, i, place.path(), &format!("T{}", 100 * (3 - i))).1;
    let files: Vec<PathBuf> = (0..3).map(curve).collect();
    let report = series(place.path(), &op, &files, &["--scan", "name"]).unwrap();
    let panel = &figure(&report, "series")["panels"][1];
    let lines = panel["layers"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    // The uppermost first; g of the hard core is small, so that a line begins near its place on the axis.
    for (line, at) in lines.iter().zip([300.0, 200.0, 100.0]) {
        assert_eq!(line["kind"], "line");
        let low = line["y"]
            .as_array()
            .unwrap()
            .iter()
            .map(|y| y.as_f64().unwrap())
            .fold(f64::MAX, f64::min);
        assert!((low - at).abs() < 100.0, "{low} {at}");
    }
    let why = series(place.path(), &op, &[files[0].clone(), op.clone()], &[]).unwrap_err();
    assert!(why.contains("op.npz"), "{why}");
}

/// A child that goes with its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines of a child's standard output as they come.
fn spoken(child: &mut Child) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    let out = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in std::io::BufRead::lines(std::io::BufReader::new(out)) {
            if send.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receive
}

/// `serve` on a free port.
struct Page {
    _child: Ended,
    host: String,
}

impl Page {
    fn open(op: &Path) -> Self {
        let mut child = Ended(
            Command::new(env!("CARGO_BIN_EXE_glassbridge"))
                .arg("serve")
                .arg(op)
                .args(["--port", "0", "--json"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let line = spoken(&mut child.0).recv_timeout(PATIENCE).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let address = told["address"].as_str().unwrap();
        let host = address
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        assert!(host.starts_with("127.0.0.1:"), "{host}");
        Self {
            _child: child,
            host,
        }
    }

    /// Sends a request as it stands; returns status, head and body.
    fn raw(&self, request: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A server that refuses may close before all is sent.
        let _ = stream.write_all(request);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        let end = reply
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .expect("a whole head");
        let head = String::from_utf8_lossy(&reply[..end]).into_owned();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, head, reply[end + 4..].to_vec())
    }

    fn get(&self, path: &str, host: &str) -> (u16, String, Vec<u8>) {
        self.raw(
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    }

    fn post(&self, path: &str, body: &str, headers: &str) -> (u16, String, Vec<u8>) {
        let (host, length) = (&self.host, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.raw(&[head.as_bytes(), body.as_bytes()].concat())
    }

    fn ask(&self, path: &str, question: &Value) -> (u16, Value) {
        let body = question.to_string();
        let (status, _, reply) = self.post(path, &body, JSON);
        (status, serde_json::from_slice(&reply).unwrap())
    }
}

const JSON: &str = "Content-Type: application/json\r\n";

/// A file as the page sends it: each byte a character.
fn upload(path: &Path) -> Value {
    let bytes: String = fs::read(path)
        .unwrap()
        .into_iter()
        .map(char::from)
        .collect();
    json!({ "name": path.file_name().unwrap().to_string_lossy(), "bytes": bytes })
}

/// The operator's file and the curves of two glasses: g and spectrum of each.
fn pair(place: &Path) -> (PathBuf, [(PathBuf, PathBuf); 2]) {
    let (_, op) = tiny::operator(place);
    let new = tiny::set(2, 5);
    (
        op,
        [0, 1].map(|i| tiny::curves(&new, i, place, &format!("c{i}"))),
    )
}

#[test]
fn the_page_answers_what_check_answers() {
    let place = tempfile::tempdir().unwrap();
    let (op, [(g, y), (other, _)]) = pair(place.path());
    let page = Page::open(&op);
    let (status, head, body) = page.get("/", &page.host);
    assert_eq!(status, 200);
    assert!(
        head.contains("frame-ancestors 'none'") && head.contains("nosniff"),
        "{head}"
    );
    assert!(
        !head.to_lowercase().contains("access-control-allow"),
        "{head}"
    );
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("var uPlot=") && text.contains("op.npz"));
    assert!(!text.contains("/*SCRIPT*/") && !text.contains("/*STYLE*/"));

    let settings = json!({ "noise": 0.01 });
    let question = |pdf: Option<&Path>| {
        let pdf = pdf.map(upload);
        json!({ "spectrum": upload(&y), "pdf": pdf, "settings": settings })
    };
    for (pdf, verdict) in [
        (None, "inside the domain"),
        (Some(g.as_path()), "consistent"),
        (Some(other.as_path()), "inconsistent"),
    ] {
        let (status, told) = page.ask("/answer", &question(pdf));
        assert_eq!(status, 200, "{told}");
        assert_eq!(told["verdict"], verdict);
        let html = told["html"].as_str().unwrap();
        assert!(html.contains(&format!("<strong>{verdict}</strong>")));
        assert!(html.contains("id=\"overlay\"") && html.contains("class=\"numbers\""));
    }

    // λ moved: another answer, and it says so.
    let mut moved = question(Some(&g));
    moved["settings"]["lambda"] = json!(30.0);
    let html = |question: &Value| {
        page.ask("/answer", question).1["html"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (before, after) = (html(&question(Some(&g))), html(&moved));
    assert!(before != after && after.contains("lambda-moved"));
    assert_eq!(
        before,
        html(&question(Some(&g))),
        "the same question has the same answer"
    );

    let body = question(Some(&g)).to_string();
    let (status, head, report) = page.post("/report?html", &body, JSON);
    assert_eq!(status, 200);
    assert!(
        head.contains("attachment; filename=\"report.html\""),
        "{head}"
    );
    assert!(report.starts_with(b"<!DOCTYPE html>"));
    let (status, _, report) = page.post("/report?pdf", &body, JSON);
    if cfg!(feature = "pdf") {
        assert!(status == 200 && report.starts_with(b"%PDF-"));
    } else {
        assert_eq!(status, 422);
        assert!(String::from_utf8_lossy(&report).contains("default features"));
    }
    // Nothing was written beside what this test wrote: the operator and four curves.
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 5);
}

#[test]
fn the_page_is_for_this_machine_and_its_own_name() {
    let place = tempfile::tempdir().unwrap();
    let (op, [(_, y), _]) = pair(place.path());
    let page = Page::open(&op);
    let port = page.host.rsplit_once(':').unwrap().1;
    assert_eq!(page.get("/", &format!("localhost:{port}")).0, 200);
    // A name elsewhere that was made to point here.
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1",
        "",
    ] {
        assert_eq!(page.get("/", host).0, 421, "{host}");
    }
    let two = format!(
        "GET / HTTP/1.1\r\nHost: {0}\r\nHost: evil\r\nConnection: close\r\n\r\n",
        page.host
    );
    assert_ne!(page.raw(two.as_bytes()).0, 200);
    let none = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert_ne!(page.raw(none).0, 200);

    let question = json!({ "spectrum": upload(&y) }).to_string();
    let from = |origin: &str| format!("{JSON}Origin: {origin}\r\n");
    let own = format!("http://{}", page.host);
    assert_eq!(page.post("/answer", &question, &from(&own)).0, 200);
    for origin in [
        "https://evil.example",
        "null",
        &format!("http://evil.example:{port}"),
    ] {
        assert_eq!(
            page.post("/answer", &question, &from(origin)).0,
            403,
            "{origin}"
        );
    }
    // A form of another page can send text, not JSON, without being asked.
    assert_eq!(
        page.post("/answer", &question, "Content-Type: text/plain\r\n")
            .0,
        415
    );
    assert_eq!(page.post("/answer", &question, "").0, 415);
    let preflight = format!(
        "OPTIONS /answer HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        page.host
    );
    assert_eq!(page.raw(preflight.as_bytes()).0, 405);
    assert_eq!(page.get("/../../etc/passwd", &page.host).0, 404);
}

#[test]
fn bad_questions_get_words_and_the_page_stays_up() {
    let place = tempfile::tempdir().unwrap();
    let (op, [(_, y), _]) = pair(place.path());
    let page = Page::open(&op);
    let file = |bytes: &str| json!({ "spectrum": { "name": "a<b>.dat", "bytes": bytes } });
    let with = |settings: Value| json!({ "spectrum": upload(&y), "settings": settings });
    for (question, status, word) in [
        (json!({}), 400, "spectrum"),
        (json!({ "spectrum": upload(&y), "more": 1 }), 400, "more"),
        (file(""), 422, "a<b>.dat"),
        (file("no numbers here"), 422, "help"),
        (file("\u{1F525}"), 422, "bytes"),
        (file(&"\0".repeat(1000)), 422, "a<b>.dat"),
        (with(json!({ "noise": -1.0 })), 422, "noise level"),
        (with(json!({ "lambda": 0.0 })), 422, "λ"),
        (with(json!({ "quantity": "infrared" })), 422, "infrared"),
        (with(json!({ "quantity": "raman" })), 422, "trained on vdos"),
        (with(json!({ "x_unit": "furlong" })), 422, "furlong"),
        (with(json!({ "nuisances": ["weather"] })), 422, "weather"),
        (with(json!({ "composition": "Xx2" })), 200, ""),
    ] {
        let (got, told) = page.ask("/answer", &question);
        assert_eq!(got, status, "{told}");
        let why = told["error"].as_str().unwrap_or_default();
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(page.post("/answer", "{", JSON).0, 400);
    assert_eq!(
        page.post("/report?exe", &with(json!({})).to_string(), JSON)
            .0,
        400
    );
    // A question that says it is too large is refused before it is read.
    let huge = format!(
        "POST /answer HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{JSON}Content-Length: 99999999999\r\n\r\n",
        page.host
    );
    let mut stream = TcpStream::connect(&page.host).unwrap();
    stream.write_all(huge.as_bytes()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    drop(stream);
    assert_eq!(page.get("/", &page.host).0, 200);
}
