//! Random writes against a set of cached queries: every cached answer must be the database's answer.

use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, JsonValue, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Select, SelectModel, Selector, TransactionTrait,
};

use crate::shop::*;

/// A small generator with a seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as i32
    }

    fn title(&mut self) -> String {
        ["a", "ab", "Abc", "1", "1.0", "", "žluť"][self.roll(7) as usize].to_owned()
    }

    fn stars(&mut self) -> Option<i32> {
        Some(self.roll(5)).filter(|stars| *stars > 0)
    }
}

type Rows = Selector<SelectModel<JsonValue>>;

fn articles(query: Select<Article>) -> Rows {
    query.order_by_asc(article::Column::Id).into_json()
}

fn queries() -> Vec<Rows> {
    use article::Column::{CategoryId, Id, Published, Stars, Title};
    let mut queries = Vec::new();
    for n in 0..4 {
        queries.push(articles(Article::find().filter(CategoryId.eq(n))));
        queries.push(articles(Article::find().filter(Stars.eq(n))));
        queries.push(articles(Article::find().filter(Stars.gt(n))));
        queries.push(articles(Article::find().filter(Id.eq(n))));
        let either = Condition::any().add(Stars.is_null()).add(Stars.is_not_in([n, n + 1]));
        queries.push(articles(Article::find().filter(either)));
        let both = Condition::all().add(CategoryId.is_in([n, n + 1])).add(Published.eq(true)).not();
        queries.push(articles(Article::find().filter(both)));
        let commented = Query::select()
            .column(comment::Column::ArticleId)
            .from(Comment)
            .and_where(comment::Column::Stars.lte(n))
            .to_owned();
        queries.push(articles(Article::find().filter(Id.in_subquery(commented.clone()))));
        queries.push(articles(Article::find().filter(Id.not_in_subquery(commented))));
        let tagged = Article::find().join(JoinType::LeftJoin, article_tag::Relation::Article.def().rev());
        queries.push(articles(tagged.filter(article_tag::Column::TagId.eq(n)).distinct()));
        let covered = Article::find().left_join(Cover).filter(cover::Column::Id.is_null());
        queries.push(articles(covered.filter(CategoryId.eq(n))));
        let comments = Comment::find().inner_join(Article).filter(Stars.eq(n)).order_by_asc(comment::Column::Id);
        queries.push(comments.into_json());
    }
    for title in ["a", "1", "abc"] {
        queries.push(articles(Article::find().filter(Title.eq(title))));
        queries.push(articles(Article::find().filter(Title.starts_with(title))));
        queries.push(articles(Article::find().filter(Title.gte(title))));
    }
    let counted = Category::find()
        .select_only()
        .column(category::Column::Id)
        .column(category::Column::Name)
        .left_join(Article)
        .group_by(category::Column::Id)
        .having(Expr::cust("count(article.id) > 1"));
    queries.push(counted.order_by_asc(category::Column::Id).into_json());
    queries
}

async fn write<C: ConnectionTrait>(db: &C, dice: &mut Dice) -> Result<(), DbErr> {
    let (id, other) = (dice.roll(8) + 1, dice.roll(4));
    match dice.roll(16) {
        0 | 1 => {
            let row = article::ActiveModel {
                category_id: Set(other),
                title: Set(dice.title()),
                published: Set(other % 2 == 0),
                stars: Set(dice.stars()),
                ..Default::default()
            };
            Article::insert(row).exec(db).await?;
        }
        2 => {
            let rule = OnConflict::column(article::Column::Id)
                .update_columns([article::Column::Stars, article::Column::CategoryId])
                .to_owned();
            let row = article::ActiveModel {
                id: Set(id),
                category_id: Set(other),
                title: Set(dice.title()),
                published: Set(true),
                stars: Set(dice.stars()),
            };
            Article::insert(row).on_conflict(rule).exec(db).await?;
        }
        3 => {
            let update = Article::update_many().col_expr(article::Column::Stars, Expr::value(dice.stars()));
            update.filter(article::Column::CategoryId.eq(other)).exec(db).await?;
        }
        4 => {
            let more = Expr::col(article::Column::Stars).add(1);
            let update = Article::update_many().col_expr(article::Column::Stars, more);
            update.filter(article::Column::Id.lte(id)).exec(db).await?;
        }
        5 => {
            let update = Article::update_many().col_expr(article::Column::CategoryId, Expr::value(other));
            update.filter(article::Column::Title.eq(dice.title())).exec(db).await?;
        }
        6 => {
            let update = Article::update_many().col_expr(article::Column::Title, Expr::value(dice.title()));
            update.filter(article::Column::Id.eq(id)).exec(db).await?;
        }
        7 => {
            Article::delete_by_id(id).exec(db).await?;
        }
        8 => {
            Comment::delete_many().filter(comment::Column::Stars.eq(other)).exec(db).await?;
        }
        9 | 10 => {
            let row = comment::ActiveModel {
                article_id: Set(id),
                text: Set(dice.title()),
                stars: Set(other),
                ..Default::default()
            };
            Comment::insert(row).exec(db).await?;
        }
        11 => {
            ArticleTag::insert(article_tag::ActiveModel { article_id: Set(id), tag_id: Set(other) }).exec(db).await?;
        }
        12 => {
            let delete = ArticleTag::delete_many().filter(article_tag::Column::TagId.eq(other));
            delete.filter(article_tag::Column::ArticleId.gt(id)).exec(db).await?;
        }
        13 => {
            let text = format!("REPLACE INTO cover (article_id, colour) VALUES ({id}, 'red')");
            db.execute_unprepared(&text).await?;
        }
        14 => {
            let text = format!(
                "DELETE FROM cover WHERE id = {id}; UPDATE article SET published = 1 - published WHERE id = {id}"
            );
            db.execute_unprepared(&text).await?;
        }
        _ => {
            let name = Expr::value(dice.title());
            let update = Category::update_many().col_expr(category::Column::Name, name);
            update.filter(category::Column::Id.eq(other)).exec(db).await?;
        }
    }
    Ok(())
}

/// Compares every cached answer with the database's own; how many were hits.
async fn compare(shop: &Shop, seed: u64, step: usize) -> u64 {
    let mut hits = 0;
    for (number, (cached, plain)) in queries().into_iter().zip(queries()).enumerate() {
        let (cached, cost) = cache_core::observe::measure_async(cached.cached(&shop.cache).all(&shop.db)).await;
        let plain = plain.all(&shop.db).await.unwrap();
        assert_eq!(cached.unwrap(), plain, "query {number} after step {step} of seed {seed}");
        hits += cost.hits;
    }
    hits
}

async fn run(seed: u64, steps: usize) -> u64 {
    let shop = shop().await;
    shop.sql(
        "INSERT INTO category (id, name) VALUES (0, 'Nought');
         CREATE TABLE log (id INTEGER PRIMARY KEY, title TEXT);
         CREATE TRIGGER log_articles AFTER DELETE ON article BEGIN INSERT INTO log (title) VALUES (OLD.title); END;",
    )
    .await;
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut hits = 0;
    for step in 0..steps {
        // Constraint errors are a part of life.
        match dice.roll(4) {
            0 => {
                let transaction = shop.db.begin().await.unwrap();
                for _ in 0..=dice.roll(2) {
                    let _ = write(&transaction, &mut dice).await;
                }
                if dice.roll(2) == 0 {
                    let nested = transaction.begin().await.unwrap();
                    let _ = write(&nested, &mut dice).await;
                    if dice.roll(2) == 0 {
                        nested.commit().await.unwrap();
                    } else {
                        nested.rollback().await.unwrap();
                    }
                }
                match dice.roll(3) {
                    0 => transaction.rollback().await.unwrap(),
                    1 => drop(transaction),
                    _ => transaction.commit().await.unwrap(),
                }
            }
            _ => {
                let _ = write(&shop.db, &mut dice).await;
            }
        }
        hits += compare(&shop, seed, step).await;
    }
    hits
}

#[tokio::test]
async fn every_cached_answer_is_the_answer_of_the_database() {
    let mut hits = 0;
    for seed in 1..=6 {
        hits += run(seed, 40).await;
    }
    assert!(hits > 1000, "the cache was of use: {hits}");
}
