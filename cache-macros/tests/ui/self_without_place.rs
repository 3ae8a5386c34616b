use cache_core::cached_as;

struct Shop {
    id: u32,
}

impl Shop {
    #[cached_as(cache_core::Dependencies::table("article"))]
    fn titles(&self) -> u32 {
        self.id
    }
}

fn main() {}
