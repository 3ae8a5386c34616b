//! What the compiler says to each mistake: one file each in `tests/ui`, named for the mistake.
//!
//! After a change of wording, `TRYBUILD=overwrite cargo test -p cache-macros --test ui` writes the answers anew. They are those of
//! one compiler; on others the test is left out.

#[test]
fn mistakes() {
    if !compiler().is_some_and(|version| version.starts_with("rustc 1.95.")) {
        eprintln!("left out: the answers in tests/ui are those of rustc 1.95");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

fn compiler() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()
}
