use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
async fn top() -> u64 {
    let local = std::rc::Rc::new(3);
    std::future::ready(()).await;
    *local
}

fn spawn(_: impl Send) {}

fn start() {
    spawn(top());
}

fn main() {}
