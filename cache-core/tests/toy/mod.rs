//! A connection that tells of what it reads, as an adapter does, over rows in memory.
#![allow(dead_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cache_core::context::{self, Recording};
use cache_core::{Cache, CacheId, Change, Connection, Dependencies, Predicate, ReadPoint, Row, column};

/// Articles by id and category, and what a test wants to happen during the next statement.
pub struct Toy {
    pub cache: Cache,
    rows: Mutex<Vec<(i32, i32)>>,
    statements: AtomicUsize,
    /// The read point of the transaction that is open.
    pub snapshot: Mutex<Option<ReadPoint>>,
}

impl Toy {
    pub fn new() -> Self {
        Toy::of(&Cache::in_memory())
    }

    pub fn of(cache: &Cache) -> Self {
        Toy {
            cache: cache.clone(),
            rows: Mutex::new(vec![(1, 1), (2, 2), (3, 1)]),
            statements: AtomicUsize::new(0),
            snapshot: Mutex::new(None),
        }
    }

    fn recording(&self, dependencies: Dependencies) -> Option<Recording> {
        self.statements.fetch_add(1, Ordering::SeqCst);
        context::read_for(&self.cache);
        let recorder = context::recorder()?;
        Some(recorder.reads(&self.cache, dependencies, *self.snapshot.lock().unwrap()))
    }

    /// The ids of a category.
    pub fn ids(&self, category: i32) -> Vec<i32> {
        if let Some(recording) = self.recording(in_category(category)) {
            recording.wait();
        }
        self.select(category)
    }

    pub async fn ids_async(&self, category: i32) -> Vec<i32> {
        if let Some(recording) = self.recording(in_category(category)) {
            recording.await;
        }
        self.select(category)
    }

    /// A statement that is sent before what it reads was recorded.
    pub fn ids_carelessly(&self, category: i32) -> Vec<i32> {
        drop(self.recording(in_category(category)));
        self.select(category)
    }

    /// Whether there is a row with this id.
    pub fn has(&self, id: i32) -> bool {
        if let Some(recording) = self.recording(Dependencies::on("article", column("id").eq(id))) {
            recording.wait();
        }
        self.rows.lock().unwrap().iter().any(|(other, _)| *other == id)
    }

    pub fn count(&self) -> usize {
        if let Some(recording) = self.recording(Dependencies::table("article")) {
            recording.wait();
        }
        self.rows.lock().unwrap().len()
    }

    fn select(&self, category: i32) -> Vec<i32> {
        self.rows.lock().unwrap().iter().filter(|(_, of)| *of == category).map(|(id, _)| *id).collect()
    }

    /// A write of somebody else's, told to the cache.
    pub fn insert(&self, id: i32, category: i32) {
        self.sneak(id, category);
        self.cache.invalidate(Change::inserted("article", Row::from([("id", id), ("category_id", category)]))).unwrap();
    }

    /// A write that nobody is told of.
    pub fn sneak(&self, id: i32, category: i32) {
        self.rows.lock().unwrap().push((id, category));
    }

    /// How many statements were sent since this was asked last.
    pub fn sent(&self) -> usize {
        self.statements.swap(0, Ordering::SeqCst)
    }
}

impl Connection for Toy {
    fn bypass(&self) -> bool {
        false
    }

    fn read_point(&self) -> Option<ReadPoint> {
        *self.snapshot.lock().unwrap()
    }

    fn cache_id(&self) -> Option<CacheId> {
        Some(self.cache.id())
    }
}

pub fn in_category(category: i32) -> Dependencies {
    Dependencies::on("article", column("category_id").eq(category))
}

pub fn on(predicate: Predicate) -> Dependencies {
    Dependencies::on("article", predicate)
}

/// What a cache has told, as text.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// A cache that tells why results are not kept, and what verification finds.
    pub fn cache(&self) -> Cache {
        self.of(Cache::builder())
    }

    pub fn of(&self, builder: cache_core::CacheBuilder) -> Cache {
        use cache_core::observe::Event;
        let told = self.clone();
        let note = move |text: String| told.0.lock().unwrap().push(text);
        builder
            .subscriber(move |event| match event {
                Event::Refused { reason, .. } => note(format!("refused: {reason}")),
                Event::Undeclared { missing, .. } => note(format!("undeclared: {missing}")),
                Event::Differs { dependencies, age, compared, .. } => {
                    note(format!("differs: {dependencies}, {:?} old, compared: {compared}", age.unwrap_or_default()));
                }
                Event::Fill { dependencies, .. } => note(format!("kept: {dependencies}")),
                _ => {}
            })
            .build()
    }

    /// What was told since this was asked last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
