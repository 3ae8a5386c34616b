//! Whoever awaits.

use super::*;

async fn thousand(links: &Links) {
    for number in 0..1000 {
        let text = number.to_string();
        let answers = links.run(vec![group(&["ECHO", &text])]).await;
        assert_eq!(answers[0].as_ref().unwrap().values, [bulk(&text)]);
    }
}

#[test]
fn a_plain_thread() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| links.block(thousand(&links)));
        }
    });
}

#[test]
fn an_executor_without_timers() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let settings = Settings::standalone(&server.url()).unwrap().timeout(Duration::from_secs(20));
    let links = futures::executor::block_on(Links::open(settings)).unwrap();
    futures::executor::block_on(futures::future::join_all((0..8).map(|_| thousand(&links))));
}

#[test]
fn a_runtime_of_one_thread() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let settings = Settings::standalone(&server.url()).unwrap().timeout(Duration::from_secs(20));
        let links = Links::open(settings).await.unwrap();
        futures::future::join_all((0..8).map(|_| thousand(&links))).await;
    });
}

#[test]
fn blocking_in_a_task_that_never_yields() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let task = runtime.spawn(async move {
        for _ in 0..1000 {
            assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));
        }
    });
    runtime.block_on(task).unwrap();
}

#[test]
fn futures_may_move_between_threads() {
    if left_out() {
        return;
    }
    fn may_move<T: Send>(_: &T) {}
    fn may_be_shared<T: Send + Sync + 'static>() {}
    may_be_shared::<Links>();
    may_be_shared::<Subscription>();
    may_be_shared::<Fault>();
    let server = Redis::start().unwrap();
    may_move(&Links::open(Settings::standalone(&server.url()).unwrap()));
    let links = links(&server);
    may_move(&links.run(Vec::new()));
    may_move(&links.run_one(group(&["PING"])));
    may_move(&links.run_on(&links.masters()[0], group(&["PING"])));
    may_move(&links.subscribe(&links.masters()[0], |_| ()));
}
