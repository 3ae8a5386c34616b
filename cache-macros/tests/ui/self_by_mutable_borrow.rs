use cache_core::cached_as;

struct Shop;

impl Shop {
    #[cached_as(cache_core::Dependencies::table("article"), ignore(self))]
    fn titles(&mut self) -> u32 {
        3
    }
}

fn main() {}
