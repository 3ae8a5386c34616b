//! The two halves of a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, tcp};
#[cfg(unix)]
use tokio::net::{UnixStream, unix};
use tokio_rustls::client::TlsStream;

use crate::sync::{Mutex, lock};

/// What is read from.
pub(super) enum Reader {
    Tcp(tcp::OwnedReadHalf),
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
    Tls(Arc<Mutex<TlsStream<TcpStream>>>),
}

/// What is written to. Dropping it ends the stream in that direction.
pub(super) enum Writer {
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
    Tls(Arc<Mutex<TlsStream<TcpStream>>>),
}

pub(super) fn tcp(stream: TcpStream) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    (Reader::Tcp(reader), Writer::Tcp(writer))
}

#[cfg(unix)]
pub(super) fn unix(stream: UnixStream) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    (Reader::Unix(reader), Writer::Unix(writer))
}

pub(super) fn tls(stream: TlsStream<TcpStream>) -> (Reader, Writer) {
    let stream = Arc::new(Mutex::new(stream));
    (Reader::Tls(stream.clone()), Writer::Tls(stream))
}

impl Reader {
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Reader::Tcp(stream) => Pin::new(stream).poll_read(context, room),
            #[cfg(unix)]
            Reader::Unix(stream) => Pin::new(stream).poll_read(context, room),
            Reader::Tls(stream) => Pin::new(&mut *lock(stream)).poll_read(context, room),
        }
    }
}

impl Writer {
    /// Whether [`Writer::try_write`] may write anything.
    pub(super) fn is_direct(&self) -> bool {
        !matches!(self, Writer::Tls(_))
    }

    /// Writes what the stream takes at once; on any thread.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Writer::Unix(stream) => stream.try_write(bytes),
            Writer::Tls(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Writer::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            #[cfg(unix)]
            Writer::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Writer::Tls(stream) => Pin::new(&mut *lock(stream)).poll_write(context, bytes),
        }
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Writer::Tls(stream) => Pin::new(&mut *lock(stream)).poll_flush(context),
            _ => Poll::Ready(Ok(())),
        }
    }
}
