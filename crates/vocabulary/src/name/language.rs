//! The languages that Odoo has, by the codes that it gives them.

use super::InvalidName;

/// In the order of `res.lang.csv` of Odoo 19.0, sorted.
const KNOWN: [&str; 92] = [
    "am_ET", "ar_001", "ar_SY", "az_AZ", "be_BY", "bg_BG", "bn_IN", "bs_BA", "ca_ES", "cs_CZ",
    "da_DK", "de_CH", "de_DE", "el_GR", "en_AU", "en_CA", "en_GB", "en_IN", "en_NZ", "en_US",
    "es_419", "es_AR", "es_BO", "es_CL", "es_CO", "es_CR", "es_DO", "es_EC", "es_ES", "es_GT",
    "es_MX", "es_PA", "es_PE", "es_PY", "es_UY", "es_VE", "et_EE", "eu_ES", "fa_IR", "fi_FI",
    "fr_BE", "fr_CA", "fr_CH", "fr_FR", "gl_ES", "gu_IN", "he_IL", "hi_IN", "hr_HR", "hu_HU",
    "id_ID", "it_IT", "ja_JP", "ka_GE", "kab_DZ", "km_KH", "ko_KP", "ko_KR", "lb_LU", "lo_LA",
    "lt_LT", "lv_LV", "mk_MK", "ml_IN", "mn_MN", "ms_MY", "my_MM", "nb_NO", "nl_BE", "nl_NL",
    "pl_PL", "pt_AO", "pt_BR", "pt_PT", "ro_RO", "ru_RU", "sk_SK", "sl_SI", "sq_AL", "sr@Cyrl",
    "sr@latin", "sv_SE", "sw", "te_IN", "th_TH", "tl_PH", "tr_TR", "uk_UA", "vi_VN", "zh_CN",
    "zh_HK", "zh_TW",
];

/// Also what is well formed is refused when nobody speaks it: it would be noticed only in an Odoo that runs already.
pub(super) fn known(text: String) -> Result<String, InvalidName> {
    if KNOWN.binary_search(&text.as_str()).is_ok() {
        Ok(text)
    } else {
        Err(InvalidName("a language is one that Odoo has, such as en_US or de_DE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_what_is_not_in_it_is_refused() {
        assert!(KNOWN.is_sorted());
        for good in ["en_US", "de_DE", "sr@latin", "es_419", "zh_CN"] {
            assert!(known(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "de", "xx_XX", "en_us", "en_US ", "'; drop table x; --"] {
            assert!(known(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
