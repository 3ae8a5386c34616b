use cache_core::cached_as;

static ONE: std::sync::Mutex<u8> = std::sync::Mutex::new(1);

#[cached_as(cache_core::Dependencies::table("article"))]
fn one() -> std::sync::MutexGuard<'static, u8> {
    ONE.lock().unwrap()
}

fn main() {}
