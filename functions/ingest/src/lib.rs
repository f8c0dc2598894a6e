//! Lists in, settlements in.

mod lists;
mod rows;
mod settlements;

use dering::problem::Problem;
use edge::{Reply, answer, auth, request, response};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// A large list on a slow line takes minutes; what it may not do is hang for ever.
const LIMIT_MS: u64 = 30 * 60_000;

#[http_service]
async fn handle(request: Request) -> Reply {
    answer(LIMIT_MS, route(request)).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let (head, mut body) = request::open(request);
    auth::require_admin(&head).await?;
    match (head.method(), head.segments().as_slice()) {
        ("POST", ["v1", "campaigns", campaign, "lists"]) => lists::upload(campaign, None, &head, &mut body).await,
        (_, ["v1", "campaigns", _, "lists"]) => Ok(response::method_not_allowed("POST")),
        ("GET", ["v1", "lists", list]) => lists::show(list).await,
        ("DELETE", ["v1", "lists", list]) => lists::withdraw(list).await,
        (_, ["v1", "lists", _]) => Ok(response::method_not_allowed("GET, DELETE")),
        ("POST", ["v1", "lists", list, "rows"]) => lists::append(list, &head, &mut body).await,
        (_, ["v1", "lists", _, "rows"]) => Ok(response::method_not_allowed("POST")),
        ("POST", ["v1", "lists", list, "confirm"]) => lists::confirm(list, &head, &mut body).await,
        (_, ["v1", "lists", _, "confirm"]) => Ok(response::method_not_allowed("POST")),
        ("GET", ["v1", "lists", list, "rejected"]) => rows::rejected(list, &head).await,
        ("GET", ["v1", "lists", list, "warnings"]) => rows::noted(list, &head).await,
        ("GET", ["v1", "lists", list, "contacts"]) => rows::contacts(list, &head).await,
        (_, ["v1", "lists", _, "rejected" | "warnings" | "contacts"]) => Ok(response::method_not_allowed("GET")),
        ("POST", ["v1", "settlements"]) => settlements::report(&head, &mut body).await,
        (_, ["v1", "settlements"]) => Ok(response::method_not_allowed("POST")),
        _ => Err(response::not_found()),
    }
}
