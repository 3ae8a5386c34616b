use cache_core::dependencies;

fn main() {
    let _ = dependencies! { article: category_id = 3 and status = 1 };
}
