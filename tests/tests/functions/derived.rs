//! `#[derive(CacheKey)]`.

use super::*;

#[derive(CacheKey)]
struct Page<'a, T, const N: usize> {
    number: [u32; N],
    what: &'a T,
    #[cache_key(skip)]
    _trace: std::cell::Cell<u8>,
}

#[derive(CacheKey)]
struct Wrapped<I: Iterator>(I::Item, std::marker::PhantomData<I>);

#[derive(CacheKey)]
struct Tree<T> {
    children: Vec<Tree<T>>,
    value: T,
}

#[derive(CacheKey)]
struct Nothing;

#[derive(CacheKey)]
enum Never {}

#[derive(CacheKey)]
enum Shape {
    Point,
    Circle(u32),
    Square(u32),
    Named { r#type: String, key: u8 },
}

fn key<T: CacheKey>(value: &T) -> Key {
    Key::new("x").with(value)
}

#[test]
fn fields_count_unless_they_are_skipped() {
    let page =
        |number, what: &'static str, trace: u8| key(&Page { number: [number], what: &what, _trace: trace.into() });
    assert_eq!(page(1, "a", 1), page(1, "a", 2));
    assert_ne!(page(1, "a", 1), page(2, "a", 1));
    assert_ne!(page(1, "a", 1), page(1, "b", 1));
    let leaf = |value| Tree { children: Vec::new(), value };
    assert_ne!(key(&Tree { children: vec![leaf(1)], value: 2 }), key(&leaf(1)));
    let wrapped = |item| Wrapped::<std::vec::IntoIter<u8>>(item, std::marker::PhantomData);
    assert_ne!(key(&wrapped(1)), key(&wrapped(2)));
    assert_eq!(key(&Nothing), Key::new("x"));
    let _ = key::<Never>;
}

#[test]
fn variants_count_and_their_fields() {
    let named = |text: &str, key| Shape::Named { r#type: text.into(), key };
    let keys = [
        key(&Shape::Point),
        key(&Shape::Circle(1)),
        key(&Shape::Square(1)),
        key(&Shape::Square(2)),
        key(&named("a", 1)),
        key(&named("a", 2)),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[at + 1..].contains(key), "{at}");
    }
}
