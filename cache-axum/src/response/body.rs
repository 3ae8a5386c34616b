//! The body of an answer.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// The body of an answer: bytes from the cache, or the body of the service around which the layer is laid, as it comes.
pub struct ResponseBody<B: Body> {
    kind: Kind<B>,
}

enum Kind<B: Body> {
    /// All of it.
    Whole(Bytes),
    /// None, of a response whose length is that of another.
    Bodiless,
    Passed(Pin<Box<B>>),
    Begun(Begun<B>),
}

/// A body that was collected up to some point.
pub(super) struct Begun<B: Body> {
    pub(super) chunks: VecDeque<Bytes>,
    pub(super) end: End<B>,
}

/// What follows after the chunks.
pub(super) enum End<B: Body> {
    Rest(Pin<Box<B>>),
    Trailers(HeaderMap, Pin<Box<B>>),
    Error(Box<B::Error>),
    Nothing,
}

impl<B: Body> ResponseBody<B> {
    fn new(kind: Kind<B>) -> Self {
        ResponseBody { kind }
    }

    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::new(Kind::Whole(bytes))
    }

    /// Nothing, without saying that there is nothing: servers would add a length of zero to the head.
    pub(super) fn bodiless() -> Self {
        Self::new(Kind::Bodiless)
    }

    pub(crate) fn passed(body: B) -> Self {
        Self::new(Kind::Passed(Box::pin(body)))
    }

    pub(super) fn begun(begun: Begun<B>) -> Self {
        Self::new(Kind::Begun(begun))
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.kind {
            Kind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Bodiless => Poll::Ready(None),
            Kind::Passed(body) => body.as_mut().poll_frame(cx),
            Kind::Begun(begun) => begun.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Bodiless => true,
            Kind::Passed(body) => body.is_end_stream(),
            Kind::Begun(begun) => begun.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Bodiless => SizeHint::default(),
            Kind::Passed(body) => body.size_hint(),
            Kind::Begun(begun) => begun.size_hint(),
        }
    }
}

impl<B: Body<Data = Bytes>> Begun<B> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let frame = match &mut self.end {
            End::Rest(rest) => return rest.as_mut().poll_frame(cx),
            End::Trailers(..) | End::Error(_) | End::Nothing => std::mem::replace(&mut self.end, End::Nothing),
        };
        Poll::Ready(match frame {
            End::Trailers(trailers, rest) => {
                self.end = End::Rest(rest);
                Some(Ok(Frame::trailers(trailers)))
            }
            End::Error(error) => Some(Err(*error)),
            End::Rest(_) | End::Nothing => None,
        })
    }

    fn is_over(&self) -> bool {
        self.chunks.is_empty()
            && match &self.end {
                End::Rest(rest) => rest.is_end_stream(),
                End::Trailers(..) | End::Error(_) => false,
                End::Nothing => true,
            }
    }

    fn size_hint(&self) -> SizeHint {
        let held: u64 = self.chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let rest = match &self.end {
            End::Rest(rest) => rest.size_hint(),
            // Frames that are no data are not counted.
            End::Trailers(_, rest) => rest.size_hint(),
            End::Error(_) => return SizeHint::default(),
            End::Nothing => SizeHint::with_exact(0),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(held.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(held)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Whole(bytes) => return write!(f, "ResponseBody({} bytes)", bytes.len()),
            Kind::Bodiless => "none",
            Kind::Passed(_) => "passed on",
            Kind::Begun(_) => "begun",
        };
        write!(f, "ResponseBody({kind})")
    }
}

/// The frames of a body, one after the other.
pub(super) async fn next<B: Body>(body: &mut Pin<Box<B>>) -> Option<Result<Frame<B::Data>, B::Error>> {
    std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await
}
