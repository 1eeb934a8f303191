//! What a call to a simulated cloud is, told from the provider's Spec alone.

use tributary_contract::Spec;
use tributary_contract::spec::{AuthScheme, Resource};
use tributary_providers::sandbox::call::Call;

/// Whether it asks for data of a person.
pub(super) fn is_data(call: &Call) -> bool {
    call.bearer().is_some()
}

/// Whether it asks for a document of that resource.
pub(super) fn is_of(spec: &Spec, resource: &Resource, call: &Call) -> bool {
    resource.documents.iter().any(|document| fits(spec, document.template, call))
}

/// Whether it asks for a document of a resource with a history.
pub(super) fn is_historic(spec: &Spec, call: &Call) -> bool {
    with_history(spec).any(|resource| is_of(spec, resource, call))
}

/// The resources with a history.
pub(super) fn with_history(spec: &Spec) -> impl Iterator<Item = &'static Resource> {
    spec.resources.iter().filter(|resource| resource.history.is_some())
}

/// Whether it refreshes a token.
pub(super) fn is_refresh(call: &Call) -> bool {
    call.form("grant_type") == Some("refresh_token")
}

/// Whether it is a call of the token endpoint.
pub(super) fn is_token(spec: &Spec, call: &Call) -> bool {
    let AuthScheme::OAuth2(oauth) = &spec.auth else { return false };
    call.form("grant_type").is_some() && call.path == path_of(oauth.token_url)
}

fn fits(spec: &Spec, template: &str, call: &Call) -> bool {
    let (path, action) = template.split_once('#').map_or((template, None), |(path, at)| (path, Some(at)));
    let path =
        if path.starts_with('/') { format!("{}{path}", path_of(spec.api_base)) } else { path_of(path) };
    let (wanted, found) = (path.split('/'), call.path.split('/'));
    wanted.clone().count() == found.clone().count()
        && wanted.zip(found).all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
        && action.is_none_or(|action| call.field("action") == Some(action))
}

/// The path of an absolute URL.
fn path_of(url: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    format!("/{}", path.trim_end_matches('/')).trim_end_matches('/').to_owned()
}
