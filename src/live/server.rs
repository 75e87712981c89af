//! The local page's server: this machine only, bounded, and nothing is written to disk.

use super::{answer, page};
use crate::error::{Error, Result};
use crate::operator::Operator;
use crate::report;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tiny_http::{Header, Method, Request, Response};

/// Largest question, 48 MiB: two curves of a million points each.
const LARGEST_QUESTION: usize = 48 << 20;
/// Questions answered at the same time; one of them uses all cores already.
const WORKERS: usize = 4;

/// A bound server that answers with one operator.
///
/// It listens on 127.0.0.1 alone. A request must name this host and port in its `Host` header (a page elsewhere whose name
/// was made to point here is refused), questions must be JSON (which a foreign page may not send without asking, and asking is
/// refused), and no answer permits another origin to read it.
pub struct Server {
    http: tiny_http::Server,
    operator: Operator,
    source: (String, String),
    address: SocketAddr,
    memory: answer::Memory,
}

/// What goes back: status, kind of content, further headers, content.
struct Reply {
    status: u16,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    content: Vec<u8>,
}

impl Server {
    /// Binds to `port` of 127.0.0.1 (0 takes a free one). `source` is the operator's path and hash, for the reports.
    ///
    /// Errors: the port is taken or forbidden.
    pub fn bind(operator: Operator, source: (String, String), port: u16) -> Result<Self> {
        let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let failed = |why: String| {
            Error::new(format!("cannot listen on {local}"))
                .because(why)
                .cure("choose another --port; 0 takes a free one")
        };
        let http = tiny_http::Server::http(local).map_err(|e| failed(e.to_string()))?;
        let address = http.server_addr().to_ip();
        let address = address.ok_or_else(|| failed("the address is not an IP address".into()))?;
        Ok(Self {
            http,
            operator,
            source,
            address,
            memory: answer::Memory::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until [`stop`](Self::stop) is called from another thread.
    pub fn run(&self) {
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Ok(request) = self.http.recv() {
                        self.serve(request);
                    }
                });
            }
        });
    }

    /// Ends [`run`](Self::run).
    pub fn stop(&self) {
        for _ in 0..WORKERS {
            self.http.unblock();
        }
    }

    fn serve(&self, mut request: Request) {
        // Whatever one request does, the next is served.
        let reply = catch_unwind(AssertUnwindSafe(|| self.reply(&mut request)));
        let reply = reply
            .unwrap_or_else(|_| Reply::error(500, "the program failed on this; please report it"));
        // A reader who went away needs no answer.
        let _ = request.respond(reply.response());
    }

    fn reply(&self, request: &mut Request) -> Reply {
        if let Err(reply) = self.admit(request) {
            return reply;
        }
        let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
        match (request.method(), path) {
            (Method::Get, "/") => Reply::page(page::page(&self.operator, &self.source.0)),
            (Method::Post, "/answer") => self.answer(request),
            (Method::Post, "/report") => {
                let kind = query.to_owned();
                self.download(request, &kind)
            }
            (_, "/" | "/answer" | "/report") => {
                Reply::error(405, "this address is asked in another way")
            }
            _ => Reply::error(404, "there is nothing here"),
        }
    }

    /// Refuses whoever does not mean this server, or comes from another page.
    fn admit(&self, request: &Request) -> std::result::Result<(), Reply> {
        let names = [
            self.address.to_string(),
            format!("localhost:{}", self.address.port()),
        ];
        let values = |name: &'static str| {
            let all = request.headers().iter();
            all.filter(move |h| h.field.equiv(name))
                .map(|h| h.value.as_str())
        };
        let hosts: Vec<&str> = values("Host").collect();
        let is_ours = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        if hosts.len() != 1 || !is_ours(hosts[0]) {
            return Err(Reply::error(
                421,
                "this server answers to its own name only",
            ));
        }
        let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(is_ours);
        if !values("Origin").all(is_own) {
            return Err(Reply::error(403, "another page may not ask here"));
        }
        Ok(())
    }

    fn answer(&self, request: &mut Request) -> Reply {
        let report = question(request).and_then(|q| self.report(&q));
        match report.and_then(|r| Ok((report::body(&r)?, r))) {
            Ok((html, report)) => {
                let verdict = report.verdict.map(|v| v.label);
                Reply::json(
                    200,
                    &serde_json::json!({ "html": html, "verdict": verdict }),
                )
            }
            Err(Refusal(status, why)) => Reply::error(status, &why),
        }
    }

    fn report(&self, question: &answer::Question) -> std::result::Result<report::Report, Refusal> {
        Ok(answer::report(
            &self.operator,
            &self.source,
            question,
            &self.memory,
        )?)
    }

    fn download(&self, request: &mut Request, kind: &str) -> Reply {
        let made = question(request).and_then(|q| self.report(&q));
        let written = made.and_then(|r| {
            Ok(match kind {
                "html" => ("text/html; charset=utf-8", report::html(&r)?.into_bytes()),
                "json" => ("application/json", report::json(&r)?),
                "pdf" => ("application/pdf", report::pdf(&r)?),
                _ => return Err(Refusal(400, "a report is html, json or pdf".into())),
            })
        });
        match written {
            Ok((mime, content)) => Reply {
                status: 200,
                kind: mime,
                headers: vec![(
                    "Content-Disposition",
                    format!("attachment; filename=\"report.{kind}\""),
                )],
                content,
            },
            Err(Refusal(status, why)) => Reply::error(status, &why),
        }
    }
}

/// Status and words of a request that is not served.
struct Refusal(u16, String);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(422, error.to_string())
    }
}

/// The question in a request's body.
fn question(request: &mut Request) -> std::result::Result<answer::Question, Refusal> {
    let is_json = request.headers().iter().any(|h| {
        let kind = h.value.as_str().split(';').next().unwrap_or_default();
        h.field.equiv("Content-Type") && kind.trim().eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Err(Refusal(415, "a question is application/json".into()));
    }
    let too_large = || {
        let limit = LARGEST_QUESTION >> 20;
        Refusal(
            413,
            format!(
                "the files are too large\n  why:   together they must stay below {limit} MiB\n  help:  cut them to the range you need, or use the verb `check`"
            ),
        )
    };
    if request.body_length().is_some_and(|n| n > LARGEST_QUESTION) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let mut bounded = request.as_reader().take(LARGEST_QUESTION as u64 + 1);
    let read = bounded.read_to_end(&mut body);
    read.map_err(|e| Refusal(400, format!("the question broke off: {e}")))?;
    if body.len() > LARGEST_QUESTION {
        return Err(too_large());
    }
    serde_json::from_slice(&body).map_err(|e| Refusal(400, format!("this is no question: {e}")))
}

impl Reply {
    fn page(html: String) -> Self {
        Self {
            status: 200,
            kind: "text/html; charset=utf-8",
            headers: vec![("Content-Security-Policy", page::POLICY.into())],
            content: html.into_bytes(),
        }
    }

    fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            kind: "application/json",
            headers: Vec::new(),
            content: value.to_string().into_bytes(),
        }
    }

    fn error(status: u16, why: &str) -> Self {
        Self::json(status, &serde_json::json!({ "error": why }))
    }

    fn response(self) -> Response<std::io::Cursor<Vec<u8>>> {
        let mut all = vec![
            ("Content-Type", self.kind.to_owned()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
            ("X-Frame-Options", "DENY".into()),
            ("Referrer-Policy", "no-referrer".into()),
            ("Cross-Origin-Resource-Policy", "same-origin".into()),
        ];
        all.extend(self.headers);
        let mut response = Response::from_data(self.content)
            .with_status_code(self.status)
            // Its length is known: no need to send it in chunks.
            .with_chunked_threshold(usize::MAX);
        for (name, value) in all {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        response
    }
}
