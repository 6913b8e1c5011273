//! Numbers as people read them: true minus signs, powers of ten with superscripts, never more digits than help.

/// Decimals of an accuracy or a loss.
pub(crate) const DECIMALS: usize = 4;
/// Half of the last decimal: smaller numbers would read as zero.
const SMALLEST: f64 = 0.5e-4;
/// Sign for a number that does not exist.
pub(crate) const NONE: &str = "–";

/// `0.8312`; numbers too small for the decimals in powers of ten.
pub(crate) fn fixed(value: f64) -> String {
    if value != 0.0 && (value.abs() < SMALLEST || value.abs() >= 1e6) {
        return magnitude(value);
    }
    minus(&format!("{value:.DECIMALS$}"))
}

/// A difference: `+0.0003`, `−0.0012`, `0`.
pub(crate) fn signed(value: f64) -> String {
    match value {
        // A mean of differences that cancel is zero but for its rounding.
        _ if value.abs() < 1e-15 => "0".into(),
        _ if value > 0.0 => format!("+{}", fixed(value)),
        _ => fixed(value),
    }
}

/// `[−0.0012, +0.0018]`
pub(crate) fn signed_interval([low, high]: [f64; 2]) -> String {
    format!("[{}, {}]", signed(low), signed(high))
}

/// `[0.8301, 0.8345]`
pub(crate) fn interval([low, high]: [f64; 2]) -> String {
    format!("[{}, {}]", fixed(low), fixed(high))
}

/// Two significant digits at any size: `0.45`, `31`, `2.1×10⁻⁶`.
pub(crate) fn magnitude(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        _ if (9.95..9999.5).contains(&size) => minus(&format!("{value:.0}")),
        _ if (0.995..9.95).contains(&size) => minus(&format!("{value:.1}")),
        _ if (0.0995..0.995).contains(&size) => minus(&format!("{value:.2}")),
        _ if (0.00995..0.0995).contains(&size) => minus(&format!("{value:.3}")),
        _ => scientific(value, 1),
    }
}

/// A share in whole percent, without the sign: `98`, `−5`.
pub(crate) fn share(value: f64) -> String {
    let percent = (value * 100.0).round();
    if percent == 0.0 { "0".into() } else { minus(&format!("{percent:.0}")) }
}

/// `[96, 101]` of shares in whole percent, rounded outwards, so that no interval loses its width.
pub(crate) fn share_interval([low, high]: [f64; 2]) -> String {
    const ROUNDING: f64 = 1e-9;
    format!(
        "[{}, {}]",
        share((low * 100.0 + ROUNDING).floor() / 100.0),
        share((high * 100.0 - ROUNDING).ceil() / 100.0)
    )
}

/// `98 %`, with a space that does not break.
pub(crate) fn percent(value: f64) -> String {
    format!("{}\u{a0}%", share(value))
}

/// `0.013`, `2×10⁻⁶`, `< 10⁻³⁰⁰`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 1e-300 {
        "< 10⁻³⁰⁰".into()
    } else if p < 0.0005 {
        scientific(p, 0)
    } else {
        format!("{p:.3}")
    }
}

/// `p = 0.013`, `p < 10⁻³⁰⁰`.
pub(crate) fn p_equals(p: f64) -> String {
    let text = p_value(p);
    if text.starts_with('<') { format!("p {text}") } else { format!("p = {text}") }
}

/// `12 345`, with narrow spaces that do not break.
pub(crate) fn count(value: usize) -> String {
    let digits = value.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let group = |(index, digit): (usize, char)| {
        let gap = index > 0 && (digits.len() - index).is_multiple_of(3);
        if gap { vec!['\u{202f}', digit] } else { vec![digit] }
    };
    digits.chars().enumerate().flat_map(group).collect()
}

/// `1 run`, `2 runs`.
pub(crate) fn plural(value: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A number that may not exist, formatted.
pub(crate) fn or_none(value: Option<f64>, format: impl Fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.into(), format)
}

/// A whole power of ten: `10⁻³`, and `1`, `10` as such.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    match exponent {
        0 => "1".into(),
        1 => "10".into(),
        _ => format!("10{}", superscript(exponent)),
    }
}

fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}×10{}", minus(mantissa), superscript(exponent.parse().unwrap_or(0)))
}

fn superscript(exponent: i32) -> String {
    let raise = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(0.831_24), "0.8312");
        assert_eq!(signed(-0.001_24), "−0.0012");
        assert_eq!(signed(0.0), "0");
        assert_eq!(signed(3.14e-7), "+3.1×10⁻⁷");
        assert_eq!(fixed(-2.5e9), "−2.5×10⁹");
        assert_eq!(magnitude(0.452), "0.45");
        assert_eq!(magnitude(9.97), "10");
        assert_eq!(magnitude(1.0e6), "1.0×10⁶");
        assert_eq!((share(0.983), share(-0.052), share(-0.001)), ("98".into(), "−5".into(), "0".into()));
        assert_eq!(share_interval([0.961, 1.003]), "[96, 101]");
        assert_eq!(share_interval([0.5 - 1e-7, 0.5 + 1e-7]), "[49, 51]");
        assert_eq!(share_interval([-0.05, 0.25]), "[−5, 25]");
        assert_eq!(p_value(2.3e-6), "2×10⁻⁶");
        assert_eq!(p_value(0.0), "< 10⁻³⁰⁰");
        assert_eq!(p_equals(0.0126), "p = 0.013");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(1234), "1234");
        assert_eq!(power_of_ten(-12), "10⁻¹²");
    }
}
