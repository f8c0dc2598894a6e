//! Texts with blanks, filled in one pass: what is filled in is never read as a template again.
//!
//! `{due}` is a blank; `[ for {period}]` is left out as a whole where one of its blanks has no value. Which blanks a
//! text may have depends on who may hear it, and is checked when the script is read: a text for anybody's ears that
//! asks for the amount is refused as a whole.

use crate::list;
use serde::Deserialize;

/// The blanks of a kind of text.
pub trait Blank: Sized {
    /// The blank of that name; `None` if texts of this kind have no such blank.
    fn named(name: &str) -> Option<Self>;
}

/// Blanks of texts that anybody may hear, an answering machine included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neutral {
    /// `{daypart}`: as in "good morning".
    Daypart,
    /// `{opens}`, `{closes}`: the officers' hours.
    Opens,
    Closes,
}

/// Blanks of texts for a person who has not said who it is: also the name of whom we look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Neutral(Neutral),
    /// `{party}`: the taxpayer's name with its form of address.
    Party,
}

/// Blanks of texts for the taxpayer only: also the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Named(Named),
    /// `{tax}`: which tax.
    Tax,
    /// `{return}`: which tax return.
    Return,
    /// `{period}`: may have no value.
    Period,
    /// `{amount}`: may have no value.
    Amount,
    /// `{due}`: the due date.
    Due,
    /// `{count}`: how many matters the call is about.
    Count,
    /// `{nth}`: which of them.
    Nth,
    /// `{more}`: how many of them are not named.
    More,
    /// `{extra.NAME}`: the cell of a column of the list that the campaign keeps; may have no value.
    Extra(String),
}

impl Blank for Neutral {
    fn named(name: &str) -> Option<Self> {
        match name {
            "daypart" => Some(Neutral::Daypart),
            "opens" => Some(Neutral::Opens),
            "closes" => Some(Neutral::Closes),
            _ => None,
        }
    }
}

impl Blank for Named {
    fn named(name: &str) -> Option<Self> {
        match name {
            "party" => Some(Named::Party),
            _ => Neutral::named(name).map(Named::Neutral),
        }
    }
}

impl Blank for Told {
    fn named(name: &str) -> Option<Self> {
        match name {
            "tax" => Some(Told::Tax),
            "return" => Some(Told::Return),
            "period" => Some(Told::Period),
            "amount" => Some(Told::Amount),
            "due" => Some(Told::Due),
            "count" => Some(Told::Count),
            "nth" => Some(Told::Nth),
            "more" => Some(Told::More),
            _ => match name.strip_prefix("extra.") {
                Some(column) => {
                    Some(Told::Extra(column.trim().to_owned())).filter(|_| !list::column_key(column).is_empty())
                }
                None => Named::named(name).map(Told::Named),
            },
        }
    }
}

/// A text whose blanks are of the kind `B`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[serde(bound = "B: Blank")]
pub struct Template<B: Blank>(Vec<Piece<B>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<B> {
    Text(String),
    Value(B),
    Optional(Vec<Piece<B>>),
}

impl<B: Blank> TryFrom<String> for Template<B> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut rest = text.as_str();
        let pieces = pieces(&mut rest)?;
        match rest.is_empty() && !pieces.is_empty() {
            true => Ok(Template(pieces)),
            false => Err(format!("the text is empty or has a `]` without a `[`: {text}")),
        }
    }
}

/// Reads up to the end or to the `]` that belongs to our caller.
fn pieces<B: Blank>(rest: &mut &str) -> Result<Vec<Piece<B>>, String> {
    let mut out = Vec::new();
    while let Some(next) = rest.chars().next().filter(|c| *c != ']') {
        let after_next = rest.split_at_checked(next.len_utf8()).map_or("", |(_, after)| after);
        match next {
            '{' => {
                let (name, after) = after_next.split_once('}').ok_or("a `{` has no `}`")?;
                out.push(Piece::Value(B::named(name).ok_or_else(|| format!("this text may not say {{{name}}}"))?));
                *rest = after;
            }
            '[' => {
                *rest = after_next;
                let inner = pieces(rest)?;
                *rest = rest.strip_prefix(']').ok_or("a `[` has no `]`")?;
                out.push(Piece::Optional(inner));
            }
            '}' => return Err("a `}` has no `{`".into()),
            _ => {
                let end = rest.find(['{', '}', '[', ']']).unwrap_or(rest.len());
                let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                out.push(Piece::Text(text.into()));
                *rest = after;
            }
        }
    }
    Ok(out)
}

impl<B: Blank> Template<B> {
    /// The text with every blank replaced by its value; an empty value is no value.
    pub fn fill(&self, value: &dyn Fn(&B) -> String) -> String {
        let mut out = String::new();
        fill(&self.0, value, &mut out);
        out
    }

    /// The text, unless a blank outside of brackets has no value.
    pub fn fill_whole(&self, value: &dyn Fn(&B) -> String) -> Option<String> {
        let mut out = String::new();
        fill(&self.0, value, &mut out).then_some(out)
    }

    /// All its blanks.
    pub fn blanks(&self) -> Vec<&B> {
        blanks(&self.0)
    }
}

fn blanks<B>(pieces: &[Piece<B>]) -> Vec<&B> {
    let of = |piece| match piece {
        &Piece::Text(_) => Vec::new(),
        Piece::Value(blank) => vec![blank],
        Piece::Optional(inner) => blanks(inner),
    };
    pieces.iter().flat_map(of).collect()
}

/// Whether every blank had a value.
fn fill<B>(pieces: &[Piece<B>], value: &dyn Fn(&B) -> String, out: &mut String) -> bool {
    let mut complete = true;
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(blank) => {
                let value = value(blank);
                complete &= !value.is_empty();
                out.push_str(&value);
            }
            Piece::Optional(inner) => {
                let before = out.len();
                if !fill(inner, value, out) {
                    out.truncate(before);
                }
            }
        }
    }
    complete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template<Told>, String> {
        Template::try_from(text.to_owned())
    }

    fn value(blank: &Told) -> String {
        match blank {
            Told::Tax => "{due} [x]".into(),
            Told::Due => "Friday".into(),
            _ => String::new(),
        }
    }

    #[test]
    fn values_are_text_and_what_lacks_one_is_left_out() {
        let said = |text: &str| template(text).map(|t| t.fill(&value));
        assert_eq!(said("{tax}, due {due}."), Ok("{due} [x], due Friday.".into()));
        assert_eq!(said("It[ of {amount}] is due[ on {due}]."), Ok("It is due on Friday.".into()));
        assert_eq!(said("It[ on {due}[ of {amount}]]."), Ok("It on Friday.".into()));
    }

    #[test]
    fn a_malformed_text_is_refused() {
        for text in ["", "a {due", "due} a", "[a {due}", "a]", "{}", "{Due}", "{{due}}", "{pin}", "[[a]", "{party"] {
            assert!(template(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_has_no_blank_above_its_audience() {
        let neutral = |text: &str| Template::<Neutral>::try_from(text.to_owned()).is_ok();
        let named = |text: &str| Template::<Named>::try_from(text.to_owned()).is_ok();
        assert!(neutral("{daypart}{opens}{closes}") && named("{daypart}{party}"));
        assert!(!neutral("{party}"));
        for secret in ["{tax}", "{return}", "{period}", "{amount}", "{due}", "{count}", "{nth}", "{more}", "{extra.AR}"]
        {
            assert!(!neutral(secret) && !named(secret) && template(secret).is_ok());
        }
    }
}
