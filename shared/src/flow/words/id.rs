//! Indonesian numbers. One hundred and one thousand take the prefix `se-`, a million and above do not; no "and", no
//! hyphens, and groups of zero are silent.

pub const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

const SCALES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "kuintiliun"),
    (1_000_000_000_000_000, "kuadriliun"),
    (1_000_000_000_000, "triliun"),
    (1_000_000_000, "miliar"),
    (1_000_000, "juta"),
    (1_000, "ribu"),
];

/// Any number, 0 included.
pub fn number(n: u64) -> String {
    if n == 0 {
        return "nol".into();
    }
    let mut words = Vec::new();
    for (scale, name) in SCALES {
        match n / scale % 1000 {
            0 => {}
            1 if scale == 1000 => words.push("seribu"),
            group => {
                below_thousand(group, &mut words);
                words.push(name);
            }
        }
    }
    below_thousand(n % 1000, &mut words);
    words.join(" ")
}

/// `pukul`, the hour from 1 to 12, the minutes if any, the part of the day.
pub fn time(hour12: u64, minute: u64, daypart: &str) -> String {
    let hour = number(hour12);
    match minute {
        0 => format!("pukul {hour} {daypart}"),
        minute => format!("pukul {hour} lewat {} menit {daypart}", number(minute)),
    }
}

fn below_thousand(n: u64, words: &mut Vec<&'static str>) {
    match n / 100 {
        0 => {}
        1 => words.push("seratus"),
        hundreds => words.extend([unit(hundreds), "ratus"]),
    }
    match n % 100 {
        0 => {}
        10 => words.push("sepuluh"),
        11 => words.push("sebelas"),
        small @ 1..=9 => words.push(unit(small)),
        teen @ 12..=19 => words.extend([unit(teen - 10), "belas"]),
        more => {
            words.extend([unit(more / 10), "puluh"]);
            if more % 10 > 0 {
                words.push(unit(more % 10));
            }
        }
    }
}

fn unit(n: u64) -> &'static str {
    match n {
        1 => "satu",
        2 => "dua",
        3 => "tiga",
        4 => "empat",
        5 => "lima",
        6 => "enam",
        7 => "tujuh",
        8 => "delapan",
        _ => "sembilan",
    }
}

#[cfg(test)]
mod tests {
    use super::number;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_said_as_they_are_taught() {
        for (n, words) in [
            (0, "nol"),
            (7, "tujuh"),
            (10, "sepuluh"),
            (11, "sebelas"),
            (12, "dua belas"),
            (15, "lima belas"),
            (19, "sembilan belas"),
            (20, "dua puluh"),
            (21, "dua puluh satu"),
            (100, "seratus"),
            (101, "seratus satu"),
            (111, "seratus sebelas"),
            (121, "seratus dua puluh satu"),
            (200, "dua ratus"),
            (999, "sembilan ratus sembilan puluh sembilan"),
            (1_000, "seribu"),
            (1_001, "seribu satu"),
            (1_100, "seribu seratus"),
            (1_111, "seribu seratus sebelas"),
            (2_000, "dua ribu"),
            (10_000, "sepuluh ribu"),
            (11_000, "sebelas ribu"),
            (15_000, "lima belas ribu"),
            (21_000, "dua puluh satu ribu"),
            (100_000, "seratus ribu"),
            (101_000, "seratus satu ribu"),
            (200_001, "dua ratus ribu satu"),
            (377_000, "tiga ratus tujuh puluh tujuh ribu"),
            (377_635, "tiga ratus tujuh puluh tujuh ribu enam ratus tiga puluh lima"),
            (1_000_000, "satu juta"),
            (1_001_000, "satu juta seribu"),
            (1_100_000, "satu juta seratus ribu"),
            (2_000_011, "dua juta sebelas"),
            (11_000_000, "sebelas juta"),
            (12_750_000, "dua belas juta tujuh ratus lima puluh ribu"),
            (100_000_000, "seratus juta"),
            (377_635_000, "tiga ratus tujuh puluh tujuh juta enam ratus tiga puluh lima ribu"),
            (1_000_001_000, "satu miliar seribu"),
            (1_618_100_000_000, "satu triliun enam ratus delapan belas miliar seratus juta"),
            (1_000_000_000_000_001, "satu kuadriliun satu"),
        ] {
            assert_eq!(number(n), words);
        }
        assert!(number(u64::MAX).starts_with("delapan belas kuintiliun empat ratus empat puluh enam kuadriliun "));
    }

    #[test]
    fn no_two_numbers_sound_alike() {
        let all: HashSet<_> = (0..20_000).chain((0..20_000).map(|n| n * 1_000_003 + 20_000)).map(number).collect();
        assert_eq!(all.len(), 40_000);
    }
}
