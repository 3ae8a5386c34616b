//! A hit of a template fragment against rendering it.

use std::hint::black_box;

use cache_core::Cache;
use cache_minijinja::Fragments;
use minijinja::{Environment, Value, context};

use crate::report::{Line, Report};

const BODY: &str = "{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.title }}</td><td>{{ row.author }}</td>\
                    <td class=\"number\">{{ row.price }}</td></tr>\n{% endfor %}";

pub fn run(report: &mut Report) {
    let fragments = Fragments::builder(Cache::in_memory()).build();
    let mut env = Environment::new();
    fragments.install(&mut env);
    let cached = format!("{{% cached_as \"article\", extra=page %}}{BODY}{{% endcached_as %}}");
    fragments.add_template(&mut env, "cached.html", &cached).expect("the template is accepted");
    fragments.add_template(&mut env, "plain.html", BODY).expect("the template is accepted");
    let (cached, plain) = (template(&env, "cached.html"), template(&env, "plain.html"));

    let rows: Value = (0..100)
        .map(|id| context! { id, title => format!("The title of article {id}"), author => "A. Writer & sons", price => id * 7 })
        .collect();
    let context = context! { rows, page => 1 };
    let length = cached.render(&context).expect("it renders").len();
    let hit = || drop(black_box(cached.render(black_box(&context))));
    let miss = || drop(black_box(plain.render(black_box(&context))));
    // 25 times cheaper than rendering.
    report.compare("fragment_hit_against_rendering", "rendering 100 rows", Some(0.04), hit, miss);
    if report.wants("fragment_hit_10_kb") {
        let (ours, _) = crate::harness::pair(hit, || ());
        let name = "fragment_hit_10_kb";
        let peer = format!("the target of 1.5 us, {length} bytes");
        report.print(&Line { name, unit: "ns", ours, peer: &peer, peer_value: 1500.0, target: Some(1.0) });
    }
}

fn template<'env>(env: &'env Environment<'_>, name: &str) -> minijinja::Template<'env, 'env> {
    env.get_template(name).expect("it was added")
}
