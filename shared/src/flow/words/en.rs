//! English numbers in the short scale, without "and".

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const SCALES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "quintillion"),
    (1_000_000_000_000_000, "quadrillion"),
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// Any number, 0 included.
pub fn number(n: u64) -> String {
    if n == 0 {
        return "zero".into();
    }
    let mut words = Vec::new();
    for (scale, name) in SCALES {
        let group = n / scale % 1000;
        if group > 0 {
            below_thousand(group, &mut words);
            words.push(name.into());
        }
    }
    below_thousand(n % 1000, &mut words);
    words.join(" ")
}

/// The ordinal, as for a day of the month: thirty-first.
pub fn ordinal(n: u64) -> String {
    let cardinal = number(n);
    let cut = cardinal.rfind([' ', '-']).map_or(0, |i| i + 1);
    let (head, last) = cardinal.split_at_checked(cut).unwrap_or(("", &cardinal));
    let last = match last {
        "one" => "first".into(),
        "two" => "second".into(),
        "three" => "third".into(),
        "five" => "fifth".into(),
        "eight" => "eighth".into(),
        "nine" => "ninth".into(),
        "twelve" => "twelfth".into(),
        other => match other.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{other}th"),
        },
    };
    format!("{head}{last}")
}

/// The hour from 1 to 12, the minutes if any, the part of the day.
pub fn time(hour12: u64, minute: u64, daypart: &str) -> String {
    let hour = number(hour12);
    match minute {
        0 => format!("{hour} o'clock in the {daypart}"),
        1..=9 => format!("{hour} oh {} in the {daypart}", number(minute)),
        _ => format!("{hour} {} in the {daypart}", number(minute)),
    }
}

fn below_thousand(n: u64, words: &mut Vec<String>) {
    if n >= 100 {
        words.extend([small(n / 100).into(), "hundred".into()]);
    }
    match n % 100 {
        0 => {}
        n @ 1..=19 => words.push(small(n).into()),
        n if n % 10 == 0 => words.push(tens(n / 10).into()),
        n => words.push(format!("{}-{}", tens(n / 10), small(n % 10))),
    }
}

fn small(n: u64) -> &'static str {
    match n {
        1 => "one",
        2 => "two",
        3 => "three",
        4 => "four",
        5 => "five",
        6 => "six",
        7 => "seven",
        8 => "eight",
        9 => "nine",
        10 => "ten",
        11 => "eleven",
        12 => "twelve",
        13 => "thirteen",
        14 => "fourteen",
        15 => "fifteen",
        16 => "sixteen",
        17 => "seventeen",
        18 => "eighteen",
        _ => "nineteen",
    }
}

fn tens(n: u64) -> &'static str {
    match n {
        2 => "twenty",
        3 => "thirty",
        4 => "forty",
        5 => "fifty",
        6 => "sixty",
        7 => "seventy",
        8 => "eighty",
        _ => "ninety",
    }
}

#[cfg(test)]
mod tests {
    use super::{number, ordinal};
    use std::collections::HashSet;

    #[test]
    fn numbers_are_said_as_they_are_taught() {
        for (n, words) in [
            (0, "zero"),
            (13, "thirteen"),
            (40, "forty"),
            (85, "eighty-five"),
            (100, "one hundred"),
            (319, "three hundred nineteen"),
            (1_001, "one thousand one"),
            (12_750_000, "twelve million seven hundred fifty thousand"),
            (1_618_100_000_000, "one trillion six hundred eighteen billion one hundred million"),
        ] {
            assert_eq!(number(n), words);
        }
        assert!(number(u64::MAX).starts_with("eighteen quintillion four hundred forty-six quadrillion "));
    }

    #[test]
    fn no_two_numbers_sound_alike() {
        let all: HashSet<_> = (0..20_000).map(number).collect();
        assert_eq!(all.len(), 20_000);
    }

    #[test]
    fn the_days_of_a_month_are_ordinals() {
        let days = [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
            "twenty-first",
            "twenty-second",
            "twenty-third",
            "twenty-fourth",
            "twenty-fifth",
            "twenty-sixth",
            "twenty-seventh",
            "twenty-eighth",
            "twenty-ninth",
            "thirtieth",
            "thirty-first",
        ];
        assert_eq!((1..=31).map(ordinal).collect::<Vec<_>>(), days);
    }
}
