//! Template values as database values.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::error::{Error, ErrorKind};

/// The typed value that a template value stands for: for conditions and dependencies of a [`TemplateQuery`].
///
/// ```
/// use cache_minijinja::scalar;
/// assert_eq!(scalar(&minijinja::Value::from(3))?, cache_core::Value::from(3));
/// assert!(scalar(&minijinja::Value::UNDEFINED).is_err());
/// # Ok::<(), cache_minijinja::Error>(())
/// ```
///
/// # Errors
///
/// When it is neither none, a truth value, a number, text nor bytes.
///
/// [`TemplateQuery`]: crate::TemplateQuery
pub fn scalar(value: &Value) -> Result<cache_core::Value, Error> {
    let scalar = match value.kind() {
        ValueKind::None => Some(cache_core::Value::Null),
        ValueKind::Bool => Some(cache_core::Value::from(value.is_true())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone())
            .map(cache_core::Value::from)
            .or_else(|_| u128::try_from(value.clone()).map(cache_core::Value::from))
            .ok(),
        ValueKind::Number => f64::try_from(value.clone()).map(cache_core::Value::from).ok(),
        ValueKind::String => value.as_str().map(cache_core::Value::from),
        ValueKind::Bytes => value.as_bytes().map(|bytes| cache_core::Value::from(bytes.to_vec())),
        _ => None,
    };
    scalar.ok_or_else(|| {
        Error::new(ErrorKind::Argument, format!("a value of type {} cannot be compared with a column", value.kind()))
    })
}
