//! The scripts against the model: the same random sequences, the same replies.

use std::collections::HashMap;

use proptest::prelude::*;
use test_servers::Redis;

use super::model::{Model, Number, Stands};
use super::*;
use crate::value::Value;

const TABLES: [&str; 2] = ["orders", "users"];

#[derive(Clone, Debug)]
enum Step {
    Fill(usize),
    /// Before or after COMMIT, of a transaction or of none.
    Announce(u64, usize, Vec<Row>),
    Void(Option<u64>, usize, Vec<Row>),
    VoidEverything,
    LoseStamp(usize),
    LoseShapes(usize),
    LoseIntents(usize),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0i64..3).prop_map(Value::from),
        1 => "[ab]".prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn image() -> impl Strategy<Value = Row> {
    let known = |chance| proptest::option::weighted(chance, value());
    (known(0.9), known(0.9), known(0.9), 0..12u8).prop_map(|(a, b, c, nothing)| {
        let columns = [("a", a), ("b", b), ("c", c)].into_iter().filter_map(|(name, value)| Some((name, value?)));
        if nothing == 0 { Row::new() } else { columns.collect() }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let images = || proptest::collection::vec(image(), 1..4);
    prop_oneof![
        10 => any::<usize>().prop_map(Step::Fill),
        3 => (1..5u64, 0..2usize, images()).prop_map(|(transaction, table, images)| Step::Announce(transaction, table, images)),
        6 => (proptest::option::of(1..5u64), 0..2usize, images())
            .prop_map(|(transaction, table, images)| Step::Void(transaction, table, images)),
        1 => Just(Step::VoidEverything),
        2 => any::<usize>().prop_map(Step::LoseStamp),
        1 => (0..2usize).prop_map(Step::LoseShapes),
        1 => (0..2usize).prop_map(Step::LoseIntents),
    ]
}

fn questions() -> Vec<Dependencies> {
    let (a, b, c) = (column("a"), column("b"), column("c"));
    let predicates = || {
        [
            a.eq(0),
            a.eq(1),
            a.eq(1) & b.eq(2),
            a.eq("a"),
            a.is_in([0, 2]),
            c.gt(1),
            a.eq(2) & c.between(0, 1),
            b.is_null(),
            b.is_not_null(),
            Predicate::Any,
        ]
    };
    let alone = TABLES.iter().flat_map(|table| predicates().map(|predicate| on(table, predicate)));
    let mut questions: Vec<_> = alone.collect();
    questions.push(on("orders", a.eq(1)).union(on("users", b.eq(1))));
    questions.push(on("orders", a.eq(1) | b.eq(0)).union(on("users", Predicate::Any)));
    questions
}

/// Which real numbers stand for which of the model's, place by place.
#[derive(Default)]
struct Numbers {
    real: HashMap<(String, Number), u64>,
    modelled: HashMap<(String, u64), Number>,
}

impl Numbers {
    fn agree(&mut self, place: String, modelled: Number, real: u64) -> bool {
        if modelled == 0 || real == 0 {
            return modelled == real;
        }
        *self.real.entry((place.clone(), modelled)).or_insert(real) == real
            && *self.modelled.entry((place, real)).or_insert(modelled) == modelled
    }

    fn compare(&mut self, stamping: &Stamping, modelled: &Stands, real: &Standing) -> bool {
        stamping.footprint.tables.iter().zip(modelled).zip(&real.tables).all(|((of, modelled), real)| {
            let table = of.table.as_str();
            let (settled, nonces, stamps) = modelled;
            let places = of.shapes.iter().map(|shape| format!("{table} {}", shape.name));
            let slots = of.shapes.iter().flat_map(|shape| &shape.slots).map(|slot| format!("{table}#{slot}"));
            let nonces = places.zip(nonces).zip(&real.nonces);
            let stamps = slots.zip(stamps).zip(&real.stamps);
            *settled == real.settled
                && nonces.chain(stamps).all(|((place, modelled), real)| self.agree(place, *modelled, *real))
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn scripts_and_model_agree(steps in proptest::collection::vec(step(), 1..50)) {
        if left_out() {
            return Ok(());
        }
        let (reader, writer) = benches();
        let questions = questions();
        let stampings: Vec<_> = questions.iter().map(|dependencies| reader.stamping(dependencies)).collect();
        let mut model = Model::new(reader.hasher.clone(), &TABLES);
        let mut numbers = Numbers::default();
        // What could be kept, by question.
        let mut kept: Vec<(usize, Made)> = Vec::new();
        for step in steps {
            match &step {
                Step::Fill(at) => {
                    let at = at % questions.len();
                    let modelled = model.fill(&stampings[at]);
                    let Stamped { footprint, standing, .. } = reader.stamp(&questions[at]).unwrap();
                    prop_assert!(numbers.compare(&stampings[at], &modelled, &standing), "{modelled:?} {standing:?}");
                    if let Some(sum) = standing.sum(&footprint) {
                        kept.push((at, Made { footprint, sum }));
                    }
                    if modelled.iter().any(|(settled, ..)| !settled) {
                        // The quarantine of the reader lasts a millisecond.
                        thread::sleep(Duration::from_millis(3));
                    }
                }
                Step::Announce(transaction, table, images) => {
                    let write = Written { table: TABLES[*table].into(), images: images.clone() };
                    model.announce(*transaction, &write);
                    writer.announce(*transaction, vec![write]).unwrap();
                }
                Step::Void(transaction, table, images) => {
                    let write = Written { table: TABLES[*table].into(), images: images.clone() };
                    model.void(*transaction, &write);
                    writer.void(*transaction, vec![write]).unwrap();
                }
                Step::VoidEverything => {
                    model.void_everything();
                    block(writer.space.void_everything(None)).unwrap();
                    kept.iter().for_each(|(_, made)| assert!(!reader.is_valid(made)));
                }
                Step::LoseStamp(at) => {
                    let live: Vec<_> = model
                        .tables
                        .iter()
                        .flat_map(|(name, table)| table.stamps.keys().map(move |slot| (name.clone(), *slot)))
                        .collect();
                    if let Some((table, slot)) = live.get(at % live.len().max(1)) {
                        model.lose_stamp(table, *slot);
                        let key = reader.space.keys.table(&table.as_str().into()).stamp(*slot);
                        prop_assert_eq!(Redis::shared().cli(&["DEL", &key]), "1");
                    }
                }
                Step::LoseShapes(table) => {
                    model.lose_shapes(TABLES[*table]);
                    Redis::shared().cli(&["DEL", &reader.key('m', TABLES[*table])]);
                }
                Step::LoseIntents(table) => {
                    model.lose_intents(TABLES[*table]);
                    Redis::shared().cli(&["DEL", &reader.key('x', TABLES[*table])]);
                }
            }
            for stamping in &stampings {
                let standing = reader.standing(&stamping.footprint).unwrap();
                let modelled = model.lookup(stamping);
                prop_assert!(numbers.compare(stamping, &modelled, &standing), "{step:?}: {modelled:?} {standing:?}");
            }
            // Whatever the shapes: no result that a row may concern is valid any more.
            if let Step::Announce(_, table, images) | Step::Void(_, table, images) = &step {
                for (at, made) in &kept {
                    let met = questions[*at].conjunctions().iter().any(|conjunction| {
                        conjunction.table().as_str() == TABLES[*table]
                            && images.iter().any(|image| conjunction.may_match_row(image))
                    });
                    prop_assert!(!met || !reader.is_valid(made), "{step:?} left {:?}", questions[*at]);
                }
            }
        }
    }
}

/// A reader whose quarantines are over at once, and a writer whose leases last.
fn benches() -> (Bench, Bench) {
    let url = Redis::shared().url();
    let mut reader = Bench::on(RedisStore::builder().url(&url).mode(strict(Duration::from_millis(1))));
    reader.space.limits.slack = Duration::ZERO;
    let mode = strict(Duration::from_secs(3600));
    let writer = Bench::named(RedisStore::builder().url(&url).mode(mode), &reader.namespace);
    (reader, writer)
}
