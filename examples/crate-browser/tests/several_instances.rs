//! Several browsers of one database that share their results through one server.

mod common;

use common::{Server, folder};
use crate_browser::smoke::client::Answer;
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};
use test_servers::{Redis, RedisCluster};

/// No waiting takes as long as this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pages that the writes of these tests change, one that only new keywords may drop, and one that nothing drops.
const PAGES: [&str; 6] = ["/", "/starred", "/crate/serde", "/groups/keywords", "/crate/syn", "/statistics"];

/// A form, and what it makes of the pages.
struct Write {
    path: &'static str,
    form: &'static str,
    /// Pages, a text, and whether it is there after the write.
    shows: &'static [(&'static str, &'static str, bool)],
}

const WRITES: [Write; 6] = [
    Write {
        path: "/crate/serde/star",
        form: "starred=true",
        shows: &[
            ("/crate/serde", "★ Starred", true),
            ("/starred", "/crate/serde", true),
            ("/", "<h2>Starred</h2>", true),
        ],
    },
    Write {
        path: "/crate/serde/notes",
        form: "text=Seen+by+everybody",
        shows: &[("/crate/serde", "Seen by everybody", true)],
    },
    Write {
        path: "/crate/serde/keywords",
        form: "keywords=shared-by-three",
        shows: &[("/crate/serde", "shared-by-three", true), ("/groups/keywords", "shared-by-three", true)],
    },
    Write { path: "/crate/serde/notes/1/delete", form: "", shows: &[("/crate/serde", "Seen by everybody", false)] },
    Write {
        path: "/crate/serde/keywords",
        form: "keywords=other-words",
        shows: &[("/crate/serde", "shared-by-three", false), ("/groups/keywords", "shared-by-three", false)],
    },
    Write {
        path: "/crate/serde/star",
        form: "starred=false",
        shows: &[
            ("/crate/serde", "★ Starred", false),
            ("/starred", "/crate/serde", false),
            ("/", "<h2>Starred</h2>", false),
        ],
    },
];

/// Three browsers, started at the same moment: one imports, the others find the rows.
fn three(folder: &Path, url: &str, more: &[&str]) -> Vec<Server> {
    let options: Vec<&str> = ["--redis", url].into_iter().chain(more.iter().copied()).collect();
    thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| Server::start(folder, &options))).collect();
        starts.into_iter().map(|start| start.join().expect("it starts")).collect()
    })
}

async fn get(server: &Server, path: &str) -> Answer {
    let page = server.client().get(path).await.unwrap();
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page
}

fn is_hit(page: &Answer) -> bool {
    page.statements() == 0 && page.cost.misses == 0 && page.cost.hits > 0
}

/// Asks until the page comes from the cache: results are stored off the path of whoever made them.
async fn until_hit(server: &Server, path: &str) {
    let end = Instant::now() + PATIENCE;
    while !is_hit(&get(server, path).await) {
        assert!(Instant::now() < end, "{path} is never stored");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn all_hit(servers: &[Server]) {
    for path in PAGES {
        for server in servers {
            until_hit(server, path).await;
        }
    }
}

/// Each write through another browser, and the next request to each shows it.
async fn stay_coherent(servers: &[Server]) {
    for (number, write) in WRITES.iter().enumerate() {
        all_hit(servers).await;
        let writer = number % servers.len();
        let answer = servers[writer].client().post(write.path, write.form).await.unwrap();
        assert_eq!(answer.status, 303, "{}: {}", write.path, answer.body);
        for (path, text, is_there) in write.shows {
            for distance in 1..=servers.len() {
                let reader = (writer + distance) % servers.len();
                let page = get(&servers[reader], path).await;
                let content = page.content();
                assert_eq!(
                    content.contains(text),
                    *is_there,
                    "{path} of {reader} after {} by {writer}:\n{content}",
                    write.path
                );
            }
        }
        let kept = if write.path.ends_with("keywords") { &["/statistics"][..] } else { &["/statistics", "/crate/syn"] };
        for (server, path) in servers.iter().flat_map(|server| kept.iter().map(move |path| (server, path))) {
            assert!(is_hit(&get(server, path).await), "{} dropped {path}", write.path);
        }
    }
}

#[tokio::test]
async fn what_one_makes_the_others_are_served() {
    if test_servers::left_out() {
        return;
    }
    let servers = three(&folder("several-made"), &Redis::shared().url(), &["--near", "off"]);
    for path in ["/", "/crates", "/crate/serde", "/statistics", "/groups/licence/MIT", "/search?q=serializ"] {
        until_hit(&servers[0], path).await;
        let known = get(&servers[0], path).await;
        for other in &servers[1..] {
            let page = get(other, path).await;
            assert!(is_hit(&page), "{path} is made again: {:?}", page.cost);
            assert_eq!(page.content(), known.content());
        }
    }
    let foot = get(&servers[1], "/").await.body;
    assert!(foot.contains("nothing is kept in this process") && foot.contains("data-unanswered=\"0\""), "{foot}");
}

#[tokio::test]
async fn the_next_request_to_any_of_them_shows_a_write() {
    if test_servers::left_out() {
        return;
    }
    for (name, more) in
        [("several-fresh", &[][..]), ("several-strict", &["--strict"]), ("several-off", &["--near", "off"])]
    {
        stay_coherent(&three(&folder(name), &Redis::shared().url(), more)).await;
    }
}

#[tokio::test]
async fn so_it_does_on_a_cluster() {
    if test_servers::left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    stay_coherent(&three(&folder("several-cluster"), &cluster.urls()[0], &["--redis-cluster"])).await;
}

#[tokio::test]
async fn a_bounded_near_cache_shows_own_writes_at_once_and_those_of_others_soon() {
    if test_servers::left_out() {
        return;
    }
    let servers = three(&folder("several-bounded"), &Redis::shared().url(), &["--near", "bounded:300"]);
    all_hit(&servers).await;
    assert_eq!(servers[0].client().post("/crate/serde/star", "starred=true").await.unwrap().status, 303);
    assert!(get(&servers[0], "/crate/serde").await.content().contains("★ Starred"));
    let end = Instant::now() + PATIENCE;
    for server in &servers[1..] {
        while !get(server, "/crate/serde").await.content().contains("★ Starred") {
            assert!(Instant::now() < end, "the bound is passed");
        }
    }
    assert!(get(&servers[1], "/").await.body.contains("at most <b>300&nbsp;ms</b> old"));
}

async fn outage(name: &str, more: &[&str], answer_without: u16) {
    let redis = Redis::start().unwrap();
    let servers = three(&folder(name), &redis.url(), more);
    all_hit(&servers).await;
    let is_saved = answer_without == 202;

    redis.kill();
    for server in &servers {
        for path in PAGES {
            get(server, path).await;
        }
    }
    let answer = servers[0].client().post("/crate/serde/star", "starred=true").await.unwrap();
    assert_eq!(answer.status, answer_without, "{}", answer.body);
    let shown = async |server: &Server| get(server, "/crate/serde").await.content().contains("★ Starred");
    for server in &servers {
        assert_eq!(shown(server).await, is_saved);
        let foot = get(server, "/").await.body;
        assert!(foot.contains("got no answer") && !foot.contains("data-unanswered=\"0\""), "{foot}");
    }

    redis.restart();
    for server in &servers {
        assert_eq!(shown(server).await, is_saved, "now that it is back");
    }
    let end = Instant::now() + PATIENCE;
    while servers[1].client().post("/crate/serde/keywords", "keywords=back-again").await.unwrap().status != 303 {
        assert!(Instant::now() < end, "writes are not taken again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for server in &servers {
        assert!(get(server, "/crate/serde").await.content().contains("back-again"));
    }
    while servers[2].client().post("/crate/serde/star", "starred=false").await.unwrap().status != 303 {
        assert!(Instant::now() < end, "writes of the third are not taken again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stay_coherent(&servers).await;
}

#[tokio::test]
async fn without_the_server_pages_are_made_and_writes_say_that_nobody_was_told() {
    if test_servers::left_out() {
        return;
    }
    outage("several-outage", &[], 202).await;
}

#[tokio::test]
async fn without_the_server_announced_writes_are_refused() {
    if test_servers::left_out() {
        return;
    }
    outage("several-outage-strict", &["--strict"], 503).await;
}

#[tokio::test]
async fn what_was_written_without_the_store_is_not_hidden_by_it() {
    if test_servers::left_out() {
        return;
    }
    let (folder, url) = (folder("several-between"), Redis::shared().url());
    {
        let server = Server::start(&folder, &["--redis", &url]);
        until_hit(&server, "/crate/serde").await;
    }
    {
        let server = Server::start(&folder, &["--redis", &url]);
        assert!(is_hit(&get(&server, "/crate/serde").await), "results outlive the browser");
    }
    {
        let server = Server::start(&folder, &[]);
        assert_eq!(server.client().post("/crate/serde/star", "starred=true").await.unwrap().status, 303);
    }
    let server = Server::start(&folder, &["--redis", &url]);
    assert!(get(&server, "/crate/serde").await.content().contains("★ Starred"));
}
