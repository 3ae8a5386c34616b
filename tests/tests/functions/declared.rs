//! `dependencies!`.

use super::*;

#[test]
fn the_macro_says_what_the_builder_says() {
    let (low, list) = (3, vec![1_i64, 2]);
    let declared = dependencies! {
        article: category_id = low && (status in [1, 2] || author_id in list.clone()), price < 100.0;
        comment: !(spam = true), created between 1 and 2 * 3;
        "shop.note": "text" starts_with "ab", parent is null, id not in [7], owner is not null;
        rating;
        tag format!("front-{low}");
    };
    let article = column("category_id").eq(3)
        & (column("status").is_in([1, 2]) | column("author_id").is_in(list.iter().copied()))
        & column("price").lt(100.0);
    let comment = !column("spam").eq(true) & column("created").between(1, 6);
    let note = column("text").starts_with("ab")
        & column("parent").is_null()
        & column("id").not_in([7])
        & column("owner").is_not_null();
    let built = Dependencies::on("article", article)
        | Dependencies::on("comment", comment)
        | Dependencies::on("note", note)
        | Dependencies::table("rating")
        | Dependencies::tag("front-3");
    assert_eq!(declared, built);
    assert_eq!(dependencies! {}, Dependencies::none());
}

#[test]
fn options_and_references_are_values() {
    let (name, none): (&String, Option<i32>) = (&String::from("x"), None);
    let declared = dependencies!(article: name = name, id = none);
    assert_eq!(declared, Dependencies::none(), "no row has `id = NULL`");
    assert!(!dependencies!(article: name = name, id = Some(3)).is_empty());
}
