//! From the command line to a running server.

use crate::{
    args::{Args, Switch},
    database::Store,
    entity,
    failure::Failure,
    import::{Graph, load},
    journal::Journal,
    query::Db,
    smoke,
    web::{self, App, templates::Templates},
};
use cache_core::{Cache, MemoryStore};
use std::{
    env, future, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process,
    sync::Arc,
};
use tokio::{net::TcpListener, runtime::Runtime};

/// The bytes that cached results may take together.
const CAPACITY: u64 = 64 << 20;

/// Does what the command line says.
///
/// # Errors
/// With one sentence that names the fault and the remedy.
pub fn run(args: &Args) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| {
        Failure::new(format_args!("no threads can be started ({error})"), "free some memory and try again")
    })?;
    let done = runtime.block_on(start(args));
    // A page that is being rendered must not hold up the end.
    runtime.shutdown_background();
    done
}

async fn start(args: &Args) -> Result<(), Failure> {
    let graph = Graph::read(args.manifest_path.as_deref())?;
    if args.smoke {
        return visit(&graph).await;
    }
    let listener = listen(args.port).await?;
    let path = args.database.clone().unwrap_or_else(|| graph.default_database());
    let store = Store::open(&path, args.fresh).await?;
    let imported = imported(&store, &graph).await?;
    let app = app(&store, imported, args.cache == Switch::Off)?;
    let address = address(&listener)?;
    println!("The crate browser shows {} on http://{address}/ (Ctrl-C stops it).", app.workspace.folder);
    tokio::select! {
        served = serve(listener, app) => served,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn visit(graph: &Graph) -> Result<(), Failure> {
    let listener = listen(0).await?;
    let address = address(&listener)?;
    let store = Store::open(&temporary(), true).await?;
    let visited = async {
        let imported = imported(&store, graph).await?;
        let app = app(&store, imported, false)?;
        let subjects = smoke::Subjects::choose(&app.db).await?;
        tokio::select! {
            served = serve(listener, app) => served,
            visited = smoke::visit(address, &subjects) => visited,
        }
    };
    let visited = visited.await;
    visited.and(store.delete().await)
}

/// The import in `store`, made now when there is none.
async fn imported(store: &Store, graph: &Graph) -> Result<entity::import::Model, Failure> {
    if let Some(import) = store.import().await? {
        let same_folder = import.folder == graph.folder();
        if !same_folder {
            return Err(Failure::new(
                format_args!("the database holds another workspace, {}", import.folder),
                "name another file with `--database FILE`, or import anew with `--fresh`",
            ));
        }
        if import.fingerprint != graph.fingerprint() {
            println!("The graph has changed since the import; `--fresh` imports it anew, without stars and notes.");
        }
        return Ok(import);
    }
    let loaded = async {
        load::load(store.connection(), graph).await?;
        store.settle().await
    };
    loaded.await.map_err(|error| store.refused(&error))?;
    store.import().await?.ok_or_else(|| Failure::new("the import left nothing behind", "start again with `--fresh`"))
}

fn app(store: &Store, workspace: entity::import::Model, uncached: bool) -> Result<App, Failure> {
    let journal = Arc::new(Journal::default());
    let listener = Arc::clone(&journal);
    let cache = Cache::builder()
        .namespace("crate-browser")
        .store(MemoryStore::with_capacity(CAPACITY))
        .subscriber(move |event| listener.listen(event))
        .build();
    cache.install_global().map_err(|error| {
        Failure::new(format_args!("the cache cannot be installed ({error})"), "start one browser a process")
    })?;
    let db = Db::new(store.connection().clone(), &cache);
    let templates = Templates::new(&db).map_err(|error| {
        Failure::new(format_args!("a template has a mistake ({error:#})"), "repair it and build again")
    })?;
    Ok(App { db, templates, journal, workspace: Arc::new(workspace), uncached })
}

async fn serve(listener: TcpListener, app: App) -> Result<(), Failure> {
    axum::serve(listener, web::router(app))
        .await
        .map_err(|error| Failure::new(format_args!("the server stopped ({error})"), "start it again"))?;
    future::pending().await
}

async fn listen(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::new(
            format_args!("port {port} is taken"),
            "choose another with `--port PORT`, or any free one with `--port 0`",
        ),
        io::ErrorKind::PermissionDenied => {
            Failure::new(format_args!("port {port} is not allowed"), "choose one above 1023 with `--port PORT`")
        }
        _ => Failure::new(format_args!("port {port} cannot be used ({error})"), "choose another with `--port PORT`"),
    })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| {
        Failure::new(format_args!("the port cannot be told ({error})"), "choose another with `--port PORT`")
    })
}

/// A file that no other process uses.
fn temporary() -> PathBuf {
    env::temp_dir().join(format!("crate-browser-{}.sqlite", process::id()))
}
