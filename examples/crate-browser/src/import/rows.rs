//! The graph as rows, numbered and linked.

use super::{Graph, licence};
use crate::entity::{
    author, category, crate_author, crate_category, crate_keyword, crate_licence, dependency, dependency::Kind,
    feature, keyword, krate, licence as licence_table, version,
};
use cargo_metadata::{DependencyKind, Node, NodeDep, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All rows of one import, parents before children.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Crates.
    pub crates: Vec<krate::Model>,
    /// Versions.
    pub versions: Vec<version::Model>,
    /// Features of versions.
    pub features: Vec<feature::Model>,
    /// Edges between versions.
    pub dependencies: Vec<dependency::Model>,
    /// Licences and their links.
    pub licences: (Vec<licence_table::Model>, Vec<crate_licence::Model>),
    /// Categories and their links.
    pub categories: (Vec<category::Model>, Vec<crate_category::Model>),
    /// Keywords and their links.
    pub keywords: (Vec<keyword::Model>, Vec<crate_keyword::Model>),
    /// Authors and their links.
    pub authors: (Vec<author::Model>, Vec<crate_author::Model>),
}

impl Rows {
    /// Numbers the packages of `graph` and turns them into rows.
    pub fn from_graph(graph: &Graph) -> Self {
        let metadata = graph.metadata();
        let members: BTreeSet<&PackageId> = metadata.workspace_members.iter().collect();
        let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        for package in &metadata.packages {
            by_name.entry(package.name.as_str()).or_default().push(package);
        }

        let mut rows = Self::default();
        let mut places = HashMap::new();
        for (name, mut packages) in by_name {
            packages.sort_by(|a, b| b.version.cmp(&a.version));
            let newest = packages[0];
            let crate_id = number(rows.crates.len());
            let member = packages.iter().any(|package| members.contains(&package.id));
            rows.crates.push(krate::Model {
                id: crate_id,
                name: name.to_owned(),
                newest: newest.version.to_string(),
                description: newest.description.as_deref().map(one_line),
                homepage: newest.homepage.clone(),
                repository: newest.repository.clone(),
                documentation: newest.documentation.clone(),
                member,
                dependants: 0,
            });
            for package in packages {
                let version_id = number(rows.versions.len());
                places.insert(&package.id, Place { version_id, package });
                rows.versions.push(version_row(package, version_id, crate_id, &members));
            }
            rows.label(crate_id, newest);
        }

        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            if let Some(place) = places.get(&node.id) {
                rows.push_features(place, node);
                rows.push_edges(place, node, &places);
            }
        }
        rows.count_dependants();
        rows
    }

    /// How many rows there are in all.
    pub fn len(&self) -> usize {
        self.crates.len()
            + self.versions.len()
            + self.features.len()
            + self.dependencies.len()
            + self.licences.0.len()
            + self.licences.1.len()
            + self.categories.0.len()
            + self.categories.1.len()
            + self.keywords.0.len()
            + self.keywords.1.len()
            + self.authors.0.len()
            + self.authors.1.len()
    }

    /// Whether the graph was empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn label(&mut self, crate_id: i32, package: &Package) {
        let licences = match (&package.license, &package.license_file) {
            (Some(expression), _) => licence::names(expression),
            (None, Some(_)) => vec!["licence file".to_owned()],
            (None, None) => Vec::new(),
        };
        link(
            &mut self.licences,
            licences,
            |id, name| licence_table::Model { id, name },
            |row| (row.id, row.name.as_str()),
            |licence_id| crate_licence::Model { crate_id, licence_id },
        );
        link(
            &mut self.categories,
            package.categories.clone(),
            |id, name| category::Model { id, name },
            |row| (row.id, row.name.as_str()),
            |category_id| crate_category::Model { crate_id, category_id },
        );
        link(
            &mut self.keywords,
            package.keywords.iter().map(|word| word.to_lowercase()).collect(),
            |id, name| keyword::Model { id, name },
            |row| (row.id, row.name.as_str()),
            |keyword_id| crate_keyword::Model { crate_id, keyword_id },
        );
        link(
            &mut self.authors,
            package.authors.iter().map(|author| without_address(author)).collect(),
            |id, name| author::Model { id, name },
            |row| (row.id, row.name.as_str()),
            |author_id| crate_author::Model { crate_id, author_id },
        );
    }

    fn push_features(&mut self, place: &Place<'_>, node: &Node) {
        let active: BTreeSet<&str> = node.features.iter().map(|name| name.as_str()).collect();
        for (name, enables) in &place.package.features {
            self.features.push(feature::Model {
                id: number(self.features.len()),
                version_id: place.version_id,
                name: name.clone(),
                enables: enables.join(", "),
                active: active.contains(name.as_str()),
            });
        }
    }

    fn push_edges(&mut self, from: &Place<'_>, node: &Node, places: &HashMap<&PackageId, Place<'_>>) {
        for edge in &node.deps {
            let Some(to) = places.get(&edge.pkg) else {
                continue;
            };
            for (kind, platform) in kinds(edge) {
                let declared = from.package.dependencies.iter().find(|declared| {
                    declared.name == to.package.name.as_str()
                        && declared.kind == kind
                        && declared.target.as_ref().map(ToString::to_string) == platform
                        && (declared.req.matches(&to.package.version) || declared.path.is_some())
                });
                self.dependencies.push(dependency::Model {
                    id: number(self.dependencies.len()),
                    version_id: from.version_id,
                    target_id: to.version_id,
                    requirement: declared.map_or_else(|| "*".to_owned(), |found| found.req.to_string()),
                    kind: match kind {
                        DependencyKind::Development => Kind::Dev,
                        DependencyKind::Build => Kind::Build,
                        _ => Kind::Normal,
                    },
                    optional: declared.is_some_and(|found| found.optional),
                    platform,
                });
            }
        }
    }

    fn count_dependants(&mut self) {
        let crate_of: HashMap<i32, i32> = self.versions.iter().map(|version| (version.id, version.crate_id)).collect();
        let pairs: BTreeSet<(i32, i32)> = self
            .dependencies
            .iter()
            .filter(|edge| edge.kind != Kind::Dev)
            .map(|edge| (crate_of[&edge.target_id], crate_of[&edge.version_id]))
            .filter(|(target, source)| target != source)
            .collect();
        let mut counts: HashMap<i32, i32> = HashMap::new();
        for (target, _) in pairs {
            *counts.entry(target).or_default() += 1;
        }
        for row in &mut self.crates {
            row.dependants = counts.get(&row.id).copied().unwrap_or(0);
        }
    }
}

/// Where a package ended up.
struct Place<'a> {
    version_id: i32,
    package: &'a Package,
}

fn version_row(package: &Package, id: i32, crate_id: i32, members: &BTreeSet<&PackageId>) -> version::Model {
    let source = match &package.source {
        _ if members.contains(&package.id) => "workspace",
        None => "path",
        Some(source) if source.is_crates_io() => "crates.io",
        Some(source) if source.repr.starts_with("git+") => "git",
        Some(_) => "registry",
    };
    version::Model {
        id,
        crate_id,
        number: package.version.to_string(),
        licence: package.license.clone(),
        edition: package.edition.to_string(),
        rust_version: package.rust_version.as_ref().map(ToString::to_string),
        source: source.to_owned(),
    }
}

/// Kinds and platforms of an edge, each pair once.
fn kinds(edge: &NodeDep) -> Vec<(DependencyKind, Option<String>)> {
    let mut kinds = Vec::new();
    for info in &edge.dep_kinds {
        let kind = (info.kind, info.target.as_ref().map(ToString::to_string));
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// Links one crate to names, adding the names that are new.
fn link<Row, Link>(
    (rows, links): &mut (Vec<Row>, Vec<Link>),
    names: Vec<String>,
    row: impl Fn(i32, String) -> Row,
    read: impl Fn(&Row) -> (i32, &str),
    make: impl Fn(i32) -> Link,
) {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name.clone()) {
            continue;
        }
        let known = rows.iter().map(&read).find(|(_, known)| *known == name).map(|(id, _)| id);
        let id = known.unwrap_or_else(|| {
            let id = number(rows.len());
            rows.push(row(id, name));
            id
        });
        links.push(make(id));
    }
}

/// Row numbers begin at 1.
fn number(length: usize) -> i32 {
    i32::try_from(length + 1).unwrap_or(i32::MAX)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Ann <ann@example.org>` is shown as `Ann`.
fn without_address(author: &str) -> String {
    match author.split_once('<') {
        Some((name, _)) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => author.trim().to_owned(),
    }
}
