//! What is visited, what is written, and what each write may change.

use crate::{
    failure::Failure,
    query::{
        Db,
        group::{self, Group},
        list,
    },
    web::functions::segment,
};
use sea_orm::DbErr;
use std::fmt;

/// A keyword that no crate has.
const KEYWORD: &str = "smoke-test-keyword";

/// The crates and names that the visit is about.
#[derive(Clone, Debug)]
pub struct Subjects {
    /// The crate that is written to.
    pub main: String,
    /// Its row number.
    pub main_id: i32,
    /// Its keywords.
    keywords: Vec<String>,
    /// A crate that is left alone.
    other: String,
    category: Option<String>,
    keyword: Option<String>,
    licence: Option<String>,
}

impl Subjects {
    /// Chooses well-connected crates of the graph.
    ///
    /// # Errors
    /// When the graph has fewer than two crates.
    pub async fn choose(db: &Db) -> Result<Self, Failure> {
        let refused = |error: DbErr| Failure::new(format_args!("the database refused ({error})"), "run it again");
        let popular = list::popular(db, 2).await.map_err(refused)?;
        let [main, other] = &popular[..] else {
            return Err(Failure::new(
                "the graph has fewer than two crates",
                "name a workspace with dependencies with `--manifest-path PATH`",
            ));
        };
        let mut names = [const { None }; 3];
        for (place, group) in names.iter_mut().zip([Group::Category, Group::Keyword, Group::Licence]) {
            *place = group::sizes(db, group).await.map_err(refused)?.first().map(|size| size.name.clone());
        }
        let [category, keyword, licence] = names;
        let keywords = group::labels(db, Group::Keyword, main.id).await.map_err(refused)?;
        Ok(Self {
            main: main.name.clone(),
            main_id: main.id,
            keywords: keywords.to_vec(),
            other: other.name.clone(),
            category,
            keyword,
            licence,
        })
    }
}

/// What a page is, whatever its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The overview.
    Overview,
    /// The list of all crates.
    Crates,
    /// The page of the crate that is written to.
    Main,
    /// The page of a crate that is left alone.
    Other,
    /// The list of the keywords.
    Keywords,
    /// The crates of a keyword that crates have.
    Keyword,
    /// The crates of the keyword that the visit gives.
    NewKeyword,
    /// The starred crates.
    Starred,
    /// Any page that no write concerns.
    Untouched,
}

/// A page to visit.
#[derive(Clone, Debug)]
pub struct Page {
    /// What it is.
    pub name: Name,
    /// Its address.
    pub path: String,
}

impl Page {
    fn new(name: Name, path: impl Into<String>) -> Self {
        Self { name, path: path.into() }
    }

    /// The address of the same page with the cache off.
    pub fn uncached(&self) -> String {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{joint}cache=off", self.path)
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// The pages, in the order of the visit.
pub fn pages(subjects: &Subjects) -> Vec<Page> {
    let group = |group: &str, name: &str| format!("/groups/{group}/{}", segment(name));
    let mut pages = vec![
        Page::new(Name::Overview, "/"),
        Page::new(Name::Crates, "/crates"),
        Page::new(Name::Main, format!("/crate/{}", subjects.main)),
        Page::new(Name::Other, format!("/crate/{}", subjects.other)),
        Page::new(Name::Untouched, "/groups/categories"),
        Page::new(Name::Keywords, "/groups/keywords"),
        Page::new(Name::Untouched, "/groups/licences"),
        Page::new(Name::Untouched, "/groups/authors"),
        Page::new(Name::NewKeyword, group("keyword", KEYWORD)),
        Page::new(Name::Starred, "/starred"),
        Page::new(Name::Untouched, "/statistics"),
        Page::new(Name::Untouched, format!("/search?q={}", subjects.other)),
    ];
    let named = [
        (Name::Untouched, "category", &subjects.category),
        (Name::Keyword, "keyword", &subjects.keyword),
        (Name::Untouched, "licence", &subjects.licence),
    ];
    pages.extend(
        named.into_iter().filter_map(|(name, word, found)| Some(Page::new(name, group(word, found.as_ref()?)))),
    );
    pages
}

/// A form to send.
#[derive(Clone, Debug)]
pub struct Write {
    /// What it does, for the reader.
    pub label: String,
    /// Where it goes; `LAST` stands for the note that was written last.
    pub path: String,
    /// The form.
    pub form: String,
    /// The pages that show something else afterwards. All others must stay cached.
    pub changes: &'static [Name],
    /// Pages that need not change and may be dropped all the same. A new row in `keyword` may belong to any
    /// crate, as far as that row tells; a new link may belong to any keyword of a name.
    pub may_drop: &'static [Name],
}

/// The writes, in order; the last ones undo the first ones.
pub fn writes(subjects: &Subjects) -> Vec<Write> {
    let Subjects { main, keywords, .. } = subjects;
    let write = |label: &str, end: &str, form: String, changes, may_drop| Write {
        label: format!("{label} {main}"),
        path: format!("/crate/{main}/{end}"),
        form,
        changes,
        may_drop,
    };
    let keywords: Vec<String> = keywords.iter().map(|word| segment(word)).collect();
    let mut more = keywords.clone();
    more.push(KEYWORD.to_owned());
    let starred: &[Name] = &[Name::Overview, Name::Main, Name::Starred];
    let noted: &[Name] = &[Name::Main];
    let tagged: &[Name] = &[Name::Main, Name::Keywords, Name::NewKeyword];
    vec![
        write("star", "star", "starred=true".to_owned(), starred, &[]),
        write("add a note to", "notes", "text=Seen+by+the+visit".to_owned(), noted, &[]),
        write(
            "add a keyword to",
            "keywords",
            format!("keywords={}", more.join("%2C")),
            tagged,
            &[Name::Keyword, Name::Other],
        ),
        write(
            "take the keyword from",
            "keywords",
            format!("keywords={}", keywords.join("%2C")),
            tagged,
            &[Name::Keyword],
        ),
        write("delete the note from", "notes/LAST", String::new(), noted, &[]),
        write("unstar", "star", "starred=false".to_owned(), starred, &[]),
    ]
}
