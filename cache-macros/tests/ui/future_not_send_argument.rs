use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = text.len(), ignore(text))]
async fn top(text: std::rc::Rc<str>) -> usize {
    std::future::ready(()).await;
    text.len()
}

fn spawn(_: impl Send) {}

fn start() {
    spawn(top("x".into()));
}

fn main() {}
