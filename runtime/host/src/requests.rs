//! Whether a request may leave, and what became of those that did.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dragoman_model::OperationEffect;

use crate::effect::Traffic;
use crate::egress::{EgressError, EndpointRequest, EndpointResponse, Exchanged};
use crate::session::Session;
use crate::settings::{EndpointGrant, Mode};

/// What is kept of the call's time for the guest, so that it can still answer when a request takes all the rest.
const RESERVE: Duration = Duration::from_millis(50);

/// The requests of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requests {
    /// What the operation may do.
    pub(crate) effect: OperationEffect,
    /// Requests that are not safe are refused.
    pub(crate) dry_run: bool,
    /// Nothing is sent past this instant.
    pub(crate) fence: Option<Instant>,
    /// How those that were not safe ended.
    pub(crate) traffic: Traffic,
    /// A request is on its way.
    pub(crate) waiting: bool,
    /// A request was refused because of the fence.
    pub(crate) fenced: bool,
    /// How many left.
    pub(crate) count: u32,
    /// Bytes of their bodies.
    pub(crate) bytes_out: u64,
    /// Bytes of the answers' bodies.
    pub(crate) bytes_in: u64,
}

impl Requests {
    /// None yet.
    pub(crate) fn new(effect: OperationEffect, dry_run: bool, fence: Option<Instant>) -> Self {
        Requests {
            effect,
            dry_run,
            fence,
            traffic: Traffic::default(),
            waiting: false,
            fenced: false,
            count: 0,
            bytes_out: 0,
            bytes_in: 0,
        }
    }
}

/// A request as the guest wrote it, whatever the version of the contract.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) timeout: Option<Duration>,
    /// The guest's word that it changes nothing.
    pub(crate) safe: bool,
}

fn denied(code: &str, message: String) -> EgressError {
    EgressError::not_sent(format!("denied.{code}"), message)
}

/// Whether a method is safe by its definition.
fn is_safe_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Whether the wish is allowed, and whether it is safe.
fn judge(wish: &Wish, grant: &EndpointGrant, requests: &Requests, observe: bool) -> Result<bool, EgressError> {
    let (method, endpoint) = (&wish.method, &wish.endpoint);
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return Err(denied(
            "method",
            format!("`{}` is not a method", crate::log::escape(method, 40)),
        ));
    }
    if !grant.methods.is_empty() && !grant.methods.contains(method) {
        let allowed = grant.methods.join(", ");
        return Err(denied(
            "method",
            format!("{method} is not allowed at endpoint `{endpoint}`, only {allowed}"),
        ));
    }
    let reads = requests.effect.is_read();
    let safe = is_safe_method(method) || (wish.safe && grant.trust_safe && reads);
    if !safe && (requests.dry_run || observe) {
        return Err(denied(
            "dry_run",
            format!("{method} at endpoint `{endpoint}` would change something, and this is a dry run"),
        ));
    }
    if !safe && reads {
        let message = format!(
            "{method} at endpoint `{endpoint}` may change something, and the operation only reads; \
             where it is a query, the plugin says so and the endpoint's grant has `trust_safe: true`"
        );
        return Err(denied("effect", message));
    }
    if wish.body.len() > grant.max_request {
        let message = format!(
            "the body has {} bytes, endpoint `{endpoint}` takes {}",
            wish.body.len(),
            grant.max_request
        );
        return Err(EgressError::not_sent("too_large", message));
    }
    Ok(safe)
}

/// Lets a request out, if it may leave, and notes what becomes of it.
///
/// What is noted before the request leaves holds also where the call is given up while the request is on its way.
pub(crate) async fn send(session: &mut Session, wish: Wish) -> Exchanged {
    let Some(powers) = session.powers.clone() else {
        return Err(denied(
            "endpoint",
            "nothing is sent while a plugin describes itself".to_owned(),
        ));
    };
    let connection = &powers.connection;
    let Some(grant) = connection.endpoints.get(&wish.endpoint) else {
        let name = crate::log::escape(&wish.endpoint, 100);
        return Err(denied("endpoint", format!("the connection has no endpoint `{name}`")));
    };
    let safe = judge(&wish, grant, &session.requests, connection.mode == Mode::Observe)?;
    let left = session.time_left();
    let budget = left.saturating_sub(RESERVE).max(left / 2);
    let timeout = wish.timeout.unwrap_or(grant.timeout).min(grant.timeout).min(budget);
    let size = wish.body.len() as u64;
    let request = EndpointRequest {
        connection: session.facts.connection.clone(),
        endpoint: wish.endpoint,
        method: wish.method,
        path: wish.path,
        headers: wish.headers,
        body: wish.body,
        timeout,
        fence: session.requests.fence,
        max_response: grant.max_response,
        key: session.facts.key.clone(),
        traceparent: session.facts.traceparent.clone(),
    };
    // The last look before the request is handed over: the right to send may have ended meanwhile.
    if session.requests.fence.is_some_and(|fence| Instant::now() >= fence) {
        session.requests.fenced = true;
        return Err(denied(
            "fence",
            "the run's lease is over, so nothing is sent any more".to_owned(),
        ));
    }
    exchange(session, &powers, request, safe, size).await
}

async fn exchange(
    session: &mut Session,
    powers: &crate::session::Powers,
    request: EndpointRequest,
    safe: bool,
    size: u64,
) -> Exchanged {
    let executor = session.executor.clone();
    let requests = &mut session.requests;
    let lost_before = requests.traffic.lost;
    requests.traffic.lost |= !safe;
    requests.waiting = true;
    requests.count += 1;
    requests.bytes_out += size;
    let mut sending = pin!(powers.egress.send(request));
    // Connections are shared by all calls, so what drives them is spawned on the host's executor even where this call
    // runs in the slow lane.
    let result: Result<EndpointResponse, EgressError> = poll_fn(|context| {
        let _entered = executor.enter();
        sending.as_mut().poll(context)
    })
    .await;
    requests.waiting = false;
    match &result {
        Ok(response) => {
            requests.bytes_in += response.body.len() as u64;
            requests.traffic.lost = lost_before;
            requests.traffic.answered |= !safe;
        }
        Err(error) if !error.sent => {
            requests.traffic.lost = lost_before;
            requests.fenced |= error.code == "denied.fence";
            requests.bytes_out -= size;
        }
        Err(_) => {}
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: OperationEffect = OperationEffect::Read;
    const ONCE: OperationEffect = OperationEffect::Once { settle_s: None };

    #[track_caller]
    fn check(method: &str, word: bool, trust: bool, effect: OperationEffect, dry: bool, expected: Result<bool, &str>) {
        let grant = EndpointGrant {
            trust_safe: trust,
            max_request: 4,
            ..EndpointGrant::default()
        };
        let wish = Wish {
            endpoint: "api".into(),
            method: method.into(),
            path: "/".into(),
            headers: vec![],
            body: Bytes::from_static(b"1234"),
            timeout: None,
            safe: word,
        };
        let judged = judge(&wish, &grant, &Requests::new(effect, dry, None), false);
        assert_eq!(
            judged.as_ref().map_err(|e| e.code.as_str()),
            expected.as_ref().map_err(|e| *e)
        );
        assert!(judged.map_or_else(|e| !e.sent, |_| true));
    }

    #[test]
    fn only_what_changes_nothing_leaves_in_a_read_or_a_dry_run() {
        check("GET", false, false, READ, false, Ok(true));
        check("GET", false, false, READ, true, Ok(true));
        check("PUT", false, false, ONCE, false, Ok(false));
        check("PUT", false, false, ONCE, true, Err("denied.dry_run"));
        check("POST", true, true, READ, false, Ok(true));
        check("POST", true, true, READ, true, Ok(true));
        check("POST", true, false, READ, false, Err("denied.effect"));
        check("POST", false, true, READ, false, Err("denied.effect"));
        check("POST", true, true, ONCE, false, Ok(false));
        check("get", false, false, READ, false, Err("denied.method"));
        check("GET /x HTTP/1.1\r\n", false, false, READ, false, Err("denied.method"));
        check("", false, false, READ, false, Err("denied.method"));
    }

    #[test]
    fn methods_and_sizes_are_the_grants() {
        let grant = EndpointGrant {
            methods: vec!["GET".into()],
            max_request: 3,
            ..EndpointGrant::default()
        };
        let requests = Requests::new(ONCE, false, None);
        let wish = |method: &str, body: &'static [u8]| Wish {
            endpoint: "api".into(),
            method: method.into(),
            path: "/".into(),
            headers: vec![],
            body: Bytes::from_static(body),
            timeout: None,
            safe: false,
        };
        assert_eq!(
            judge(&wish("PUT", b""), &grant, &requests, false).unwrap_err().code,
            "denied.method"
        );
        assert_eq!(
            judge(&wish("GET", b"1234"), &grant, &requests, false).unwrap_err().code,
            "too_large"
        );
        assert_eq!(judge(&wish("GET", b"123"), &grant, &requests, true), Ok(true));
    }
}
