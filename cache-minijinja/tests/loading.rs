//! Ways into an environment.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cache_core::Cache;
use cache_minijinja::{ErrorKind, Fragments, Source, path_loader};
use minijinja::{Environment, TemplateSource, context};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cache-minijinja-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("sub")).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fragments() -> (Fragments, Environment<'static>) {
    let fragments = Fragments::builder(Cache::in_memory()).build();
    let mut env = Environment::new();
    fragments.install(&mut env);
    (fragments, env)
}

fn render(env: &Environment<'_>, name: &str, n: i32) -> Result<String, minijinja::Error> {
    env.get_template(name)?.render(context! { n })
}

#[test]
fn files_are_loaded_and_loaded_again() {
    let folder = Folder::new("reload");
    let (fragments, mut env) = fragments();
    fragments.set_loader(&mut env, path_loader(&folder.0));
    folder.write("a.html", "{% cached %}{{ n }}{% endcached %}");
    folder.write("sub/b.html", "sub");
    assert_eq!(render(&env, "a.html", 1).unwrap(), "1");
    assert_eq!(render(&env, "a.html", 2).unwrap(), "1");
    assert_eq!(render(&env, "sub/b.html", 2).unwrap(), "sub");
    folder.write("a.html", "{% cached %}new {{ n }}{% endcached %}");
    assert_eq!(render(&env, "a.html", 3).unwrap(), "new 3");
    assert_eq!(render(&env, "a.html", 4).unwrap(), "new 3");
    fs::remove_file(folder.0.join("a.html")).unwrap();
    assert_eq!(render(&env, "a.html", 5).unwrap_err().kind(), minijinja::ErrorKind::TemplateNotFound);
}

#[test]
fn names_do_not_leave_the_directory() {
    let folder = Folder::new("inside");
    folder.write(".hidden", "x");
    folder.write("a.html", "a");
    let load = path_loader(folder.0.join("sub"));
    for name in ["../a.html", "..", ".hidden", "", "/", "x/../../a.html", "..\\a.html", "C:/a", "nowhere.html"] {
        assert!(load(name).unwrap().is_none(), "{name}");
    }
}

#[test]
fn foreign_loaders_are_compared() {
    for own_check in [false, true] {
        let (fragments, mut env) = fragments();
        let text = Arc::new(Mutex::new("{% cached %}{{ n }}{% endcached %}".to_owned()));
        let shown = Arc::clone(&text);
        fragments.set_loader(&mut env, move |name| {
            let source = TemplateSource::new(shown.lock().unwrap().clone());
            let source = if own_check { source.with_uptodate_check(|| true) } else { source };
            Ok((name == "t").then_some(source))
        });
        assert_eq!(render(&env, "t", 1).unwrap(), "1");
        "{% cached %}new {{ n }}{% endcached %}".clone_into(&mut text.lock().unwrap());
        assert_eq!(render(&env, "t", 2).unwrap(), "new 2");
        assert_eq!(render(&env, "t", 3).unwrap(), "new 2");
    }
}

#[test]
fn plain_text_is_loaded_once_and_checks_are_kept() {
    let (fragments, mut env) = fragments();
    let loads = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&loads);
    fragments.set_loader(&mut env, move |name| {
        *counter.lock().unwrap() += 1;
        Ok((name == "t").then(|| String::from("x")))
    });
    render(&env, "t", 1).unwrap();
    render(&env, "t", 1).unwrap();
    assert_eq!(*loads.lock().unwrap(), 1);

    let counter = Arc::clone(&loads);
    fragments.set_loader(&mut env, move |_: &str| {
        *counter.lock().unwrap() += 1;
        Ok(Some(Source::new("y").with_check(|| false)))
    });
    env.clear_templates();
    render(&env, "t", 1).unwrap();
    render(&env, "t", 1).unwrap();
    assert_eq!(*loads.lock().unwrap(), 3);
}

#[test]
fn preprocessed_text_works_in_any_loader() {
    let (fragments, mut env) = fragments();
    let syntax = env.syntax().clone();
    let handle = fragments.clone();
    env.set_loader(move |name| {
        let source = "{% cached %}{{ n }}{% endcached %}";
        Ok(Some(handle.preprocess(name, source, &syntax)?.into_owned()))
    });
    assert_eq!(render(&env, "t", 1).unwrap(), "1");
    assert_eq!(render(&env, "t", 2).unwrap(), "1");
    let source = "no tags";
    let same = fragments.preprocess("t", source, env.syntax()).unwrap();
    assert!(matches!(same, std::borrow::Cow::Borrowed(text) if std::ptr::eq(text, source)));
}

#[test]
fn templates_without_a_name_need_a_key() {
    let (fragments, env) = fragments();
    let render = |source: &str| {
        let text = fragments.preprocess("<string>", source, env.syntax()).unwrap();
        env.render_str(&text, context! { n => 1 })
    };
    let error = render("{% cached %}{{ n }}{% endcached %}").unwrap_err();
    assert!(error.to_string().contains("needs a `key`"), "{error}");
    assert_eq!(render("{% cached key='k' %}{{ n }}{% endcached %}").unwrap(), "1");
}

#[test]
fn errors_say_what_they_are() {
    let (fragments, mut env) = fragments();
    let error = fragments.add_template(&mut env, "t.html", "\n{% cached %}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert!(error.to_string().contains("t.html:2"), "{error}");
    let engine: minijinja::Error = error.into();
    assert_eq!(engine.kind(), minijinja::ErrorKind::SyntaxError);

    let error = fragments.add_template(&mut env, "t.html", "\n{% if %}").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Template);
    assert_eq!(error.template_error().and_then(minijinja::Error::line), Some(2));
    let engine: minijinja::Error = error.into();
    assert_eq!(engine.line(), Some(2));
}

#[test]
fn long_templates_keep_their_lines() {
    let (fragments, mut env) = fragments();
    let source = format!("{}{{% cached %}}", "line\n".repeat(70_000));
    let error = fragments.add_template(&mut env, "long", source).unwrap_err();
    assert!(error.to_string().contains("long:70001"), "{error}");
}

#[cfg(feature = "tokio")]
mod blocking {
    use super::*;
    use cache_minijinja::block_on;

    async fn visit() {
        let (fragments, mut env) = fragments();
        env.add_function("query", || -> Result<u32, minijinja::Error> {
            Ok(block_on(async {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                7
            })?)
        });
        fragments
            .add_template(&mut env, "t", "{% cached_as 'article' %}{{ query() }}{{ n }}{% endcached_as %}")
            .unwrap();
        let env = Arc::new(env);
        let first = fragments.render_blocking(Arc::clone(&env), "t", context! { n => 1 }).await;
        let second = fragments.render_blocking(Arc::clone(&env), "t", context! { n => 2 }).await;
        assert_eq!((first.unwrap(), second.unwrap()), ("71".to_owned(), "71".to_owned()));
        assert!(block_on(async {}).is_err());

        let (renders, cost) = cache_core::observe::measure_async(async {
            fragments.render_blocking(Arc::clone(&env), "t", context! { n => 3 }).await
        })
        .await;
        assert_eq!((renders.unwrap(), cost.hits), ("71".to_owned(), 1));

        let error = fragments.render_blocking(env, "nowhere", ()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Template);
        assert!(error.to_string().contains("nowhere"));
    }

    #[tokio::test]
    async fn renders_beside_one_thread() {
        visit().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn renders_beside_several_threads() {
        visit().await;
    }

    #[tokio::test]
    async fn renders_beside_local_tasks() {
        tokio::task::LocalSet::new().run_until(visit()).await;
    }
}
