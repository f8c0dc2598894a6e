//! A component's way out: only to the hosts its manifest entry allows.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Request, Response, header};
use http_body_util::BodyExt;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
    default_send_request,
};

use crate::allowed_hosts::AllowedHosts;

/// Spin's time-out for connecting, for the first byte and between bytes, where the component sets none.
const TIMEOUT: Duration = Duration::from_secs(600);

type Finished = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// The hooks of one instance.
pub struct Hooks(pub Arc<AllowedHosts>);

impl WasiHttpHooks for Hooks {
    /// Spin hands `host` to the component; everything else that belongs to the connection stays outside.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| *name != header::HOST && DEFAULT_FORBIDDEN_HEADERS.contains(name))
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Finished,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Finished), Error>> + Send> {
        if !self.0.allows(request.uri()) {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let options = options.unwrap_or_default();
        let options = RequestOptions {
            connect_timeout: options.connect_timeout.or(Some(TIMEOUT)),
            first_byte_timeout: options.first_byte_timeout.or(Some(TIMEOUT)),
            between_bytes_timeout: options.between_bytes_timeout.or(Some(TIMEOUT)),
        };
        Box::new(async move {
            let (response, io) = default_send_request(request, Some(options)).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(io) as Finished))
        })
    }
}
