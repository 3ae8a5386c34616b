use cache_core::dependencies;

fn main() {
    let _ = dependencies! { article: category_id = null };
}
