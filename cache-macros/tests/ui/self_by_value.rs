use cache_core::cached_as;

struct Shop;

impl Shop {
    #[cached_as(cache_core::Dependencies::table("article"), ignore(self))]
    fn titles(self) -> u32 {
        3
    }

    #[cached_as(cache_core::Dependencies::table("article"), ignore(self))]
    fn shared(self: std::sync::Arc<Self>) -> u32 {
        3
    }
}

fn main() {}
