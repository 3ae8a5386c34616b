//! The program as a whole, without a web browser.

mod common;

use common::{Server, folder, manifest, program};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Longer than the server lets a stream of events be silent.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn the_smoke_visit_passes_and_prints_its_table() {
    let output = program().arg("--smoke").arg("--manifest-path").arg(manifest()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for word in ["cold ms", "SQL warm", "/statistics", "star ", " 0 failed"] {
        assert!(text.contains(word), "{word} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn a_second_start_finds_what_was_written_and_a_fresh_one_does_not() {
    let folder = folder("second-start");
    {
        let server = Server::start(&folder, &[]);
        let answer = server.client().post("/crate/cache-core/notes", "text=Kept+over+night").await.unwrap();
        assert_eq!(answer.status, 303);
    }
    {
        let server = Server::start(&folder, &[]);
        assert!(server.client().get("/crate/cache-core").await.unwrap().body.contains("Kept over night"));
    }
    let server = Server::start(&folder, &["--fresh"]);
    let page = server.client().get("/crate/cache-core").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("Kept over night"));
}

#[tokio::test]
async fn with_the_cache_off_every_visit_runs_its_queries() {
    let server = Server::start(&folder("cache-off"), &["--cache", "off"]);
    let client = server.client();
    let first = client.get("/crate/cache-core").await.unwrap();
    let second = client.get("/crate/cache-core").await.unwrap();
    assert!(first.statements() > 0);
    assert_eq!(first.statements(), second.statements());
    assert_eq!((second.cost.hits, second.cost.misses), (0, 0));
    assert!(second.body.contains("The cache is off for every page"));
}

#[tokio::test]
async fn what_is_typed_is_shown_as_text() {
    let server = Server::start(&folder("escaping"), &[]);
    let client = server.client();
    client.post("/crate/cache-core/notes", "text=%3Cscript%3Ealert(1)%3C%2Fscript%3E%3C!--foot--%3E").await.unwrap();
    client.post("/crate/cache-core/keywords", "keywords=a%2Fb%3Fc%26d%2C%22e").await.unwrap();
    let page = client.get("/crate/cache-core").await.unwrap();
    assert!(page.body.contains("&lt;script&gt;"));
    assert!(!page.body.contains("<script>alert"));
    assert!(page.body.contains("/groups/keyword/a%2Fb%3Fc%26d"), "{}", page.content());
    let keyword = client.get("/groups/keyword/a%2Fb%3Fc%26d").await.unwrap();
    assert!(keyword.body.contains("cache-core"));
}

#[tokio::test]
async fn bad_requests_get_a_page_that_says_so() {
    let server = Server::start(&folder("bad-requests"), &[]);
    let client = server.client();
    assert_eq!(client.get("/crate/no-such-crate").await.unwrap().status, 404);
    assert_eq!(client.get("/groups/colours").await.unwrap().status, 404);
    assert_eq!(client.get("/crates?page=1000").await.unwrap().status, 404);
    assert_eq!(client.post("/crate/no-such-crate/star", "starred=true").await.unwrap().status, 404);
    assert_eq!(client.post("/crate/cache-core/notes", "text=++").await.unwrap().status, 422);
    assert_eq!(client.get("/search?q=%25").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_change_is_announced_while_it_happens() {
    let server = Server::start(&folder("announced"), &[]);
    let client = server.client();
    client.get("/crate/cache-core").await.unwrap();

    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /activity/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.is_empty()), "the head of the answer");

    client.post("/crate/cache-core/star", "starred=true").await.unwrap();
    let started = Instant::now();
    let announced = lines
        .take_while(|_| started.elapsed() < PATIENCE)
        .find(|line| line.starts_with("data:") && line.contains("crate_id"))
        .expect("an announcement");
    assert!(announced.contains("star"), "{announced}");
}

/// An answer as it came, head and all.
fn raw(server: &Server, path: &str, fields: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let host = server.address;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn a_whole_response_is_cached_and_goes_with_the_star_that_changes_it() {
    let server = Server::start(&folder("whole-response"), &[]);
    let client = server.client();
    let ask = |fields: &str| raw(&server, "/starred.txt", fields);
    let is_hit = |answer: &str| answer.contains("cache-status: \"crate-browser\"; hit");
    client.post("/crate/cache-core/star", "starred=true").await.unwrap();
    assert!(!is_hit(&ask("")));
    let hit = ask("");
    assert!(is_hit(&hit), "{hit}");
    assert!(hit.ends_with("\r\n\r\ncache-core\n"), "{hit}");

    let tag = hit.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let known = ask(&format!("If-None-Match: {tag}\r\n"));
    assert!(known.starts_with("HTTP/1.1 304 ") && known.ends_with("\r\n\r\n"), "{known}");
    assert!(!known.contains("content-length"), "{known}");

    client.post("/crate/cache-core/notes", "text=of+no+concern").await.unwrap();
    assert!(is_hit(&ask("")));
    client.post("/crate/serde/star", "starred=true").await.unwrap();
    let changed = ask(&format!("If-None-Match: {tag}\r\n"));
    assert!(!is_hit(&changed) && changed.ends_with("\r\n\r\ncache-core\nserde\n"), "{changed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_is_seen_by_every_read_after_it_while_others_read() {
    let server = Server::start(&folder("under-load"), &[]);
    let client = server.client();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = ["/", "/starred", "/crate/serde", "/crate/serde", "/starred", "/crate/syn"]
        .into_iter()
        .map(|path| {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                let mut reads = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(client.get(path).await.unwrap().status, 200);
                    reads += 1;
                }
                reads
            })
        })
        .collect();

    for round in 0..60 {
        let starred = round % 2 == 0;
        client.post("/crate/serde/star", &format!("starred={starred}")).await.unwrap();
        for (path, word) in [("/crate/serde", "★ Starred"), ("/starred", "/crate/serde"), ("/", "<h2>Starred</h2>")] {
            let page = client.get(path).await.unwrap();
            assert_eq!(page.content().contains(word), starred, "{path} in round {round}:\n{}", page.content());
        }
    }

    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
