use super::*;
use crate::vault::Vault;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn payment(day: i8, amount: u64, reference: &str) -> Payment {
    Payment {
        on: (day > 0).then(|| date(2027, 3, day)),
        amount: (amount > 0).then_some(amount),
        reference: (!reference.is_empty()).then(|| reference.to_owned()),
    }
}

fn settled(payments: &[(i8, u64, &str)]) -> Settlement {
    let mut settlement = Settlement::default();
    for (day, amount, reference) in payments {
        settlement.enter(&Vault::for_tests(), &Change::Settled(payment(*day, *amount, reference))).unwrap();
    }
    settlement
}

#[test]
fn what_settles_and_since_when() {
    use Matter::*;
    let day = |d| Some(Done { on: Some(date(2027, 3, d)) });
    for (payments, matter, due, expected) in [
        (&[][..], NotPaid, Some(1000), None),
        (&[(2, 1000, "")][..], NotPaid, Some(1000), day(2)),
        (&[(2, 999, "")][..], NotPaid, Some(1000), None),
        (&[(2, 999, "")][..], NotPaid, None, day(2)),
        (&[(2, 0, "")][..], NotPaid, Some(1000), day(2)),
        (&[(0, 0, "")][..], Arrears, Some(1000), Some(Done { on: None })),
        // Parts add up; the day is that of the last part that was needed.
        (&[(5, 600, ""), (2, 400, ""), (9, 50, "")][..], FallsDue, Some(1000), day(5)),
        // The same part reported twice is one; two receipts are two.
        (&[(2, 500, ""), (2, 500, "")][..], NotPaid, Some(1000), None),
        (&[(2, 500, "a"), (2, 500, "b")][..], NotPaid, Some(1000), day(2)),
        (&[(2, 500, "a"), (2, 500, "a")][..], NotPaid, Some(1000), None),
        // A return is filed, whatever was paid with it.
        (&[(2, 1, "")][..], NotFiled, Some(1000), day(2)),
    ] {
        assert_eq!(settled(payments).settles(matter, due), expected, "{payments:?} {matter:?} {due:?}");
    }
    let damaged = Settlement::read(Some(b"1"));
    assert_eq!(damaged.settles(NotPaid, Some(1000)), Some(Done { on: None }));
    assert_eq!(Settlement::read(None).settles(NotPaid, None), None);
}

#[test]
fn a_payment_that_bounced_counts_no_more_however_often_both_are_reported() {
    let vault = Vault::for_tests();
    let pay = Change::Settled(payment(2, 1000, "a"));
    for back in [payment(2, 1000, "a"), payment(0, 0, "a"), payment(2, 0, ""), payment(0, 1000, "")] {
        let back = Change::Reversed(back);
        let mut settlement = Settlement::default();
        assert_eq!(settlement.enter(&vault, &pay), Ok(true));
        assert_eq!(settlement.enter(&vault, &back), Ok(true));
        for again in [&pay, &back, &back, &pay] {
            assert_eq!(settlement.enter(&vault, again), Ok(false), "{back:?} {again:?}");
        }
        assert_eq!(settlement.settles(Matter::NotPaid, Some(1000)), None);
        // Paid again, it is settled again.
        assert_eq!(settlement.enter(&vault, &Change::Settled(payment(9, 1000, "b"))), Ok(true));
        assert!(settlement.settles(Matter::NotPaid, Some(1000)).is_some());
    }
    // The reversal was reported first.
    let mut settlement = Settlement::default();
    assert_eq!(settlement.enter(&vault, &Change::Reversed(payment(2, 1000, "a"))), Ok(true));
    assert_eq!(settlement.enter(&vault, &pay), Ok(false));
    assert_eq!(settlement.settles(Matter::NotPaid, Some(1000)), None);
    // Of another payment.
    let mut settlement = settled(&[(2, 1000, "a")]);
    settlement.enter(&vault, &Change::Reversed(payment(3, 0, ""))).unwrap();
    assert!(settlement.settles(Matter::NotPaid, Some(1000)).is_some());
    // Without a word about which: all that was reported.
    let mut settlement = settled(&[(2, 1000, "a"), (0, 0, "")]);
    assert_eq!(settlement.enter(&vault, &Change::Reversed(Payment::default())), Ok(true));
    assert_eq!(settlement.enter(&vault, &Change::Reversed(Payment::default())), Ok(false));
    assert_eq!(settlement.settles(Matter::NotFiled, None), None);
}

#[test]
fn payments_of_one_matter_are_bounded() {
    let vault = Vault::for_tests();
    let mut settlement = Settlement::default();
    for n in 0..PAYMENTS_MAX {
        assert_eq!(settlement.enter(&vault, &Change::Settled(payment(1, n as u64 + 1, ""))), Ok(true));
    }
    assert_eq!(settlement.enter(&vault, &Change::Settled(payment(2, 1, ""))), Err(Full));
    assert_eq!(settlement.enter(&vault, &Change::Settled(payment(1, 1, ""))), Ok(false));
}

fn duty(matter: Matter, code: &str, name: &str, period: &str, amount: u64) -> Duty {
    Duty {
        row: 2,
        matter,
        tax_type: name.into(),
        tax_code: code.into(),
        tax_period: period.into(),
        amount: (amount > 0).then_some(amount),
        due_date: date(2027, 3, 31),
        office: String::new(),
        billing_code: if amount == 7 { "028030000000206".into() } else { String::new() },
        note: String::new(),
        extra: BTreeMap::new(),
    }
}

#[test]
fn the_table_of_what_names_which_duty() {
    use Matter::*;
    let vault = Vault::for_tests();
    let id = "0078002011541000";
    let about = |matter, tax: &str, tax_period: &str| About::Duty {
        taxpayer_id: id.into(),
        matter,
        tax: tax.into(),
        tax_period: tax_period.into(),
    };
    let one = vec![duty(NotPaid, "411125-200", "PPh Pasal 25", "2027-02", 1000)];
    let two = vec![one[0].clone(), duty(NotPaid, "411121-100", "PPh Pasal 21", "2027-02", 500)];
    let bill = vec![duty(NotPaid, "", "", "", 7)];
    let settles = |duties: &[Duty], about: About, amount: u64| {
        let contact = Contact {
            taxpayer_id: id.into(),
            name: String::new(),
            phones: vec!["+628120000001".into()],
            duty: duties[0].clone(),
            others: duties[1..].to_vec(),
            priority: 2,
            language: None,
            time_zone: None,
        };
        let keys = settlement_keys(&vault, &contact);
        let value = settled(&[(2, amount, "")]).encode();
        let found: Vec<_> = keys.iter().flatten().map(|k| (*k == about.key(&vault)).then(|| value.clone())).collect();
        standing(&contact, &keys, &found).iter().map(|(_, done)| done.is_some()).collect::<Vec<_>>()
    };
    for (duties, about, amount, expected) in [
        (&one, about(NotPaid, "411125-200", "2027-02"), 1000, &[true][..]),
        (&one, about(NotPaid, "pphpasal25", "2027-02"), 1000, &[true][..]),
        (&one, about(NotPaid, "", "2027-02"), 1000, &[true][..]),
        (&one, about(NotPaid, "", ""), 1000, &[true][..]),
        (&one, about(NotPaid, "411125-200", "2027-02"), 999, &[false][..]),
        (&one, about(NotPaid, "411125-200", "2027-01"), 1000, &[false][..]),
        (&one, about(NotPaid, "411125-100", "2027-02"), 1000, &[false][..]),
        (&one, about(NotFiled, "", ""), 1000, &[false][..]),
        (&two, about(NotPaid, "411121-100", "2027-02"), 500, &[false, true][..]),
        // What names no tax is held against all it could be for.
        (&two, about(NotPaid, "", "2027-02"), 1499, &[false, false][..]),
        (&two, about(NotPaid, "", "2027-02"), 1500, &[true, true][..]),
        (&two, about(NotPaid, "", ""), 1499, &[false, false][..]),
        (&two, about(NotPaid, "", ""), 0, &[true, true][..]),
        (&bill, About::Bill { billing_code: "028030000000206".into() }, 7, &[true][..]),
        (&bill, About::Bill { billing_code: "028030000000206".into() }, 6, &[false][..]),
        (&bill, About::Bill { billing_code: "028030000000207".into() }, 7, &[false][..]),
        (&bill, about(NotPaid, "", ""), 0, &[true][..]),
    ] {
        assert_eq!(settles(duties, about.clone(), amount), expected, "{about:?} {amount}");
    }
}

proptest! {
    /// Whatever is reported, in whatever order: reporting it again changes nothing.
    #[test]
    fn a_feed_again_changes_nothing(rows in prop::collection::vec((1_i8..5, 1_u64..4, "[ab]?", any::<bool>()), 0..12)) {
        let vault = Vault::for_tests();
        let mut settlement = Settlement::default();
        let rows: Vec<Change> = rows.into_iter().map(|(day, amount, reference, back)| {
            // What has no number is told by its day and amount; mixed, two reports could be of one payment or of two.
            let reference = if reference.is_empty() { String::new() } else { format!("{reference}{day}{amount}") };
            let payment = payment(day, amount, &reference);
            if back { Change::Reversed(payment) } else { Change::Settled(payment) }
        }).collect();
        for row in &rows {
            settlement.enter(&vault, row).unwrap();
        }
        let after = settlement.clone();
        for row in &rows {
            settlement.enter(&vault, row).unwrap();
        }
        prop_assert_eq!(&settlement, &after);
        prop_assert_eq!(Settlement::read(Some(&after.encode())), after);
    }
}
