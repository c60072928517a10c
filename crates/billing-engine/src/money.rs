//! Rounding, as Kill Bill does it: shares of a period at 9 decimals, amounts at the scale of the currency, both half up.

use rust_decimal::{Decimal, RoundingStrategy};

/// How many decimals a currency (ISO 4217) has.
#[must_use]
pub(crate) fn scale(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// The amount as it can be paid in this currency.
#[must_use]
pub fn round(amount: Decimal, currency: &str) -> Decimal {
    let mut rounded =
        amount.round_dp_with_strategy(scale(currency), RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(scale(currency));
    rounded
}

/// What `days` of a period of `of` days cost at `rate` for the whole period.
#[must_use]
pub(crate) fn share(rate: Decimal, days: i64, of: i64, currency: &str) -> Decimal {
    let ratio = (Decimal::from(days) / Decimal::from(of))
        .round_dp_with_strategy(9, RoundingStrategy::MidpointAwayFromZero);
    round(rate * ratio, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_numbers_come_out() {
        assert_eq!(share(Decimal::new(500, 2), 21, 31, "USD"), Decimal::new(339, 2));
        assert_eq!(share(Decimal::new(800, 2), 21, 31, "USD"), Decimal::new(542, 2));
    }

    #[test]
    fn currencies_have_their_own_decimals() {
        let amount = Decimal::new(12345, 4);
        assert_eq!(round(amount, "JPY").to_string(), "1");
        assert_eq!(round(amount, "USD").to_string(), "1.23");
        assert_eq!(round(amount, "KWD").to_string(), "1.235");
        assert_eq!(round(Decimal::new(5, 0), "USD").to_string(), "5.00");
    }
}
