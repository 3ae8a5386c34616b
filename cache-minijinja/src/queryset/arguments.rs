//! Arguments of the queryset methods.

use minijinja::Value;
use minijinja::value::Kwargs;

use crate::error::{Error, ErrorKind};

fn wrong(method: &str, expected: &str) -> Error {
    Error::new(ErrorKind::Argument, format!("`{method}` takes {expected}"))
}

/// `field=value` pairs.
pub(super) fn conditions(method: &str, args: &[Value]) -> Result<Vec<(String, Value)>, Error> {
    let kwargs = match args {
        [] => return Ok(Vec::new()),
        [kwargs] if kwargs.is_kwargs() => Kwargs::try_from(kwargs.clone())?,
        _ => return Err(wrong(method, "conditions like `field=value` only")),
    };
    let mut conditions = Vec::new();
    for field in kwargs.args() {
        let value: Value = kwargs.peek(field)?;
        if value.is_undefined() {
            return Err(Error::new(ErrorKind::Argument, format!("the value for `{field}` in `{method}` is undefined")));
        }
        conditions.push((field.to_owned(), value));
    }
    Ok(conditions)
}

/// Names of fields.
pub(super) fn fields<'a>(method: &str, args: &'a [Value]) -> Result<Vec<&'a str>, Error> {
    args.iter().map(|arg| arg.as_str().ok_or_else(|| wrong(method, "names of fields as text"))).collect()
}

/// One number of rows.
pub(super) fn rows(method: &str, args: &[Value]) -> Result<u64, Error> {
    let number = match args {
        [number] if number.is_integer() => u64::try_from(number.clone()).ok(),
        _ => None,
    };
    number.ok_or_else(|| wrong(method, "one number of rows, zero or more"))
}

/// Nothing.
pub(super) fn none(method: &str, args: &[Value]) -> Result<(), Error> {
    match args {
        [] => Ok(()),
        _ => Err(wrong(method, "no arguments")),
    }
}
