use cache_core::dependencies;

fn main() {
    let _ = dependencies! { article: category_id = , status = 1 };
}
