//! What is wrong with a value.

/// A text that is not the value it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a decimal number, or one of more than 28 digits.
    #[error("`{0}` is not a decimal number")]
    Decimal(String),
    /// Not a day of the calendar as `YYYY-MM-DD`.
    #[error("`{0}` is not a date: write YYYY-MM-DD")]
    Date(String),
    /// Not an RFC 3339 date and time with its offset.
    #[error("`{0}` is not a date and time: write YYYY-MM-DDThh:mm:ssZ or with an offset")]
    DateTime(String),
    /// Neither of the two.
    #[error("`{0}` is neither a date nor a date and time of RFC 3339")]
    Moment(String),
}

/// The beginning of a text from outside, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
