//! A body that is read to its end, if that comes soon enough.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;

use super::body::{Begun, End, ResponseBody, next};
use super::verdict::Unfit;
use crate::settings::Settings;

/// All of a body, or why not, with a body that has lost nothing.
pub(super) async fn collect<B: Body<Data = Bytes>>(
    settings: &Settings,
    headers: &HeaderMap,
    body: B,
) -> Result<Bytes, (Unfit, ResponseBody<B>)> {
    let length = match headers.get(header::CONTENT_LENGTH) {
        None => None,
        Some(length) => match length.to_str().ok().and_then(|length| length.parse::<u64>().ok()) {
            Some(length) => Some(length),
            None => return Err((Unfit::Length, ResponseBody::passed(body))),
        },
    };
    let hint = body.size_hint();
    let limit = settings.max_body as u64;
    if hint.lower() > limit || length.is_some_and(|length| length > limit) {
        return Err((Unfit::TooLarge, ResponseBody::passed(body)));
    }
    if hint.upper().or(length).is_none() && !settings.collects_streams && !body.is_end_stream() {
        return Err((Unfit::Streamed, ResponseBody::passed(body)));
    }
    let mut body = Box::pin(body);
    let mut chunks = VecDeque::new();
    let mut size: u64 = 0;
    let (unfit, end) = loop {
        let frame = match next(&mut body).await {
            None if length.is_some_and(|length| length != size) => break (Unfit::Length, End::Nothing),
            None => return Ok(joined(chunks, size)),
            Some(Err(error)) => break (Unfit::Broken, End::Error(Box::new(error))),
            Some(Ok(frame)) => frame,
        };
        match frame.into_data() {
            Ok(chunk) => {
                size += chunk.len() as u64;
                chunks.push_back(chunk);
                if size > limit {
                    break (Unfit::TooLarge, End::Rest(body));
                }
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    break (Unfit::Trailers, End::Trailers(trailers, body));
                }
            }
        }
    };
    Err((unfit, ResponseBody::begun(Begun { chunks, end })))
}

fn joined(mut chunks: VecDeque<Bytes>, size: u64) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop_front().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
    chunks.iter().for_each(|chunk| all.extend_from_slice(chunk));
    all.freeze()
}
