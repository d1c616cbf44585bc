//! The user that clients authenticate as, and its tokens (`TOKEN_AUTH`).
//!
//! Google makes the user `default` with a first token when a cache is made, where it does; where it does not, the driver
//! adds them. A user has two tokens at most, which is what a rotation needs.
//! <https://cloud.google.com/memorystore/docs/valkey/manage-basic-auth>

use super::resource::{AuthToken, TokenAuthUser};
use crate::backend::Observed;
use crate::cache::Mark;

/// The user whose name clients need not send.
pub(super) const USER: &str = "default";

/// What the parts are called.
pub(super) const USER_KIND: &str = "tokenAuthUser";
pub(super) const TOKEN_KIND: &str = "authToken";

/// The field of a look, and of a change, that says what an old cache has lost of both. No specification has it.
pub(super) const LOST: &str = "token";
/// What it says where the user is gone too.
pub(super) const NO_USER: &str = "no user";

const ACTIVE: &str = "ACTIVE";

/// How it stands with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is no user.
    NoUser,
    /// There is a user without any token.
    NoToken,
    /// Something is on its way.
    Coming,
    /// Clients can authenticate.
    Complete {
        /// The ids of all valid tokens, oldest first.
        tokens: Vec<String>,
        /// Whether a further one comes or goes.
        changing: bool,
    },
}

impl Standing {
    pub(super) fn of(user: Option<&TokenAuthUser>, tokens: &[AuthToken]) -> Self {
        let Some(user) = user else { return Self::NoUser };
        let valid: Vec<String> = in_order(tokens).into_iter().map(|token| id(token).to_owned()).collect();
        if !valid.is_empty() {
            let changing = user.state != ACTIVE || valid.len() < tokens.len();
            return Self::Complete { tokens: valid, changing };
        }
        // One that goes will be gone.
        let comes = tokens.iter().any(|token| token.state != "DELETING");
        if user.state != ACTIVE || comes { Self::Coming } else { Self::NoToken }
    }

    /// What of it is gone, if it can be made now.
    pub(super) fn lost(&self) -> Option<&'static str> {
        match self {
            Self::NoUser => Some(NO_USER),
            Self::NoToken => Some("no token"),
            Self::Coming | Self::Complete { .. } => None,
        }
    }

    /// What has to be made, and can be made now.
    pub(super) fn missing(&self) -> Vec<(String, String)> {
        let part = |kind: &str| (kind.to_owned(), USER.to_owned());
        match self {
            Self::NoUser => vec![part(USER_KIND), part(TOKEN_KIND)],
            Self::NoToken => vec![part(TOKEN_KIND)],
            Self::Coming | Self::Complete { .. } => Vec::new(),
        }
    }
}

/// The valid tokens, oldest first.
fn in_order(tokens: &[AuthToken]) -> Vec<&AuthToken> {
    let mut valid: Vec<&AuthToken> = tokens.iter().filter(|token| token.state == ACTIVE).collect();
    valid.sort_by(|a, b| (a.create_time, &a.name).cmp(&(b.create_time, &b.name)));
    valid
}

/// The token that is handed out, by its place among the valid ones, oldest first.
///
/// The mark names it, so that all replicas tell the same one whatever else they find. Before the first rotation it is the
/// oldest: of two that replicas made at once, the second is nobody's. A mark that names none of them is of an earlier
/// version, which handed out the newest.
pub(super) fn in_use(mark: Option<&Mark>, tokens: &[&str]) -> Option<usize> {
    let last = tokens.len().checked_sub(1)?;
    let Some(password) = mark.and_then(|mark| mark.password.as_ref()) else { return Some(0) };
    Some(tokens.iter().position(|token| word(token) == password.salt).unwrap_or(last))
}

/// The valid tokens of a cache, oldest first.
pub(super) fn valid(seen: &Observed) -> Vec<&str> {
    let parts = seen.parts.iter().filter(|(kind, _)| kind == TOKEN_KIND);
    parts.map(|(_, name)| name.as_str()).collect()
}

/// The mark of a rotation to this token: it takes the place of a salt, which tokens of Google's making do not need.
pub(super) fn naming(mark: &Mark, token: &str) -> Mark {
    let mut mark = mark.clone();
    if let Some(password) = &mut mark.password {
        password.salt = word(token);
    }
    mark
}

/// An id as a label can hold it. Google's are UUIDs, whose digits all fit.
fn word(id: &str) -> String {
    let digits = id.chars().filter(char::is_ascii_alphanumeric).take(32);
    digits.map(|c| c.to_ascii_lowercase()).collect()
}

/// The last part of its name.
pub(super) fn id(token: &AuthToken) -> &str {
    token.name.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, state: &str, second: i64) -> AuthToken {
        AuthToken {
            name: format!("projects/p/locations/l/instances/i/tokenAuthUsers/default/authTokens/{name}"),
            state: state.to_owned(),
            create_time: jiff::Timestamp::from_second(1_800_000_000 + second).ok(),
            token: None,
        }
    }

    fn complete(tokens: &[&str], changing: bool) -> Standing {
        Standing::Complete { tokens: tokens.iter().map(|token| (*token).to_owned()).collect(), changing }
    }

    #[test]
    fn what_is_missing_follows_from_what_is_there() {
        let user = |state: &str| TokenAuthUser { state: state.to_owned() };
        let (active, coming) = (user("ACTIVE"), user("CREATING"));
        for (user, tokens, expected, missing) in [
            (None, vec![], Standing::NoUser, 2),
            (Some(&active), vec![], Standing::NoToken, 1),
            (Some(&coming), vec![], Standing::Coming, 0),
            (Some(&active), vec![token("a", "CREATING", 0)], Standing::Coming, 0),
            (Some(&active), vec![token("a", "DELETING", 0)], Standing::NoToken, 1),
            (Some(&active), vec![token("a", "ACTIVE", 0)], complete(&["a"], false), 0),
            (Some(&active), vec![token("a", "ACTIVE", 0), token("b", "CREATING", 1)], complete(&["a"], true), 0),
            (Some(&active), vec![token("a", "DELETING", 0), token("b", "ACTIVE", 1)], complete(&["b"], true), 0),
        ] {
            let standing = Standing::of(user, &tokens);
            assert_eq!(standing, expected);
            assert_eq!(standing.missing().len(), missing, "{standing:?}");
        }
    }

    #[test]
    fn tokens_stand_in_the_order_in_which_they_were_made() {
        let all = [token("b", "ACTIVE", 9), token("a", "ACTIVE", 3), token("c", "CREATING", 12)];
        let active = TokenAuthUser { state: "ACTIVE".to_owned() };
        assert_eq!(Standing::of(Some(&active), &all), complete(&["a", "b"], true));
    }
}
