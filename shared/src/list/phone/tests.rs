use super::*;
use Reason::*;
use Warning::*;

fn one(cell: &str) -> Result<Phones, Reason> {
    in_campaign(Country::Id, &AllowedNumbers::default(), cell)
}

fn in_campaign(country: Country, allowed: &AllowedNumbers, cell: &str) -> Result<Phones, Reason> {
    let own = ["+622129881500".to_owned(), "+6561234560".to_owned()];
    parse(std::iter::once(cell), Callable { own: &own, country, allowed })
}

fn number(cell: &str) -> Result<String, Reason> {
    one(cell).map(|found| found.numbers.join(" "))
}

#[test]
fn one_mobile_number_written_in_many_ways() {
    for cell in [
        "081234567890",
        "0812-3456-7890",
        "0812.3456.7890",
        "(0812) 3456-7890",
        "0812 3456 7890",
        "0812–3456–7890",
        "0812\u{a0}3456\u{a0}7890",
        "+62 812 3456 7890",
        "6281234567890",
        "62 0812 3456 7890",
        "+62 (0) 812 3456 7890",
        "(+62) 812-3456-7890",
        "'081234567890",
        "=\"081234567890\"",
        "HP 081234567890",
        "HP. 0812 3456 7890",
        "No. HP: 081234567890",
        "Hp/WA 0812-3456-7890",
        "WA 6281234567890",
        "WA: 0812 3456 7890",
        "wa.me/6281234567890",
        "https://wa.me/6281234567890",
        "tel:+62-812-3456-7890",
        "0812-3456-7890 (WA)",
        "0812-3456-7890 HP",
        "81234567890",
        "006281234567890",
        "001 62 812 3456 7890",
        "00762 81234567890",
        "008 62 812 3456 7890",
        "01017 62 812 3456 7890",
        "08１２34567890",
        "\u{202a}+62 812-3456-7890\u{202c}",
        "0812-3456-7890, 081234567890",
        "0812\u{2212}3456\u{2212}7890",
    ] {
        assert_eq!(number(cell).as_deref(), Ok("+6281234567890"), "{cell}");
    }
}

#[test]
fn fixed_lines() {
    for (cell, e164) in [
        ("021-5250208", "+62215250208"),
        ("0361-224567", "+62361224567"),
        ("(0411) 872345", "+62411872345"),
        ("0967-531234", "+62967531234"),
        ("62215250208", "+62215250208"),
        ("+62 21 5250208", "+62215250208"),
        ("031-12345", "+623112345"),
        ("052502080", "+6252502080"),
        ("+62 52502080", "+6252502080"),
    ] {
        assert_eq!(number(cell).as_deref(), Ok(e164), "{cell}");
        let fixed_line = one(cell).unwrap().fixed_line;
        assert_eq!(fixed_line.as_deref(), e164.strip_prefix("+62"), "{cell}");
    }
}

#[test]
fn extensions_are_taken_off() {
    for cell in [
        "Telp. (021) 5250208 ext. 1234",
        "021-5250208#123",
        "(021) 525-0208 psw 51123",
        "021 5250208 pesawat 12",
        "021-5250208 ekst: 3",
        "021-5250208x12",
        "021-5250208;ext=12",
        "(021) 5250208 (ext 12)",
    ] {
        let found = one(cell).unwrap();
        assert_eq!(found.numbers, ["+62215250208"], "{cell}");
        assert_eq!(found.warnings, [PhoneExtension], "{cell}");
    }
    assert_eq!(number("021-5250208 ext. 1234567"), Err(PhoneLetters));
    assert_eq!(number("021-5250208 ext"), Err(PhoneLetters));
}

#[test]
fn several_numbers_in_a_cell_keep_their_order() {
    let both = ["+6281200000111", "+62271000111"];
    for cell in [
        "0812-0000-0111 / 0271-000111",
        "0812-0000-0111;0271-000111",
        "0812-0000-0111 , 0271-000111",
        "0812-0000-0111 | 0271-000111",
        "0812-0000-0111\n0271-000111",
        "0812-0000-0111 atau 0271-000111",
        "0812-0000-0111 DAN 0271-000111",
        "HP 0812-0000-0111 & Telp 0271-000111",
        "0812-0000-0111 / - / 0271-000111",
    ] {
        let found = one(cell).unwrap();
        assert_eq!(found.numbers, both, "{cell}");
        assert_eq!(found.warnings, [], "{cell}");
        assert_eq!(found.fixed_line, None, "{cell}");
    }
    for (cell, left) in [
        ("0812-0000-0139/0813-00/0741-000139", "+6281200000139 +62741000139"),
        ("0361-224567/8", "+62361224567"),
        ("021-5250208, Fax 021-5250209", "+62215250208"),
        ("+65 6123 4567 / 0812-0000-0111", "+6281200000111"),
        ("021-29881500 / 0812-0000-0111", "+6281200000111"),
        ("tidak ada / 0812-0000-0111", "+6281200000111"),
    ] {
        let found = one(cell).unwrap();
        assert_eq!(found.numbers.join(" "), left, "{cell}");
        assert_eq!(found.warnings, [PhonePartIgnored], "{cell}");
    }
    let ordinary = AllowedNumbers::default();
    let callable = Callable { own: &[], country: Country::Id, allowed: &ordinary };
    let two_cells = parse(["0812-0000-0111", "0271-000111"].into_iter(), callable).unwrap();
    assert_eq!(two_cells.numbers, both);
    let many: Vec<String> = (100..200).map(|n| format!("0812-0000-0{n}")).collect();
    let found = one(&many.join("/")).unwrap();
    assert_eq!(found.numbers.len(), NUMBERS_MAX);
    assert_eq!(found.warnings, [PhonePartIgnored]);
}

#[test]
fn what_cannot_be_dialled_has_its_reason() {
    for (cell, reason) in [
        ("", PhoneMissing),
        ("-", PhoneMissing),
        ("0", PhoneMissing),
        ("0000000000", PhoneMissing),
        ("tidak ada", PhoneMissing),
        ("HP:", PhoneMissing),
        ("8.1234567890E+10", PhoneScientific),
        ("8,12346E+11", PhoneScientific),
        ("6,28123E+12", PhoneScientific),
        ("08123456789o", PhoneLetters),
        ("O81234567890", PhoneLetters),
        ("0812OO00157o", PhoneLetters),
        ("0812-3456-789l", PhoneLetters),
        ("0812 3456 7890 Budi", PhoneLetters),
        ("081234567890²", PhoneLetters),
        ("0812345678①0", PhoneLetters),
        ("0812*3456*7890", PhoneLetters),
        ("0812 3456 7890 +62 813 3456 7891", PhoneLetters),
        ("sip:0812@example.org", PhoneLetters),
        ("0812-345", PhoneTooShort),
        ("08110000", PhoneTooShort),
        ("+62 5250208", PhoneTooShort),
        ("021-52502", PhoneTooShort),
        ("1234", PhoneTooShort),
        ("08112345678901", PhoneTooLong),
        ("0812 3456 7890 0813 3456 7891", PhoneTooLong),
        ("0361-123456789", PhoneTooLong),
        ("062812 3456 7890", PhoneTooLong),
        ("+65 6123 4567", PhoneForeign),
        ("+1 202 555 0100", PhoneForeign),
        ("0065 6123 4567", PhoneForeign),
        ("00812 3456 7890", PhoneForeign),
        ("5250208", PhoneNoAreaCode),
        ("52502080", PhoneNoAreaCode),
        ("81234567", PhoneNoAreaCode),
        ("215250208", PhoneNoAreaCode),
        ("0100-5250208", PhoneNoAreaCode),
        ("0841-0000-0001", PhoneNoAreaCode),
        ("08001234567", PhoneSpecial),
        ("8001234567", PhoneSpecial),
        ("0804 1 401 401", PhoneSpecial),
        ("0809 1234567", PhoneSpecial),
        ("+62 809 123 4567", PhoneSpecial),
        ("0868 1234 5678", PhoneSpecial),
        ("1500200", PhoneSpecial),
        ("150123", PhoneSpecial),
        ("14045", PhoneSpecial),
        ("021-1500200", PhoneSpecial),
        ("021 14045", PhoneSpecial),
        ("110", PhoneSpecial),
        ("112", PhoneSpecial),
        ("Fax 021-5250209", PhoneSpecial),
        ("021-29881500", PhoneOwn),
    ] {
        assert_eq!(number(cell), Err(reason), "{cell}");
    }
}

/// A cell, what the campaign allows besides, and what becomes of it.
#[test]
fn numbers_of_other_countries_are_called_where_the_campaign_calls() {
    let allowed = AllowedNumbers { foreign: vec![Country::Sg, Country::Au, Country::My, Country::Us], premium: false };
    for (cell, expected) in [
        ("+65 6123 4567", Ok("+6561234567")),
        ("+65-8123-4567", Ok("+6581234567")),
        ("HP: +65 8123 4567 ext. 12", Ok("+6581234567")),
        ("+61 412 345 678", Ok("+61412345678")),
        ("+61 (0)412 345 678", Ok("+61412345678")),
        ("+60 12-345 6789", Ok("+60123456789")),
        ("+60 012-345 6789", Ok("+60123456789")),
        ("+1 (202) 555-0100", Ok("+12025550100")),
        ("081200000111 / +65 6123 4567", Ok("+6281200000111 +6561234567")),
        // Nothing tells these from numbers of Indonesia, or one exit code from another.
        ("6561234567", Err(PhoneNoAreaCode)),
        ("0065 6123 4567", Err(PhoneForeign)),
        ("001 65 6123 4567", Err(PhoneForeign)),
        // What the library would make a number of: digits left out, letters read as keys.
        ("+65 6123 4567 8", Err(PhoneUnassigned)),
        ("+1 1 202 555 0100", Err(PhoneUnassigned)),
        ("+1 0202 555 0100", Err(PhoneUnassigned)),
        ("+65 6123 45", Err(PhoneTooShort)),
        ("+65 6123 456O", Err(PhoneLetters)),
        ("+65 1111 1111", Err(PhoneUnassigned)),
        ("+1 800 FLOWERS", Err(PhoneLetters)),
        // A country that shares the code of an allowed one; others; what is no country.
        ("+1 876 555 1234", Err(PhoneForeign)),
        ("+1 416 555 0100", Err(PhoneForeign)),
        ("+81 3 1234 5678", Err(PhoneForeign)),
        ("+881 6 1234 5678", Err(PhoneForeign)),
        ("+", Err(PhoneMissing)),
        ("+65", Err(PhoneTooShort)),
        ("+6500000000000000000000000000000000", Err(PhoneTooLong)),
        // Never, whatever is allowed: free, premium, emergency, the authority's own.
        ("+65 1800 123 4567", Err(PhoneSpecial)),
        ("+65 1900 123 4567", Err(PhoneSpecial)),
        ("+1 900 234 5678", Err(PhoneSpecial)),
        ("+65 995", Err(PhoneTooShort)),
        ("+1 911", Err(PhoneTooShort)),
        ("+65 6123 4560", Err(PhoneOwn)),
    ] {
        let found = in_campaign(Country::Id, &allowed, cell);
        assert_eq!(found.map(|f| f.numbers.join(" ")), expected.map(str::to_owned), "{cell}");
    }
    for (cell, abroad, fixed_line) in [
        ("+65 6123 4567", true, None),
        ("021-5250208 / +65 6123 4567", true, Some("215250208")),
        ("021-5250208", false, Some("215250208")),
    ] {
        let found = in_campaign(Country::Id, &allowed, cell).unwrap();
        assert_eq!((found.abroad, found.fixed_line.as_deref()), (abroad, fixed_line), "{cell}");
    }
    // A campaign of another country calls its numbers, and those of Indonesia only if it says so.
    let nothing = AllowedNumbers::default();
    let indonesia = AllowedNumbers { foreign: vec![Country::Id], premium: false };
    assert_eq!(in_campaign(Country::Sg, &nothing, "+65 6123 4567").unwrap().numbers, ["+6561234567"]);
    assert_eq!(in_campaign(Country::Sg, &nothing, "081200000111"), Err(PhoneForeign));
    assert_eq!(in_campaign(Country::Sg, &indonesia, "081200000111").unwrap().numbers, ["+6281200000111"]);
}

#[test]
fn premium_numbers_of_the_campaigns_country_are_called_where_it_allows_them() {
    let premium = AllowedNumbers { foreign: vec![Country::Sg], premium: true };
    for (cell, expected) in [
        ("0809 1234567", Ok("+628091234567")),
        ("+62 809 123 4567", Ok("+628091234567")),
        ("628091234567", Ok("+628091234567")),
        // A lost zero is understood of mobile numbers alone.
        ("8091234567", Err(PhoneSpecial)),
        ("0809 123456", Err(PhoneSpecial)),
        ("0809 12345678", Err(PhoneSpecial)),
        // Of another country; and what is never called.
        ("+65 1900 123 4567", Err(PhoneSpecial)),
        ("0800 1234567", Err(PhoneSpecial)),
        ("0804 1 401 401", Err(PhoneSpecial)),
        ("0868 1234 5678", Err(PhoneSpecial)),
        ("1500200", Err(PhoneSpecial)),
        ("021-1500200", Err(PhoneSpecial)),
        ("110", Err(PhoneSpecial)),
        ("112", Err(PhoneSpecial)),
        ("021-29881500", Err(PhoneOwn)),
    ] {
        let found = in_campaign(Country::Id, &premium, cell);
        assert_eq!(found.map(|f| f.numbers.join(" ")), expected.map(str::to_owned), "{cell}");
    }
    let found = in_campaign(Country::Sg, &premium, "+65 1900 123 4567").map(|found| found.numbers);
    assert_eq!(found, Ok(vec!["+6519001234567".to_owned()]));
}

#[test]
fn doubtful_numbers_are_marked() {
    for (cell, warnings) in [
        ("81300000114", vec![PhoneLeadingZeroRestored]),
        ("081234567890", vec![PhonePlaceholder]),
        ("08123456789", vec![PhonePlaceholder]),
        ("08888888888", vec![PhonePlaceholder]),
        ("0811111111111", vec![PhonePlaceholder]),
        ("081200000101", vec![]),
    ] {
        assert_eq!(one(cell).unwrap().warnings, warnings, "{cell}");
    }
}

/// Whatever is made of a cell, its digits were typed, in that order, behind the prefix.
#[test]
fn digits_are_never_made_up() {
    let alphabet: Vec<char> = "0123456789012345678900886262 -+()/.oOlxE#,;".chars().collect();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut accepted = 0;
    for _ in 0..30_000 {
        let mut next = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 33) as usize % below
        };
        let start = ["08", "+62", "62", "021", "8", ""][next(6)];
        let length = 6 + next(10);
        let tail: String = (0..length).map(|_| alphabet[next(alphabet.len())]).collect();
        let cell = format!("{start}{tail}");
        let Ok(found) = one(&cell) else { continue };
        accepted += 1;
        let typed = text::digits(&cell);
        for e164 in found.numbers {
            let national = e164.strip_prefix("+62").unwrap();
            assert!(typed.contains(national), "{cell} became {e164}");
        }
    }
    assert!(accepted > 500, "only {accepted} cells were accepted");
}

/// The library that knows other countries' numbers finds them also in what is none.
#[test]
fn digits_of_foreign_numbers_are_never_made_up() {
    let foreign = vec![Country::Au, Country::My, Country::Sg, Country::Us];
    let allowed = AllowedNumbers { foreign: foreign.clone(), premium: true };
    let mut dice = fastrand::Rng::with_seed(65);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let country = foreign[dice.usize(0..4)];
        let digits: String = (0..dice.usize(4..14)).map(|_| char::from(dice.u8(b'0'..=b'9'))).collect();
        let cell = format!("+{} {digits}", country.calling_code());
        let Ok(found) = in_campaign(Country::Id, &allowed, &cell) else { continue };
        accepted += 1;
        let zero = matches!(country, Country::Au | Country::My);
        let national = digits.strip_prefix('0').filter(|_| zero).unwrap_or(&digits);
        assert_eq!(found.numbers, [format!("+{}{national}", country.calling_code())], "{cell}");
        assert!(!country.has_premium(&found.numbers[0]) && found.abroad && found.fixed_line.is_none(), "{cell}");
    }
    assert!(accepted > 500, "only {accepted} cells were accepted");
}
