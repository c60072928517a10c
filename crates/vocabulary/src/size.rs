//! Sizes of machines: memory, storage and processors.

use rust_decimal::Decimal;
use utoipa::openapi::schema::SchemaType;

/// Why a size is refused: the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSize(pub &'static str);

/// An amount of memory or storage, written like `512M` or `2G` (powers of 1024).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "2G")]
pub struct MemorySize(u64);

impl MemorySize {
    /// The largest size that is taken at its word: 64 TiB.
    const MOST: u64 = 64 * 1024 * 1024;

    /// The size in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0 * 1024 * 1024
    }

    /// The size in MiB.
    #[must_use]
    pub fn mebibytes(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for MemorySize {
    type Error = InvalidSize;

    fn try_from(text: String) -> Result<Self, InvalidSize> {
        text.parse()
    }
}

impl std::str::FromStr for MemorySize {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        const RULE: InvalidSize =
            InvalidSize("a size is a whole number from 1 followed by M or G, at most 64 TiB");
        let (number, unit) = text
            .strip_suffix('M')
            .map(|number| (number, 1))
            .or_else(|| text.strip_suffix('G').map(|number| (number, 1024)))
            .ok_or(RULE)?;
        if !number.chars().all(|c| c.is_ascii_digit()) {
            return Err(RULE);
        }
        let mebibytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or(RULE)?;
        if (1..=Self::MOST).contains(&mebibytes) { Ok(Self(mebibytes)) } else { Err(RULE) }
    }
}

impl std::fmt::Display for MemorySize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_multiple_of(1024) {
            write!(f, "{}G", self.0 / 1024)
        } else {
            write!(f, "{}M", self.0)
        }
    }
}

impl From<MemorySize> for String {
    fn from(size: MemorySize) -> String {
        size.to_string()
    }
}

/// A share of processors, in cores: 0.1 to 64.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct CpuLimit(Decimal);

impl utoipa::PartialSchema for CpuLimit {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, Type};

        ObjectBuilder::new()
            .schema_type([Type::String, Type::Number].into_iter().collect::<SchemaType>())
            .description(Some("A share of processors, in cores: 0.1 to 64."))
            .examples(["1.0"])
            .into()
    }
}

impl utoipa::ToSchema for CpuLimit {}

impl CpuLimit {
    /// The limit in cores.
    #[must_use]
    pub fn cores(self) -> Decimal {
        self.0
    }

    /// The limit in thousandths of a core.
    #[must_use]
    pub fn millicores(self) -> u64 {
        u64::try_from((self.0 * Decimal::ONE_THOUSAND).trunc().mantissa())
            .expect("a limit is between 0.1 and 64 cores")
    }
}

impl TryFrom<Decimal> for CpuLimit {
    type Error = InvalidSize;

    fn try_from(cores: Decimal) -> Result<Self, InvalidSize> {
        if (Decimal::new(1, 1)..=Decimal::from(64)).contains(&cores) {
            Ok(Self(cores))
        } else {
            Err(InvalidSize("a CPU limit is a number of cores from 0.1 to 64"))
        }
    }
}

impl From<CpuLimit> for Decimal {
    fn from(limit: CpuLimit) -> Decimal {
        limit.0
    }
}

impl std::fmt::Display for CpuLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.normalize().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        assert_eq!("2G".parse::<MemorySize>().unwrap().bytes(), 2 << 30);
        assert_eq!("2048M".parse::<MemorySize>().unwrap().to_string(), "2G");
        assert_eq!("1536M".parse::<MemorySize>().unwrap().to_string(), "1536M");
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        for text in ["", "G", "-1G", "0M", "+2G", "1.5G", "2T", "99999999999999999999G"] {
            assert!(text.parse::<MemorySize>().is_err(), "{text}");
        }
        for cores in [Decimal::ZERO, Decimal::NEGATIVE_ONE, Decimal::from(65)] {
            assert!(CpuLimit::try_from(cores).is_err(), "{cores}");
        }
    }

    #[test]
    fn a_cpu_limit_has_millicores() {
        let limit = CpuLimit::try_from(Decimal::new(15, 1)).unwrap();
        assert_eq!(limit.millicores(), 1500);
    }
}
