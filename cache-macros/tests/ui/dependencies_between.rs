use cache_core::dependencies;

fn main() {
    let _ = dependencies! { article: price between 3 };
}
