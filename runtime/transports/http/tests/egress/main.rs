//! Requests over real sockets.

mod peer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dragoman_host::{Egress, EndpointRequest, Exchanged};
use dragoman_security::Secret;
use dragoman_transports_http::egress::{Auth, Endpoint, HttpEgress};

use peer::{Act, Peer};

fn egress(endpoint: Endpoint) -> Arc<HttpEgress> {
    let egress = HttpEgress::new();
    let endpoints = BTreeMap::from([("api".to_owned(), endpoint)]);
    egress.set_endpoints(BTreeMap::from([("shop".to_owned(), endpoints)]));
    Arc::new(egress)
}

fn at(peer: &Peer) -> Endpoint {
    Endpoint::new(&format!("http://{}/base", peer.address), true).unwrap()
}

fn request(method: &str, path: &str) -> EndpointRequest {
    EndpointRequest {
        connection: "shop".into(),
        endpoint: "api".into(),
        method: method.into(),
        path: path.into(),
        headers: vec![("accept".into(), "application/json".into())],
        body: Bytes::new(),
        timeout: Duration::from_secs(10),
        fence: None,
        max_response: 1_000,
        key: "key-1".into(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
    }
}

#[track_caller]
fn check(exchanged: &Exchanged, code: &str, sent: bool) {
    let error = exchanged.as_ref().expect_err("the exchange fails");
    assert_eq!((error.code.as_str(), error.sent), (code, sent), "{}", error.message);
}

/// Asks a peer that does something, with a short timeout.
async fn ask(act: Act) -> Exchanged {
    let peer = Peer::start(act).await;
    let mut request = request("GET", "/orders/1");
    request.timeout = Duration::from_millis(300);
    egress(at(&peer)).send(request).await
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\n\r\n{body}").into_bytes()
}

#[tokio::test]
async fn a_request_goes_below_the_base_with_what_the_host_adds() {
    let peer = Peer::start(Act::Echo).await;
    let mut endpoint = at(&peer);
    endpoint.auth = Some(Auth::Bearer(Secret::new("t0ken")));
    endpoint.idempotency_header = Some("Idempotency-Key".into());
    let egress = egress(endpoint);
    let mut put = request("PUT", "/orders/1%2F2?dry=no");
    put.body = Bytes::from_static(b"{\"a\":1}");
    let response = egress.send(put).await.unwrap();
    assert_eq!(response.status, 200);
    let sent = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(sent.starts_with("PUT /base/orders/1%2F2?dry=no HTTP/1.1\r\n"), "{sent}");
    for line in [
        "authorization: Bearer t0ken",
        "idempotency-key: key-1",
        "traceparent: 00-0af7",
        "accept: application/json",
        "accept-encoding: identity",
        "content-length: 7",
        &format!("host: {}", peer.address),
    ] {
        assert!(sent.contains(&format!("\r\n{line}")), "{line} in {sent}");
    }
    assert!(sent.ends_with("\r\n\r\n{\"a\":1}"), "{sent}");
    egress.send(request("GET", "/orders/1")).await.unwrap();
    assert_eq!(*peer.connections.lock().unwrap(), 1, "the connection is kept");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let other = Peer::start(Act::Echo).await;
    let response = ask(Act::Write(answer(
        &format!("302 Found\r\nlocation: http://{}/x\r\ncontent-length: 0", other.address),
        "",
    )))
    .await;
    let response = response.unwrap();
    assert_eq!(response.status, 302);
    assert!(response.headers.iter().any(|(name, _)| name == "location"));
    assert!(other.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_fails_after_sending_was_sent() {
    check(&ask(Act::Cut).await, "cut", true);
    check(
        &ask(Act::Write(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())).await,
        "cut",
        true,
    );
    check(&ask(Act::Write(b"rubbish\r\n\r\n".to_vec())).await, "cut", true);
    check(
        &ask(Act::Write(answer("200 OK\r\ncontent-length: 100", "not all of it"))).await,
        "cut",
        true,
    );
    check(&ask(Act::WriteAndHang(vec![])).await, "timeout", true);
    check(
        &ask(Act::WriteAndHang(answer("200 OK\r\ncontent-length: 100", "slow"))).await,
        "timeout",
        true,
    );
    check(
        &ask(Act::Write(answer("200 OK\r\ncontent-length: 5000", ""))).await,
        "too_large",
        true,
    );
    check(
        &ask(Act::Write(answer("200 OK\r\nconnection: close", &"x".repeat(5_000)))).await,
        "too_large",
        true,
    );
    let flood = format!("200 OK\r\nx-flood: {}", "x".repeat(70_000));
    check(&ask(Act::Write(answer(&flood, ""))).await, "too_large", true);
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_sent() {
    let peer = Peer::start(Act::Cut).await;
    let tls = Endpoint::new(&format!("https://{}/", peer.address), true).unwrap();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let nobody = Endpoint::new(&format!("http://{closed}/"), true).unwrap();
    // A name that no resolver needs to ask anybody about: its first part is too long.
    let nowhere = Endpoint::new(&format!("http://{}.invalid/", "x".repeat(64)), true).unwrap();
    check(&egress(nobody).send(request("GET", "/")).await, "connect", false);
    check(&egress(nowhere).send(request("GET", "/")).await, "connect", false);
    let error = egress(tls).send(request("GET", "/")).await.unwrap_err();
    assert!(!error.sent, "{error:?}");
}

#[tokio::test]
async fn inner_addresses_need_a_grant() {
    let peer = Peer::start(Act::Echo).await;
    for host in [peer.address.to_string(), format!("localhost:{}", peer.address.port())] {
        let ungranted = Endpoint::new(&format!("http://{host}/"), false).unwrap();
        check(
            &egress(ungranted).send(request("GET", "/")).await,
            "denied.address",
            false,
        );
    }
    assert_eq!(*peer.connections.lock().unwrap(), 0);
    let granted = Endpoint::new(&format!("http://localhost:{}/", peer.address.port()), true).unwrap();
    assert_eq!(egress(granted).send(request("GET", "/")).await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_not_allowed_does_not_leave() {
    let peer = Peer::start(Act::Echo).await;
    let egress = egress(at(&peer));
    check(&egress.send(request("GET", "/../admin")).await, "denied.path", false);
    let mut forged = request("GET", "/");
    forged.headers.push(("host".into(), "evil.example".into()));
    check(&egress.send(forged).await, "denied.header", false);
    let mut late = request("PUT", "/");
    late.fence = Some(Instant::now());
    check(&egress.send(late).await, "denied.fence", false);
    let mut other = request("GET", "/");
    other.endpoint = "other".into();
    check(&egress.send(other).await, "denied.endpoint", false);
    assert_eq!(*peer.connections.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_request_on_its_way_is_given_up_at_the_fence() {
    let peer = Peer::start(Act::WriteAndHang(vec![])).await;
    let mut request = request("PUT", "/");
    request.fence = Some(Instant::now() + Duration::from_millis(200));
    check(&egress(at(&peer)).send(request).await, "timeout", true);
}

#[tokio::test]
async fn places_at_an_endpoint_are_limited() {
    let peer = Peer::start(Act::WriteAndHang(vec![])).await;
    let mut endpoint = at(&peer);
    endpoint.concurrency = Some(1);
    let egress = egress(endpoint);
    let mut first = request("GET", "/");
    first.timeout = Duration::from_millis(800);
    let mut second = request("GET", "/");
    second.timeout = Duration::from_millis(200);
    let (first, second) = tokio::join!(egress.send(first), egress.send(second));
    check(&first, "timeout", true);
    check(&second, "timeout", false);
    assert_eq!(peer.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_is_in_no_error() {
    let peer = Peer::start(Act::Write(b"HTTP/1.1 t0ken-s3cret\r\n\r\n".to_vec())).await;
    let mut endpoint = at(&peer);
    endpoint.auth = Some(Auth::Bearer(Secret::new("t0ken-s3cret")));
    let error = egress(endpoint).send(request("GET", "/")).await.unwrap_err();
    assert!(!error.message.contains("t0ken"), "{}", error.message);
    assert!(!format!("{error:?}").contains("t0ken"));
}
