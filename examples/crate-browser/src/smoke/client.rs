//! As much HTTP as a visit takes: one request a connection.

use crate::{
    failure::Failure,
    web::page::{COST_HEADER, Cost},
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

/// No page takes as long as this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks one server.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// What the page cost, where it says so.
    pub cost: Cost,
    /// The page.
    pub body: String,
}

impl Answer {
    /// SQL statements that the page took.
    pub fn statements(&self) -> u64 {
        self.cost.statements
    }

    /// Whether anything of it had to be made.
    pub fn is_fresh(&self) -> bool {
        self.cost.misses > 0
    }

    /// The page without its foot, which tells of the visit.
    pub fn content(&self) -> &str {
        self.body.split_once("<footer").map_or(self.body.as_str(), |(content, _)| content)
    }

    fn parse(answer: &str) -> Option<Self> {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let cost = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(COST_HEADER.as_str()).then(|| Cost::parse(value.trim()))?
        });
        Some(Self { status, cost: cost.unwrap_or_default(), body: body.to_owned() })
    }
}

impl Client {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Asks for a page.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)).await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, form: &str) -> Result<Answer, Failure> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        self.ask(&request).await
    }

    async fn ask(&self, request: &str) -> Result<Answer, Failure> {
        let silent = |reason: &dyn std::fmt::Display| {
            let line = request.lines().next().unwrap_or_default();
            Failure::new(format_args!("no answer to {line} ({reason})"), "look at the server's output above")
        };
        let text = time::timeout(PATIENCE, self.exchange(request))
            .await
            .map_err(|elapsed| silent(&elapsed))?
            .map_err(|error| silent(&error))?;
        Answer::parse(&text).ok_or_else(|| silent(&"not understood"))
    }

    async fn exchange(&self, request: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn an_answer_is_taken_apart() {
        let text = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nX-Page-Cost: 4 1 2 0.5\r\n\r\n<main>x</main><footer>y</footer>";
        let answer = Answer::parse(text).unwrap();
        assert_eq!((answer.status, answer.statements(), answer.content()), (200, 4, "<main>x</main>"));
        assert!(Answer::parse("nonsense").is_none());
    }
}
