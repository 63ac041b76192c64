//! What the permit system refuses on business grounds, as rejected failures.

use dragoman_guest::Failure;
use dragoman_guest::http::Response;
use dragoman_guest::prelude::json;

/// The system's problem code, the failure's code, and what it means where the system says nothing more.
const REFUSALS: [(&str, &str, &str); 6] = [
    ("not_found", "permit.not_found", "there is no such permit"),
    ("not_valid", "permit.not_valid", "the permit is not valid"),
    ("revoked", "permit.revoked", "the permit has been revoked"),
    (
        "over_quantity",
        "permit.over_quantity",
        "the permit has less left than is wanted",
    ),
    (
        "already_used",
        "permit.already_used",
        "the permit is for one use and has been used",
    ),
    (
        "changed",
        "permit.changed",
        "the permit bears another endorsement for this declaration",
    ),
];

/// The answer itself if its status is 2xx.
///
/// # Errors
/// Rejected `permit.<code>` where the system says one of its codes in a 4xx, and for every 404; else what the
/// status means.
pub(crate) fn accepted(response: Response) -> Result<Response, Failure> {
    if response.is_success() {
        return Ok(response);
    }
    let said = response.problem().unwrap_or_default();
    let code = match (response.status, said.code.as_deref()) {
        (400..=499, Some(code)) => code,
        (404, None) => "not_found",
        _ => return Err(response.failure()),
    };
    let known = REFUSALS.iter().find(|(own, ..)| *own == code);
    let known = known.or_else(|| (response.status == 404).then_some(&REFUSALS[0]));
    let Some((own, code, meaning)) = known else {
        return Err(response.failure());
    };
    let message = match said.detail.or(said.title) {
        Some(detail) => format!("the permit system refused: {detail}"),
        None => format!("the permit system refused: {meaning}"),
    };
    let detail = json!({ "status": response.status, "code": own });
    Err(Failure::rejected(*code, message).issues(said.issues).detail(detail))
}

/// Rejected `permit.changed`: something else stands for this declaration.
pub(crate) fn changed(why: String) -> Failure {
    Failure::rejected("permit.changed", why)
}
