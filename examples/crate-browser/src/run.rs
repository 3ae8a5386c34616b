//! From the command line to a running server.

use crate::{
    args::{Args, Switch},
    database::DatabaseFile,
    entity,
    failure::Failure,
    import::{Graph, load},
    journal::Journal,
    query::Db,
    smoke,
    store::Store,
    web::{self, App, templates::Templates},
};
use std::{
    env, future, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process,
    sync::Arc,
};
use tokio::{net::TcpListener, runtime::Runtime};

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
    let store = Store::connect(&args.sharing).await?;
    let label = store.label();
    let path = args.database.clone().unwrap_or_else(|| graph.default_database());
    let mut file = DatabaseFile::open(&path, args.fresh, label.is_some()).await?;
    let imported = imported(&file, &graph).await?;
    let namespace = file.namespace(label.as_deref()).await?;
    file.share()?;
    for advice in store.advice() {
        eprintln!("advice: {advice}");
    }
    let app = app(&file, imported, store, &namespace, args.cache == Switch::Off)?;
    if let Some(label) = label {
        println!("Results are shared with all crate browsers of {} through {label}.", path.display());
    }
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
    let file = DatabaseFile::open(&temporary(), true, false).await?;
    let visited = async {
        let imported = imported(&file, graph).await?;
        let namespace = file.namespace(None).await?;
        let app = app(&file, imported, Store::Here, &namespace, false)?;
        let subjects = smoke::Subjects::choose(&app.db).await?;
        tokio::select! {
            served = serve(listener, app) => served,
            visited = smoke::visit(address, &subjects) => visited,
        }
    };
    let visited = visited.await;
    visited.and(file.delete().await)
}

/// The import in `file`, made now when there is none.
async fn imported(file: &DatabaseFile, graph: &Graph) -> Result<entity::import::Model, Failure> {
    if let Some(import) = file.import().await? {
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
        load::load(file.connection(), graph).await?;
        file.settle().await
    };
    loaded.await.map_err(|error| file.refused(&error))?;
    file.import().await?.ok_or_else(|| Failure::new("the import left nothing behind", "start again with `--fresh`"))
}

fn app(
    file: &DatabaseFile,
    workspace: entity::import::Model,
    store: Store,
    namespace: &str,
    uncached: bool,
) -> Result<App, Failure> {
    let journal = Arc::new(Journal::default());
    let listener = Arc::clone(&journal);
    let cache = store
        .cache()
        .namespace(format!("crate-browser-{namespace}"))
        .subscriber(move |event| listener.listen(event))
        .build();
    cache.install_global().map_err(|error| {
        Failure::new(format_args!("the cache cannot be installed ({error})"), "start one browser a process")
    })?;
    let db = Db::new(file.connection().clone(), &cache);
    let templates = Templates::new(&db).map_err(|error| {
        Failure::new(format_args!("a template has a mistake ({error:#})"), "repair it and build again")
    })?;
    Ok(App { db, templates, journal, store, workspace: Arc::new(workspace), uncached })
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
