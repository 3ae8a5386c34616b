use cache_core::dependencies;

fn main() {
    let _ = dependencies! { article: title like "a%" };
}
