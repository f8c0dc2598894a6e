//! Which of the campaign's providers takes a call.

/// The first provider, in the campaign's order, that has not refused this call and is `ready`; if all have refused it,
/// the first that is ready. Else why the first choice is not ready.
pub fn choose<P: Copy + PartialEq>(
    order: &[P],
    refused_by: &[P],
    ready: impl Fn(P) -> Result<(), &'static str>,
) -> Result<P, &'static str> {
    let (again, untried): (Vec<P>, Vec<P>) = order.iter().partition(|p| refused_by.contains(p));
    let mut why = None;
    for provider in untried.into_iter().chain(again) {
        match ready(provider) {
            Ok(()) => return Ok(provider),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    Err(why.unwrap_or("not_configured"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_of_three_providers() {
        for states in 0..64u32 {
            let refused_by: Vec<u32> = (0..3).filter(|p| states >> p & 1 == 1).collect();
            let unready = |p: u32| states >> (3 + p) & 1 == 1;
            let ready = |p| if unready(p) { Err(["a", "b", "c"][p as usize]) } else { Ok(()) };
            let chosen = choose(&[0, 1, 2], &refused_by, ready);
            let fresh = (0..3).find(|p| !refused_by.contains(p) && !unready(*p));
            let any = (0..3).find(|p| !unready(*p));
            match fresh.or(any) {
                Some(expected) => assert_eq!(chosen, Ok(expected), "{states:06b}"),
                None => {
                    let first = (0..3).find(|p| !refused_by.contains(p)).unwrap_or(0);
                    assert_eq!(chosen, ready(first).map(|()| first), "{states:06b}");
                }
            }
        }
        assert_eq!(choose::<u8>(&[], &[], |_| Ok(())), Err("not_configured"));
    }
}
