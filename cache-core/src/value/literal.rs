//! Values as text for people.

use std::fmt;

use super::Value;

impl fmt::Display for Value {
    /// Writes the value as a literal, much as SQL has them.
    ///
    /// For logs and explanations: floats, dates and UUIDs are bare.
    ///
    /// ```
    /// use cache_core::Value;
    ///
    /// assert_eq!(Value::from("it's").to_string(), "'it''s'");
    /// assert_eq!(Value::from(vec![0_u8, 255]).to_string(), "x'00ff'");
    /// assert_eq!(Value::from(None::<i32>).to_string(), "NULL");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(true) => f.write_str("TRUE"),
            Value::Bool(false) => f.write_str("FALSE"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Decimal(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::Text(value) => quoted(f, value),
            Value::Folded(value) => {
                f.write_str("~")?;
                quoted(f, value)
            }
            Value::Bytes(value) => {
                f.write_str("x'")?;
                for byte in value.iter() {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str("'")
            }
            Value::Date(value) => write!(f, "{value}"),
            Value::Time(value) => write!(f, "{value}"),
            Value::DateTime(value) => write!(f, "{value}"),
            Value::Instant(value) => write!(f, "{value}"),
            Value::Uuid(bytes) => {
                for (index, byte) in bytes.iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
            Value::Json(value) => quoted(f, &value.to_string()),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "'{}'", text.replace('\'', "''"))
}
