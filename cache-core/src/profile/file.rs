//! Profiles as files say them.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::lifetime;
use super::operation::Operations;
use super::policy::Profile;
use super::{Profiles, of};

const OPTIONS: &str = "operations, ttl, instance, collections, write_through";

/// Words of other caches, and ours for them.
const OTHER_WORDS: [(&str, &str); 6] = [
    ("ops", "operations"),
    ("operation", "operations"),
    ("timeout", "ttl"),
    ("expires", "ttl"),
    ("local_get", "instance"),
    ("cache_on_save", "write_through"),
];

/// A map from patterns to profiles, in any self-describing format.
///
/// A profile is a text as [`Profile`] reads it, or a map of `operations` (words in a text or in a list), `ttl` (a text such as `15m`) and the flags
/// `instance`, `collections` and `write_through`. Errors name the pattern and what to do.
impl<'de> Deserialize<'de> for Profiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(File)
    }
}

struct File;

impl<'de> Visitor<'de> for File {
    type Value = Profiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("profiles by table, such as `article = \"get, 15m\"`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Profiles, A::Error> {
        let mut builder = Profiles::builder();
        while let Some(pattern) = map.next_key::<String>()? {
            let profile = map.next_value_seed(Line { pattern: &pattern })?;
            builder = builder.set(pattern, profile);
        }
        builder.build().map_err(de::Error::custom)
    }
}

/// The profile of one pattern.
struct Line<'a> {
    pattern: &'a str,
}

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = Profile;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Profile, D::Error> {
        deserializer.deserialize_any(Reading(|said| self.profile(said).map_err(|fault| of(self.pattern, &fault))))
    }
}

impl Line<'_> {
    fn profile(&self, said: Said) -> Result<Profile, String> {
        match said {
            Said::Text(text) => Profile::read(&text),
            Said::Map(options) => self.long(options),
            other => Err(format!("{other} is no profile; write a text such as \"get, 15m\", or \"none\"")),
        }
    }

    fn long(&self, options: Vec<(String, Said)>) -> Result<Profile, String> {
        let mut operations = None;
        let mut profile = Profile::none();
        let mut seen: Vec<&str> = Vec::new();
        for (option, said) in &options {
            if seen.contains(&option.as_str()) {
                return Err(format!("`{option}` is given twice; keep one"));
            }
            seen.push(option);
            match option.as_str() {
                "operations" => operations = Some(said.operations()?),
                "ttl" => profile = profile.ttl(said.ttl()?),
                "instance" => profile = profile.instance(said.flag(option)?),
                "collections" => profile = profile.collections(said.flag(option)?),
                "write_through" => profile = profile.write_through(said.flag(option)?),
                _ => return Err(self.unknown(option, said)),
            }
        }
        let operations = operations
            .ok_or("it does not say which operations; write `operations = [\"get\", \"count\"]`, or \"none\"")?;
        Ok(profile.with_operations(operations))
    }

    fn unknown(&self, option: &str, said: &Said) -> String {
        if let Some((_, ours)) = OTHER_WORDS.iter().find(|(other, _)| *other == option) {
            return format!("the option `{option}` is called `{ours}` here");
        }
        let message = format!("the option `{option}` is not known; known are {OPTIONS}");
        match said {
            Said::Text(_) | Said::Map(_) => {
                format!("{message}. A table with its schema is written in quotes: `\"{}.{option}\"`", self.pattern)
            }
            _ => message,
        }
    }
}

/// What a file says in some place, before it is known whether it belongs there.
enum Said {
    Text(String),
    Flag(bool),
    Number(String),
    List(Vec<Said>),
    Map(Vec<(String, Said)>),
    Nothing,
}

impl Said {
    fn operations(&self) -> Result<Operations, String> {
        match self {
            Said::Text(text) => Operations::of_words(text.split(',')),
            Said::List(words) => {
                let words: Result<Vec<&str>, String> = words.iter().map(Said::word).collect();
                Operations::of_words(words?)
            }
            other => Err(format!("`operations` is {other}; write a list of words such as [\"get\", \"count\"]")),
        }
    }

    fn word(&self) -> Result<&str, String> {
        match self {
            Said::Text(text) => Ok(text),
            other => Err(format!("{other} is among the `operations`; write words such as \"get\"")),
        }
    }

    fn ttl(&self) -> Result<std::time::Duration, String> {
        match self {
            Said::Text(text) => lifetime::parse(text),
            Said::Number(number) => Err(format!("`ttl = {number}` has no unit; write \"{number}s\"")),
            other => Err(format!("`ttl` is {other}; write a text such as \"15m\"")),
        }
    }

    fn flag(&self, option: &str) -> Result<bool, String> {
        match self {
            Said::Flag(flag) => Ok(*flag),
            other => Err(format!("`{option}` is {other}; write true or false")),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Text(text) => write!(f, "the text \"{text}\""),
            Said::Flag(flag) => write!(f, "`{flag}`"),
            Said::Number(number) => write!(f, "the number {number}"),
            Said::List(_) => f.write_str("a list"),
            Said::Map(_) => f.write_str("a table of options"),
            Said::Nothing => f.write_str("nothing"),
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading(Ok))
    }
}

/// Makes something of what is said while the format still knows where it stands, so that it can tell the line of a fault.
struct Reading<F>(F);

impl<T, F: FnOnce(Said) -> Result<T, String>> Reading<F> {
    fn read<E: de::Error>(self, said: Said) -> Result<T, E> {
        (self.0)(said).map_err(E::custom)
    }
}

impl<'de, T, F: FnOnce(Said) -> Result<T, String>> Visitor<'de> for Reading<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a profile, such as \"get, 15m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        self.read(Said::Text(text.into()))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<T, E> {
        self.read(Said::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.read(Said::Number(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.read(Said::Number(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.read(Said::Number(number.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        self.read(Said::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        self.read(Said::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        self.read(Said::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<T, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        self.read(Said::Map(map))
    }
}
