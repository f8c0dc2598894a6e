//! Calendars of holidays, by year.

use dering::campaign;
use dering::hours::{HolidayYear, Holidays, YEARS_MAX, is_calendar_name};
use dering::list::feed;
use dering::problem::Problem;
use edge::request::{Body, Head};
use edge::{Reply, clock, response, store::SpinStore};
use serde_json::{Value, json};

const FILE_MAX: u64 = 1 << 20;

/// Which calendars and years are known.
pub async fn all() -> Result<Reply, Problem> {
    let known = campaign::read(&SpinStore).await?.holidays;
    let year = |year: &HolidayYear| {
        let loaded = known.is_loaded(&year.calendar, year.year);
        json!({ "calendar": year.calendar, "year": year.year, "days": year.days.len(), "loaded": loaded })
    };
    Ok(response::json(200, &json!({ "holidays": known.all().iter().map(year).collect::<Vec<_>>() })))
}

pub async fn show(calendar: &str, year: &str) -> Result<Reply, Problem> {
    let (calendar, year) = named(calendar, year)?;
    let known = campaign::read(&SpinStore).await?.holidays;
    let found = known.year(&calendar, year).ok_or_else(response::not_found)?;
    Ok(response::json(200, &shown(&found, known.is_loaded(&calendar, year))))
}

pub async fn put(calendar: &str, year: &str, head: &Head, body: &mut Body) -> Result<Reply, Problem> {
    let (calendar, year) = named(calendar, year)?;
    if head.header("content-encoding").is_some() {
        return Err(invalid(415, "the file is compressed"));
    }
    let file = body.bytes(FILE_MAX).await?;
    let (loaded, others) = feed::holidays(&calendar, year, &file)?;
    campaign::edit_holidays(&SpinStore, clock::sleep_ms, |known: &mut Holidays| match known.put(loaded.clone()) {
        true => Ok(()),
        false => Err(invalid(409, &format!("{YEARS_MAX} years are kept at most: delete an old one first"))),
    })
    .await?;
    let mut answer = shown(&loaded, true);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("days_of_other_years".into(), json!(others));
    }
    Ok(response::json(200, &answer))
}

/// Forgets what was loaded: of a year that is part of the application that holds again, of others nothing is known.
pub async fn delete(calendar: &str, year: &str) -> Result<Reply, Problem> {
    let (calendar, year) = named(calendar, year)?;
    campaign::edit_holidays(&SpinStore, clock::sleep_ms, |known| {
        known.remove(&calendar, year);
        Ok(())
    })
    .await?;
    Ok(response::no_content())
}

fn shown(year: &HolidayYear, loaded: bool) -> Value {
    json!({ "calendar": year.calendar, "year": year.year, "loaded": loaded, "days": year.days })
}

fn named(calendar: &str, year: &str) -> Result<(String, i16), Problem> {
    let calendar = calendar.to_ascii_lowercase();
    match year.parse().ok().filter(|year| (2000..=2100).contains(year) && is_calendar_name(&calendar)) {
        Some(year) => Ok((calendar, year)),
        None => Err(invalid(404, "the path names no calendar and year, such as /v1/holidays/id/2028")),
    }
}

fn invalid(status: u16, detail: &str) -> Problem {
    Problem::new(
        status,
        "holidays_invalid",
        "The calendar cannot be taken as it is",
        detail,
        "Put CSV or iCalendar, uncompressed, at /v1/holidays/CALENDAR/YEAR; CALENDAR has small letters, digits and dashes.",
    )
}
