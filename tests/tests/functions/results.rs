//! What of a result is kept.

use super::*;

#[test]
fn errors_are_not_stored() {
    fixture!();
    #[cached_as(Dependencies::table("article"), cache = &*CACHE, extra = (text,))]
    fn parse(text: &str) -> Result<usize, std::num::ParseIntError> {
        run();
        let number: usize = text.parse()?;
        if number == 0 {
            return Ok(7);
        }
        Ok(number)
    }
    assert!(parse("x").is_err() && parse("x").is_err());
    assert_eq!(runs(), 2);
    assert_eq!((parse("3"), parse("3"), parse("0")), (Ok(3), Ok(3), Ok(7)));
    assert_eq!(runs(), 4);
}

type Answer<T> = Result<T, Infallible>;

#[test]
fn aliases_of_result_are_seen_through_and_none_is_a_result() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn answer() -> Answer<usize> {
        Ok(run())
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn nothing() -> Option<usize> {
        run();
        None
    }
    assert_eq!((answer(), answer()), (Ok(1), Ok(1)));
    assert_eq!(CACHE.get::<usize>(&answer::key()), Some(1), "what is kept is the value of the `Ok`");
    assert_eq!((nothing(), nothing(), runs()), (None, None, 2));
}

#[test]
fn an_arc_is_shared_and_values_are_not() {
    fixture!();
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn shared() -> Arc<Vec<u8>> {
        Arc::new(vec![1, 2])
    }
    #[cached(ttl = "1h", cache = &*CACHE)]
    fn owned() -> Vec<u8> {
        vec![1, 2]
    }
    assert!(Arc::ptr_eq(&shared(), &shared()));
    let mut first = owned();
    first.clear();
    assert_eq!(owned(), [1, 2]);
}
