use cache_core::cached_as;

trait Shop {
    #[cached_as(cache_core::Dependencies::table("article"), ignore(self))]
    fn titles(&self) -> u32;
}

fn main() {}
