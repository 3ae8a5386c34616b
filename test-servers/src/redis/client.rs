//! As much of a client as tests need to tell a server what to do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that speaks RESP 2.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a port of 127.0.0.1.
    pub(super) fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends a command and returns the answer: every string and number on a line of its own, nothing for what is null.
    pub(super) fn command(&mut self, words: &[&str]) -> io::Result<String> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut lines = Vec::new();
        self.read(&mut lines)?;
        Ok(lines.join("\n"))
    }

    fn read(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        let mut head = String::new();
        if self.stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let odd = || io::Error::new(io::ErrorKind::InvalidData, "an answer that is not RESP 2");
        let head = head.trim_end_matches(['\r', '\n']);
        let (kind, rest) = head.split_at_checked(1).ok_or_else(odd)?;
        let length = || rest.parse::<i64>().map_err(|_| odd());
        match kind {
            "+" | ":" => lines.push(rest.to_owned()),
            "-" => return Err(io::Error::other(rest.to_owned())),
            "$" => {
                // Negative where it is null.
                let Ok(length) = usize::try_from(length()?) else { return Ok(()) };
                let mut text = vec![0; length + 2];
                self.stream.read_exact(&mut text)?;
                text.truncate(length);
                lines.push(String::from_utf8_lossy(&text).into_owned());
            }
            "*" => {
                for _ in 0..length()? {
                    self.read(lines)?;
                }
            }
            _ => return Err(odd()),
        }
        Ok(())
    }
}
