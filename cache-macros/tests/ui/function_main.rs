use cache_core::cached;

#[cached(ttl = "1m")]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
