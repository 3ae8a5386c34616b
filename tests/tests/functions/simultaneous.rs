//! Callers that miss at once.

use super::*;

#[test]
fn many_threads_that_miss_run_the_body_once() {
    fixture!();
    #[cached_as(Dependencies::table("article"), extra = id, cache = &*CACHE)]
    fn slow(id: u32) -> usize {
        let _ = id;
        std::thread::sleep(Duration::from_millis(30));
        run()
    }
    let start = Barrier::new(16);
    let results: Vec<usize> = std::thread::scope(|scope| {
        let call = || {
            start.wait();
            slow(1)
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((results, runs()), (vec![1; 16], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_that_miss_run_the_body_once() {
    fixture!();
    #[cached_as(dependencies!(article: id = id), cache = &*CACHE)]
    async fn slow(id: u32) -> Result<usize, Infallible> {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Ok(run())
    }
    let tasks: Vec<_> = (0..64).map(|_| tokio::spawn(slow(1))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(1));
    }
    assert_eq!(runs(), 1);
}
