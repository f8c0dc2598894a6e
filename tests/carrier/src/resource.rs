//! What the REST API answers with: calls and errors as JSON.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::order::Refusal;
use crate::state::{CallRecord, Status};

/// A call, as the API shows it.
pub(crate) fn call(account: &str, record: &CallRecord) -> Value {
    let uri = format!("/2010-04-01/Accounts/{account}/Calls/{}", record.sid);
    let over = record.status.is_final();
    let placed = time(record).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    json!({
        "account_sid": account,
        "annotation": null,
        "answered_by": record.amd,
        "api_version": "2010-04-01",
        "caller_name": null,
        "date_created": placed,
        "date_updated": placed,
        "direction": "outbound-api",
        "duration": over.then(|| record.duration.to_string()),
        "end_time": null,
        "forwarded_from": null,
        "from": record.from,
        "from_formatted": record.from,
        "group_sid": null,
        "parent_call_sid": null,
        "phone_number_sid": null,
        "price": null,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": record.sid,
        "start_time": (record.status != Status::Queued).then_some(&placed),
        "status": record.status.as_str(),
        "subresource_uris": { "events": format!("{uri}/Events.json") },
        "to": record.to,
        "to_formatted": record.to,
        "trunk_sid": null,
        "uri": format!("{uri}.json"),
    })
}

/// When the call was placed.
pub(crate) fn time(record: &CallRecord) -> Timestamp {
    Timestamp::try_from(record.placed_at).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json;charset=utf-8"));
    response
}

pub(crate) fn error(status: StatusCode, refusal: &Refusal) -> Response<Full<Bytes>> {
    let body = json!({
        "code": refusal.code,
        "message": refusal.reason,
        "more_info": format!("https://www.twilio.com/docs/errors/{}", refusal.code),
        "status": status.as_u16(),
    });
    reply(status, &body)
}
