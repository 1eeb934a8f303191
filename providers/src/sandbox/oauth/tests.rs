//! The authority as a client meets it.

use http::Request;

use super::*;
use crate::sandbox::people;

const RULES: Rules = Rules {
    name: "Test",
    separator: ' ',
    scopes: &["a", "b"],
    scope_in_callback: true,
    lifetime: Duration::from_secs(3600),
    same_while_left: None,
    reuse_ends_grant: true,
};
const ASK: &str = "/oauth/authorize?client_id=sandbox&redirect_uri=http%3A%2F%2Fme%2Fcb&response_type=code&scope=a%20b&state=s1";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn authority(rules: Rules) -> Authority {
    Authority::new(&Settings::default(), rules)
}

fn asked(authority: &mut Authority, more: &str) -> Result<String, ConsentRefused> {
    let call = Call::new(Request::get(format!("{ASK}{more}")).body(Bytes::new()).unwrap());
    let response = authority.consent(&call, &people::people(1, 9), at(0))?;
    Ok(match response.headers().get("location") {
        Some(location) => location.to_str().unwrap().to_owned(),
        None => String::from_utf8(response.body().to_vec()).unwrap(),
    })
}

fn code(authority: &mut Authority, more: &str) -> String {
    let location = Url::parse(&asked(authority, &format!("&login=7&approve=1{more}")).unwrap()).unwrap();
    location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

fn token(authority: &mut Authority, fields: &str, seconds: i64) -> Result<Issued, TokenRefused> {
    let body = format!("client_id=sandbox&client_secret=sandbox-secret&{fields}");
    token_with(authority, body, seconds)
}

fn token_with(authority: &mut Authority, body: String, seconds: i64) -> Result<Issued, TokenRefused> {
    let request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    authority.token(&Call::new(request.body(Bytes::from(body)).unwrap()), at(seconds))
}

fn exchanged(authority: &mut Authority) -> Issued {
    let code = code(authority, "");
    token(authority, &format!("grant_type=authorization_code&code={code}"), 1).ok().unwrap()
}

#[test]
fn consent_shows_a_page_until_somebody_decides() {
    let mut authority = authority(RULES);
    assert!(asked(&mut authority, "").unwrap().contains("Who are you?"));
    assert!(asked(&mut authority, "&login=7").unwrap().contains("Approve"));
    assert_eq!(
        asked(&mut authority, "&login=7&approve=0").unwrap(),
        "http://me/cb?state=s1&error=access_denied"
    );
    assert_eq!(asked(&mut authority, "&login=9"), Err(ConsentRefused::Login));
    let back = asked(&mut authority, "&login=7&approve=1&tick=b").unwrap();
    assert!(back.starts_with("http://me/cb?state=s1&code=") && back.ends_with("&scope=b"), "{back}");
}

#[test]
fn a_code_works_once_and_only_for_the_client_that_asked() {
    let mut authority = authority(RULES);
    let first = code(&mut authority, "");
    let wrong = format!("client_id=sandbox&client_secret=guessed&grant_type=authorization_code&code={first}");
    assert_eq!(token_with(&mut authority, wrong, 1).err(), Some(TokenRefused::Client));
    let exchange = format!("grant_type=authorization_code&code={first}&redirect_uri=http://me/cb");
    let issued = token(&mut authority, &exchange, 1).ok().unwrap();
    assert_eq!((issued.person, issued.by_code, issued.expires), (7, true, at(3601)));
    assert_eq!(issued.scopes, ["a", "b"]);
    assert_eq!(token(&mut authority, &exchange, 2).err(), Some(TokenRefused::Code), "replayed");

    let elsewhere = code(&mut authority, "");
    let exchange = format!("grant_type=authorization_code&code={elsewhere}&redirect_uri=http://other/cb");
    assert_eq!(token(&mut authority, &exchange, 1).err(), Some(TokenRefused::Code));
    let late = code(&mut authority, "");
    let exchange = format!("grant_type=authorization_code&code={late}");
    assert_eq!(token(&mut authority, &exchange, 601).err(), Some(TokenRefused::Code));
}

#[test]
fn a_challenge_needs_its_verifier() {
    let mut authority = authority(RULES);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest("long-verifier"));
    for (verifier, works) in
        [("", false), ("&code_verifier=other", false), ("&code_verifier=long-verifier", true)]
    {
        let code = code(&mut authority, &format!("&code_challenge={challenge}&code_challenge_method=S256"));
        let exchange = format!("grant_type=authorization_code&code={code}{verifier}");
        assert_eq!(token(&mut authority, &exchange, 1).is_ok(), works, "{verifier}");
    }
}

#[test]
fn a_refresh_token_works_once_and_its_reuse_ends_the_grant() {
    let mut authority = authority(RULES);
    let first = exchanged(&mut authority);
    let refresh = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let second = token(&mut authority, &refresh, 100).ok().unwrap();
    assert!(second.access != first.access && second.refresh != first.refresh && !second.by_code);
    assert!(authority.bearer(&second.access, at(101)).is_some());
    assert_eq!(token(&mut authority, &refresh, 102).err(), Some(TokenRefused::RefreshToken));
    assert!(authority.bearer(&second.access, at(103)).is_none(), "the whole grant is gone");
    let refresh = format!("grant_type=refresh_token&refresh_token={}", second.refresh);
    assert_eq!(token(&mut authority, &refresh, 104).err(), Some(TokenRefused::RefreshToken));
    assert_eq!((authority.refreshed, authority.reused), (1, 1));
}

#[test]
fn an_early_refresh_may_give_the_same_tokens_and_a_late_one_new_ones() {
    let mut authority = authority(Rules {
        same_while_left: Some(Duration::from_secs(600)),
        reuse_ends_grant: false,
        ..RULES
    });
    let first = exchanged(&mut authority);
    let refresh = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let same = token(&mut authority, &refresh, 3000).ok().unwrap();
    assert_eq!((&same.access, &same.refresh), (&first.access, &first.refresh));
    let new = token(&mut authority, &refresh, 3002).ok().unwrap();
    assert_ne!(new.access, first.access);
    assert!(token(&mut authority, &refresh, 3003).is_err());
    assert!(authority.bearer(&new.access, at(3004)).is_some(), "only the loser is refused");
}

#[test]
fn a_token_ends_with_its_life_its_revocation_or_the_person_s_word() {
    let mut authority = authority(RULES);
    let first = exchanged(&mut authority);
    assert!(authority.bearer(&first.access, at(3600)).is_some_and(|bearer| bearer.granted("a")));
    assert!(authority.bearer(&first.access, at(3601)).is_none());
    let second = exchanged(&mut authority);
    assert_eq!(authority.revoke(&second.refresh), Some(7));
    assert!(authority.bearer(&second.access, at(2)).is_none());
    assert!(authority.is_connected(7), "the first grant is another one");
    assert!(authority.withdraw(7) && !authority.withdraw(7) && !authority.is_connected(7));
    let refresh = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    assert_eq!(token(&mut authority, &refresh, 5).err(), Some(TokenRefused::RefreshToken));
}
