//! What may be shown of a cell.

/// Most characters of a masked value.
const MASKED_MAX: usize = 32;

/// The shape of a cell, without what it says.
pub fn masked(cell: &str) -> String {
    let cell: Vec<char> = cell.trim().chars().take(MASKED_MAX).collect();
    let digits = cell.iter().filter(|c| c.is_numeric()).count();
    let last = if digits < 8 { digits } else { digits - 2 };
    let mut at = 0;
    let mask = |c: &char| {
        if c.is_numeric() {
            at += 1;
            if at <= 2 || at > last { *c } else { '*' }
        } else if c.is_alphabetic() {
            'x'
        } else if c.is_control() {
            ' '
        } else {
            *c
        }
    };
    cell.iter().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked() {
        for (cell, shape) in [
            ("01.312.166.1-091.000", "01.***.***.*-***.*00"),
            ("0812OO00157o", "08**xx***57x"),
            ("0812-345", "08**-***"),
            ("Budi Rekaan", "xxxx xxxxxx"),
            ("12", "12"),
            ("", ""),
        ] {
            assert_eq!(masked(cell), shape, "{cell}");
        }
        assert_eq!(masked(&"1".repeat(100_000)).len(), MASKED_MAX);
    }
}
