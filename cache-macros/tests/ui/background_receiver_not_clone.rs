use cache_core::cached;

struct Shop {
    id: u64,
}

impl Shop {
    #[cached(ttl = "1m", stale_while_revalidate = "30s", extra = self.id)]
    fn top(&self) -> u64 {
        self.id
    }
}

fn main() {}
