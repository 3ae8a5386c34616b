//! Limits of time, and `when`.

use super::*;

#[test]
fn time_alone_keeps_an_entry_for_every_argument() {
    fixture!();
    #[cached(ttl = "15m", cache = &*CACHE)]
    fn rate(from: &str, to: &str) -> usize {
        let _ = (from, to);
        run()
    }
    assert_eq!((rate("EUR", "USD"), rate("EUR", "CHF"), rate("EUR", "USD")), (1, 2, 1));
}

#[test]
fn nothing_lives_longer_than_it_was_told() {
    fixture!();
    #[cached(ttl = "20ms", cache = &*CACHE)]
    fn short() -> usize {
        run()
    }
    #[cached(ttl = limit, cache = &*CACHE, ignore(limit))]
    fn given(limit: Duration) -> usize {
        let _ = limit;
        run()
    }
    assert_eq!((short(), short()), (1, 1));
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(short(), 2);
    assert_eq!((given(Duration::ZERO), given(Duration::ZERO)), (3, 4));
}

#[test]
fn unused_entries_go_after_their_idle_time() {
    fixture!();
    #[cached(idle = "20ms", ttl = "1h", cache = &*CACHE)]
    fn idle() -> usize {
        run()
    }
    assert_eq!((idle(), idle()), (1, 1));
    std::thread::sleep(Duration::from_millis(40));
    assert_eq!(idle(), 2);
}

#[test]
fn when_decides_whether_the_cache_is_used() {
    fixture!();
    #[cached(ttl = "1h", when = !fresh, ignore(fresh), cache = &*CACHE)]
    fn page(fresh: bool) -> usize {
        let _ = fresh;
        run()
    }
    assert_eq!((page(false), page(true), page(false), page(true)), (1, 2, 1, 3));
}
