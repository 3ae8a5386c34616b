//! The pages in a real web browser: Debian's package `chromium`, without a screen.

mod common;

use common::{Server, folder};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Chromium and the folder that it may write to.
struct Browser {
    program: PathBuf,
    folder: PathBuf,
}

impl Browser {
    /// `None` when the caller asked for tests without services and there is no Chromium.
    fn find(folder: &Path) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path)
            .flat_map(|place| ["chromium", "chromium-browser", "google-chrome"].map(|name| place.join(name)))
            .find(|program| program.is_file());
        if program.is_none() && env::var_os("CACHE_TESTS_NO_SERVICES").is_some_and(|value| value == "1") {
            eprintln!("skipped, because CACHE_TESTS_NO_SERVICES=1 asks for it and there is no chromium");
            return None;
        }
        let program = program.expect(
            "chromium is needed: `apt-get install chromium`, or set CACHE_TESTS_NO_SERVICES=1 to go without this test",
        );
        Some(Self { program, folder: folder.to_owned() })
    }

    fn run(&self, url: &str, more: &[String]) -> String {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let profile = self.folder.join(format!("profile-{run}"));
        let output = Command::new(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1200,900"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(more)
            .arg(url)
            .stdin(Stdio::null())
            .output()
            .expect("chromium starts");
        let _ = fs::remove_dir_all(&profile);
        assert!(output.status.success(), "chromium failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn dom(&self, url: &str) -> String {
        self.run(url, &["--dump-dom".to_owned()])
    }

    /// The file and its size; an empty page makes a small one.
    fn screenshot(&self, url: &str, name: &str) -> u64 {
        let file = self.folder.join(format!("{name}.png"));
        self.run(url, &[format!("--screenshot={}", file.display())]);
        fs::metadata(&file).expect("a screenshot").len()
    }
}

fn statements(dom: &str) -> u64 {
    let (_, rest) = dom.split_once("data-statements=\"").expect("a foot with the cost");
    rest.split_once('"').and_then(|(figure, _)| figure.parse().ok()).expect("a figure")
}

#[tokio::test]
async fn the_pages_work_in_chromium() {
    let folder = folder("chromium");
    let Some(browser) = Browser::find(&folder) else {
        return;
    };
    let server = Server::start(&folder, &[]);

    let overview = browser.dom(&server.url("/"));
    assert!(overview.contains("Members of the workspace"));
    assert!(overview.contains("cache-sea-orm"));
    assert!(statements(&overview) > 0, "the first visit asks the database");
    for (path, word) in [
        ("/", "Most depended upon"),
        ("/crates", "All crates"),
        ("/crate/serde", "serde_core"),
        ("/groups/categories", "web-programming"),
        ("/groups/licence/MIT", "serde"),
        ("/statistics", "Versions by edition"),
        ("/search?q=serializ", "serde"),
    ] {
        let cold = browser.dom(&server.url(path));
        let warm = browser.dom(&server.url(path));
        assert!(cold.contains(word), "{path} lacks “{word}”:\n{cold}");
        assert!(warm.contains(word), "{path} lacks “{word}” when it comes from the cache");
        assert_eq!(statements(&warm), 0, "{path} asks the database again");
        let uncached = format!("{path}{}cache=off", if path.contains('?') { '&' } else { '?' });
        let off = browser.dom(&server.url(&uncached));
        assert!(statements(&off) > 0, "{path} with the cache off asks the database");
        assert!(off.contains("Cache off."));
    }

    let before = browser.dom(&server.url("/crate/serde"));
    assert!(before.contains("☆ Star"));
    assert!(before.contains("action=\"/crate/serde/star\""));
    let other = browser.dom(&server.url("/crate/syn"));
    assert!(other.contains("procedural macros") || other.contains("Parser for Rust"));

    let answer = server.client().post("/crate/serde/star", "starred=true").await.unwrap();
    assert_eq!(answer.status, 303);
    let after = browser.dom(&server.url("/crate/serde"));
    assert!(after.contains("★ Starred"));
    assert!(statements(&after) > 0, "the star dropped the page");
    assert_eq!(statements(&browser.dom(&server.url("/crate/syn"))), 0, "the star left other crates alone");
    assert!(browser.dom(&server.url("/starred")).contains("/crate/serde"));

    let activity = browser.dom(&server.url("/activity"));
    assert!(activity.contains("happening"), "{activity}");
    assert!(activity.contains("crate_id"), "{activity}");

    for (path, name) in
        [("/", "overview"), ("/crate/serde", "crate"), ("/statistics", "statistics"), ("/activity", "activity")]
    {
        assert!(browser.screenshot(&server.url(path), name) > 20_000, "{path} looks empty");
    }
}

#[tokio::test]
async fn a_form_on_another_site_cannot_write() {
    let folder = folder("chromium-other-site");
    let Some(browser) = Browser::find(&folder) else {
        return;
    };
    let server = Server::start(&folder, &[]);
    let trap = folder.join("trap.html");
    let form = format!(
        "<form method=post action=\"{}\"><input name=starred value=true></form><script>document.forms[0].submit()</script>",
        server.url("/crate/serde/star")
    );
    fs::write(&trap, form).unwrap();

    let answer = browser.run(
        &format!("file://{}", trap.display()),
        &["--dump-dom".to_owned(), "--virtual-time-budget=5000".to_owned()],
    );

    assert!(answer.contains("own pages only"), "the form was sent and refused: {answer}");
    assert!(server.client().get("/crate/serde").await.unwrap().body.contains("☆ Star"));
}
