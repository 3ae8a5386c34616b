use cache_core::dependencies;

struct Owner;

fn main() {
    let _ = dependencies! { article: owner = Owner };
}
