//! One stream of bytes that many ask on at once.
//!
//! Whoever asks puts the bytes of a request into one buffer and a place for the answer into one queue, under one lock, so that
//! both are in the same order. A line that is little used is written to by whoever asks, there and then; on one that is busy
//! requests gather, and go out together when its driver comes round.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use redis::{Cmd, PushKind, Value};
use tokio::io::ReadBuf;
use tokio::sync::oneshot;

use super::answer::{Answer, value};
use super::frame::{Frame, Malformed};
use super::stream::{Reader, Writer};
use crate::sync::{Mutex, lock};

/// With no more requests than this under way, one that comes is written by whoever asks, if there has been no crowd lately.
const SELDOM: usize = 2;

/// Where so many were under way at once, they go out together.
const CROWD: usize = 8;

/// Bytes that are read at once, at first and at least.
const READ: usize = 64 << 10;
const READ_LEAST: usize = 16 << 10;

/// Buffers that have grown beyond this are given back.
const KEPT: usize = 1 << 20;

/// What is told of pushed messages, in the order in which they arrive among the replies.
pub(super) type Pushed = Arc<dyn Fn(PushKind, Vec<Value>) + Send + Sync>;

/// The end of a line to ask at. Clones ask on the same line.
#[derive(Clone)]
pub(super) struct Line {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    driver: AtomicWaker,
}

#[derive(Default)]
struct Queue {
    /// Requests that nobody has begun to write.
    out: Vec<u8>,
    /// Who waits for answers, in the order of the requests.
    waiting: VecDeque<Waiting>,
    /// How many have waited lately: with each request one less, and at least as many as do.
    lately: usize,
    /// Whoever takes it out writes, and looks at `out` again when it is put back. None is left when the line is closed.
    writer: Option<Writer>,
    /// The driver was called and has not come yet.
    called: bool,
    closed: bool,
}

struct Waiting {
    replies: usize,
    teller: oneshot::Sender<Answer>,
}

/// Why a line has ended.
#[derive(Debug)]
pub(super) enum Broken {
    Closed,
    Stream(io::Error),
    Replies(Malformed),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Closed => f.write_str("the server has closed it"),
            Broken::Stream(error) => error.fmt(f),
            Broken::Replies(Malformed(why)) => f.write_str(why),
        }
    }
}

impl From<Malformed> for Broken {
    fn from(malformed: Malformed) -> Self {
        Broken::Replies(malformed)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

/// The two ends of a line over a stream. Nothing is read, and not all is written, unless the driver is polled.
pub(super) fn line(reader: Reader, writer: Writer, pushed: Option<Pushed>) -> (Line, Driver) {
    let queue = Queue { writer: Some(writer), ..Queue::default() };
    let shared = Arc::new(Shared { queue: Mutex::new(queue), driver: AtomicWaker::new() });
    let driver = Driver {
        shared: shared.clone(),
        reader,
        input: Input { bytes: vec![0; READ], start: 0, end: 0 },
        frame: Frame::default(),
        taken: 0,
        answering: None,
        writing: None,
        pushed,
    };
    (Line { shared }, driver)
}

/// Commands as they are sent.
pub(crate) fn packed(commands: &[Cmd]) -> Vec<u8> {
    let mut bytes = Vec::new();
    commands.iter().for_each(|command| command.write_packed_command(&mut bytes));
    bytes
}

impl Line {
    /// Sends one request, of commands in one or several pieces that ask for so many replies, at least one. The answer does
    /// not come when the line ends before it.
    pub(super) fn send(&self, pieces: &[&[u8]], replies: usize) -> oneshot::Receiver<Answer> {
        let (teller, told) = oneshot::channel();
        let mut queue = lock(&self.shared.queue);
        if queue.closed {
            return told;
        }
        pieces.iter().for_each(|piece| queue.out.extend_from_slice(piece));
        queue.waiting.push_back(Waiting { replies, teller });
        queue.lately = queue.lately.saturating_sub(1).max(queue.waiting.len());
        let seldom = queue.waiting.len() <= SELDOM && queue.lately < CROWD;
        if let Some(writer) = queue.writer.take_if(|writer| seldom && writer.is_direct()) {
            let bytes = mem::take(&mut queue.out);
            drop(queue);
            // An error is met again by the driver, which ends the line.
            let written = writer.try_write(&bytes).unwrap_or(0);
            self.shared.wrote(writer, bytes, written);
        } else if queue.writer.is_some() && !mem::replace(&mut queue.called, true) {
            drop(queue);
            self.shared.driver.wake();
        }
        told
    }

    /// Whether every request has been answered, or is just being.
    pub(super) fn is_idle(&self) -> bool {
        lock(&self.shared.queue).waiting.is_empty()
    }

    /// Sends commands, of which there is at least one; a value comes back for each.
    pub(super) fn ask(&self, commands: &[Cmd]) -> impl Future<Output = Result<Vec<Value>, Broken>> + use<> {
        let told = self.send(&[&packed(commands)], commands.len());
        async move { Ok(told.await.map_err(|_| Broken::Closed)?.values()?) }
    }
}

impl Shared {
    fn wrote(&self, writer: Writer, mut bytes: Vec<u8>, written: usize) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            return;
        }
        queue.writer = Some(writer);
        bytes.drain(..written);
        if bytes.is_empty() && queue.out.is_empty() {
            if bytes.capacity() <= KEPT {
                queue.out = bytes;
            }
            return;
        }
        bytes.append(&mut queue.out);
        queue.out = bytes;
        if !mem::replace(&mut queue.called, true) {
            drop(queue);
            self.driver.wake();
        }
    }
}

/// Reads and writes; whoever holds it must poll it. It ends with the line; when it is dropped, whoever still waits is told.
pub(super) struct Driver {
    shared: Arc<Shared>,
    reader: Reader,
    input: Input,
    /// The reply that is being read.
    frame: Frame,
    /// How much of the input is whole replies to the request that is being answered.
    taken: usize,
    answering: Option<Answering>,
    writing: Option<Writing>,
    pushed: Option<Pushed>,
}

/// What has been read and not used, among bytes that are all initialized.
struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// The request whose replies are just arriving.
struct Answering {
    waiting: Waiting,
    /// How many replies are still to come.
    left: usize,
    /// What came before a push that stood among them.
    answer: Answer,
}

struct Writing {
    writer: Writer,
    bytes: Vec<u8>,
    written: usize,
}

impl Future for Driver {
    type Output = Broken;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Broken> {
        let driver = self.get_mut();
        // Before the queue is looked at, so that no call is missed.
        driver.shared.driver.register(context.waker());
        if let Err(broken) = driver.write(context) {
            return Poll::Ready(broken);
        }
        loop {
            if let Err(broken) = ready!(driver.read(context)).and_then(|()| driver.deliver()) {
                return Poll::Ready(broken);
            }
        }
    }
}

impl Driver {
    /// Writes what there is, as far as the stream takes it.
    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Broken> {
        loop {
            let Some(mut writing) = self.writing.take().or_else(|| self.begin()) else { return Ok(()) };
            while writing.written < writing.bytes.len() {
                match writing.writer.poll_write(context, &writing.bytes[writing.written..]) {
                    Poll::Ready(Ok(0)) => return Err(Broken::Closed),
                    Poll::Ready(Ok(length)) => writing.written += length,
                    Poll::Ready(Err(error)) => return Err(Broken::Stream(error)),
                    Poll::Pending => {
                        self.writing = Some(writing);
                        return Ok(());
                    }
                }
            }
            match writing.writer.poll_flush(context) {
                Poll::Ready(flushed) => flushed.map_err(Broken::Stream)?,
                Poll::Pending => {
                    self.writing = Some(writing);
                    return Ok(());
                }
            }
            let Writing { writer, mut bytes, .. } = writing;
            let mut queue = lock(&self.shared.queue);
            queue.writer = Some(writer);
            if queue.out.is_empty() {
                if bytes.capacity() <= KEPT {
                    bytes.clear();
                    queue.out = bytes;
                }
                return Ok(());
            }
        }
    }

    fn begin(&self) -> Option<Writing> {
        let mut queue = lock(&self.shared.queue);
        queue.called = false;
        if queue.out.is_empty() {
            return None;
        }
        // Whoever has it will call again.
        let writer = queue.writer.take()?;
        Some(Writing { writer, bytes: mem::take(&mut queue.out), written: 0 })
    }

    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let input = &mut self.input;
        input.make_room();
        let mut room = ReadBuf::new(&mut input.bytes[input.end..]);
        ready!(self.reader.poll_read(context, &mut room)).map_err(Broken::Stream)?;
        let length = room.filled().len();
        input.end += length;
        Poll::Ready(if length == 0 { Err(Broken::Closed) } else { Ok(()) })
    }

    /// Hands out what has come.
    fn deliver(&mut self) -> Result<(), Broken> {
        loop {
            let unread = &self.input.bytes[self.input.start..self.input.end];
            let Some(end) = self.frame.end(&unread[self.taken..])? else { return Ok(()) };
            self.frame = Frame::default();
            let end = self.taken + end;
            if unread[self.taken] == b'>' {
                let pushed = value(&unread[self.taken..end])?;
                if let Some(answering) = &mut self.answering {
                    answering.answer.bytes.extend_from_slice(&unread[..self.taken]);
                }
                self.input.start += end;
                self.taken = 0;
                if let (Some(receive), Value::Push { kind, data }) = (&self.pushed, pushed) {
                    receive(kind, data);
                }
                continue;
            }
            let mut answering = match self.answering.take() {
                Some(answering) => answering,
                None => self.next().ok_or(Malformed("replies and commands are out of step"))?,
            };
            answering.answer.erring |= matches!(unread[self.taken], b'-' | b'!');
            answering.left = answering.left.saturating_sub(1);
            if answering.left > 0 {
                self.answering = Some(answering);
                self.taken = end;
                continue;
            }
            let Answering { waiting, mut answer, .. } = answering;
            match answer.bytes.is_empty() {
                true => answer.bytes = unread[..end].to_vec(),
                false => answer.bytes.extend_from_slice(&unread[..end]),
            }
            self.input.start += end;
            self.taken = 0;
            // It may have given up waiting.
            let _ = waiting.teller.send(answer);
        }
    }

    fn next(&self) -> Option<Answering> {
        let waiting = lock(&self.shared.queue).waiting.pop_front()?;
        Some(Answering { left: waiting.replies, waiting, answer: Answer::default() })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.closed = true;
        let left = (mem::take(&mut queue.waiting), mem::take(&mut queue.out), queue.writer.take());
        // Whoever is told by this may do anything at once.
        drop(queue);
        drop(left);
    }
}

impl Input {
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > KEPT {
                self.bytes = vec![0; READ];
            }
        }
        if self.bytes.len() - self.end >= READ_LEAST {
            return;
        }
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.bytes.len() - self.end < READ_LEAST.max(self.bytes.len() / 2) {
            self.bytes.resize(2 * self.bytes.len(), 0);
        }
    }
}
