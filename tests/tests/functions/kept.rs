//! `cache_none` and `cache_err`.

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Failure(String);

type Answer<T> = Result<T, Failure>;
type Maybe<T> = Option<T>;

#[test]
fn none_is_not_kept_when_told_so() {
    fixture!();
    #[cached_as(dependencies!(article: id = id), cache = &*CACHE, cache_none = false)]
    fn title(id: u32) -> Option<String> {
        run();
        (id < 10).then(|| format!("title {id}"))
    }
    assert_eq!((title(1), title(1), runs()), (Some("title 1".into()), Some("title 1".into()), 1));
    assert_eq!((title(11), title(11), runs()), (None, None, 3));
    assert_eq!(CACHE.get::<String>(&title::key(1)), Some("title 1".into()), "what is kept is the value of the `Some`");
    CACHE.invalidate(Change::inserted("article", Row::from([("id", 1)]))).unwrap();
    assert_eq!((title(1).is_some(), runs()), (true, 4));
    assert_eq!((title::refresh(1).is_some(), title(1).is_some(), runs()), (true, true, 5));
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_drops_what_was_kept_and_one_that_fails_does_not() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE, cache_none = false)]
    async fn find() -> Result<Option<usize>, std::rc::Rc<str>> {
        match run() {
            1 => Ok(Some(1)),
            2 => Err("fails".into()),
            3 => Ok(None),
            number => Ok(Some(number)),
        }
    }
    #[cached(ttl = "1h", cache = &*CACHE, cache_none = false)]
    fn find_now(_: ()) -> Option<usize> {
        (run() != 6).then_some(3)
    }
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    assert_eq!(is_send(find()).await, Ok(Some(1)));
    assert_eq!((is_send(find::refresh()).await.is_err(), find().await), (true, Ok(Some(1))));
    assert_eq!((find::refresh().await, find().await), (Ok(None), Ok(Some(4))));
    assert_eq!((find_now(()), find_now::refresh(()), runs()), (Some(3), None, 6));
    assert_eq!((find_now(()), runs()), (Some(3), 7));
}

#[test]
fn nor_inside_of_a_result_and_aliases_are_seen_through() {
    fixture!();
    #[cached_as(Dependencies::table("article"), extra = id, cache = &*CACHE, cache_none = false)]
    fn title(id: i32) -> Answer<Maybe<i32>> {
        run();
        match id {
            0 => Err(Failure("zero".into())),
            id => Ok((id > 0).then_some(id)),
        }
    }
    for (id, runs_each) in [(1, 1), (-1, 2), (0, 2)] {
        let before = runs();
        assert_eq!(title(id), title(id));
        assert_eq!(runs() - before, runs_each, "{id}");
    }
}

#[test]
fn errors_are_kept_when_told_so() {
    fixture!();
    #[cached_as(Dependencies::table("article"), extra = text, cache = &*CACHE, cache_err = true)]
    fn parse(text: &str) -> Answer<usize> {
        run();
        text.parse().map_err(|_| Failure(text.into()))
    }
    assert_eq!((parse("3"), parse("3"), runs()), (Ok(3), Ok(3), 1));
    assert_eq!((parse("x"), parse("x"), runs()), (Err(Failure("x".into())), Err(Failure("x".into())), 2));
    assert_eq!(CACHE.get::<Answer<usize>>(&parse::key("x")), Some(Err(Failure("x".into()))));
    CACHE.invalidate_table("article").unwrap();
    assert_eq!((parse("x").is_err(), runs()), (true, 3), "an error goes like any other result");
}

#[tokio::test]
async fn both_together_in_an_async_function() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE, cache_err = true, cache_none = false)]
    async fn find<T: Clone + Send + Sync + CacheKey + PartialEq + 'static>(
        what: T,
        wanted: u8,
    ) -> Result<Option<T>, Failure> {
        tokio::task::yield_now().await;
        run();
        match wanted {
            0 => Err(Failure("zero".into())),
            1 => Ok(None),
            _ => Ok(Some(what)),
        }
    }
    for (wanted, runs_each) in [(0, 1), (1, 2), (2, 1)] {
        let before = runs();
        assert_eq!(find("x", wanted).await, find("x", wanted).await);
        assert_eq!(runs() - before, runs_each, "{wanted}");
    }
}

#[test]
fn an_error_may_be_anything_while_it_is_not_kept() {
    fixture!();
    struct Own<'a>(std::cell::Cell<&'a str>, #[allow(dead_code)] std::rc::Rc<u8>);
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn parse(text: &str) -> Result<usize, Own<'_>> {
        run();
        text.parse().map_err(|_| Own(text.into(), 1.into()))
    }
    assert_eq!(parse("3").ok(), Some(3));
    assert_eq!(parse("3").ok(), Some(3));
    assert_eq!(parse("x").map_err(|error| error.0.get()).err(), Some("x"));
    assert!(parse("x").is_err());
    assert_eq!(runs(), 3);
}

#[test]
fn what_is_the_default_may_be_said() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE, cache_none = true, cache_err = false)]
    fn answer(id: u8) -> Result<Option<u8>, u8> {
        run();
        if id == 0 { Err(0) } else { Ok(None) }
    }
    assert_eq!((answer(1), answer(1), runs()), (Ok(None), Ok(None), 1));
    assert_eq!((answer(0), answer(0), runs()), (Err(0), Err(0), 3));
}
