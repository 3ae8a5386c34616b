use std::rc::Rc;

use cache_core::cached;

#[cached(ttl = "1m", stale_while_revalidate = "30s")]
async fn top(category: u64) -> u64 {
    let here = Rc::new(category);
    std::future::ready(()).await;
    *here
}

fn main() {}
