//! How single values are written.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vocabulary::{CpuLimit, MemorySize};

/// What something may use: `{ cpu = "2", memory = "4G" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Processors.
    pub cpu: CpuLimit,
    /// Memory.
    pub memory: MemorySize,
}

/// A range with both its ends: `20000-32000`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "N: Copy + Display + FromStr + PartialOrd")]
pub struct Range<N>(RangeInclusive<N>);

impl<N: Clone> Range<N> {
    /// The numbers in it.
    #[must_use]
    pub fn numbers(&self) -> RangeInclusive<N> {
        self.0.clone()
    }
}

impl<N: FromStr + PartialOrd> TryFrom<String> for Range<N> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const RULE: &str = "a range has the form 20000-32000, the smaller number first";
        let (first, last) = text.split_once('-').ok_or(RULE)?;
        let number = |text: &str| text.trim().parse::<N>().map_err(|_| RULE);
        let (first, last) = (number(first)?, number(last)?);
        if first <= last { Ok(Self(first..=last)) } else { Err(RULE) }
    }
}

impl<N: Display> From<Range<N>> for String {
    fn from(range: Range<N>) -> Self {
        format!("{}-{}", range.0.start(), range.0.end())
    }
}

/// A duration like `1h 30m`, longer than nothing.
pub(crate) mod duration {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        const RULE: &str = "a duration is written like 30s or 1h 30m, and longer than nothing";
        let text = String::deserialize(from)?;
        let duration = humantime::parse_duration(&text).map_err(|_| D::Error::custom(RULE))?;
        if duration.is_zero() { Err(D::Error::custom(RULE)) } else { Ok(duration) }
    }

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_duration(*value))
    }
}

/// A value where an empty text means none.
pub(crate) mod optional {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(from)?;
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
    }

    pub(crate) fn serialize<T, S>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error>
    where
        T: Display,
        S: Serializer,
    {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_str(""),
        }
    }
}

/// A path where an empty text means none.
pub(crate) mod optional_path {
    use std::path::PathBuf;

    use serde::{Deserializer, Serializer};

    pub(crate) fn deserialize<'de, D>(from: D) -> Result<Option<PathBuf>, D::Error>
    where
        D: Deserializer<'de>,
    {
        super::optional::deserialize(from)
    }

    pub(crate) fn serialize<S>(value: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        to.collect_str(&value.as_deref().unwrap_or_else(|| "".as_ref()).display())
    }
}

/// A secret where an empty text means none; it is written as stars.
pub(crate) mod secret {
    use secrecy::SecretString;
    use serde::{Deserializer, Serializer};

    pub(crate) fn deserialize<'de, D>(from: D) -> Result<Option<SecretString>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let text: Option<String> = super::optional::deserialize(from)?;
        Ok(text.map(SecretString::from))
    }

    pub(crate) fn serialize<S>(value: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        to.serialize_str(if value.is_some() { "***" } else { "" })
    }
}
