//! Mistakes planted in pages: each has to be found, or the tests above prove nothing.

use crate::pages::Page;
use crate::{console, data, links, pages, words};

fn page(text: &str) -> Page {
    Page { path: "docs/planted.md".to_owned(), text: text.to_owned() }
}

#[tokio::test]
async fn a_page_without_mistakes_has_none() {
    let page = page(
        "# Planted\n[here](#planted) and [there](errors.md#res-105-the-name-is-taken), `server.listen`, `cache-driver serve`\n\n\
         <!-- file: a.txt -->\n```text\none\n```\n\n```console\n$ cat a.txt\none\n$ cache-driver token\nsecret  …\nsha256  …\n```\n\n\
         <!-- ends with 2 -->\n```console\n$ cache-driver serve --config none.toml\n…none.toml…\n```\n\n\
         ```toml\n[server]\nlisten = \"127.0.0.1:0\"\n```\n\n<!-- inputs -->\n```json\n{\"size\": \"small\"}\n```\n",
    );
    let known = words::Known::of_the_program().await;
    assert_eq!(page.problems(), [""; 0]);
    assert_eq!(console::run(&page).await, [""; 0]);
    assert_eq!(data::problems(&page), [""; 0]);
    assert_eq!(links::problems(&page, &pages::all()), [""; 0]);
    let page = Page { text: format!("{}\n", page.text), ..page };
    assert_eq!(words::problems(&page, &known), [""; 0]);
}

#[tokio::test]
async fn commands_that_do_something_else_than_is_shown_are_found() {
    for (what, text) in [
        ("other output", "```console\n$ echo one\ntwo\n```"),
        ("output that is not shown", "```console\n$ echo one\n```"),
        ("a command that fails", "```console\n$ false\n```"),
        ("a command that fails inside", "```sh\nset -e\nfalse\ntrue\n```"),
        ("a command that should fail", "<!-- ends with 1 -->\n```console\n$ true\n```"),
        ("a flag that is none", "```console\n$ cache-driver token --bits 5\nsecret  …\nsha256  …\n```"),
        ("a second command that fails", "```console\n$ true\n$ false\n```"),
        ("a variable that was never set", "```console\n$ set -u; echo $NEVER_SET\n…\n```"),
        ("a command that ends the shell", "```console\n$ exit 3\n```"),
    ] {
        assert_eq!(console::run(&page(text)).await.len(), 1, "{what}");
    }
}

#[test]
fn configurations_and_json_that_cannot_be_used_are_found() {
    for (what, text) in [
        ("no TOML", "```toml\n[server\n```"),
        ("a misspelt key", "```toml\n[server]\nlissen = \"127.0.0.1:0\"\n```"),
        ("a value of another kind", "```toml\n[server]\nrequest_timeout = \"soon\"\n```"),
        ("a public address that asks nobody", "```toml\n[server]\nlisten = \"0.0.0.0:8080\"\n```"),
        ("a wrong input among defaults", "```toml\n[routes.redis.defaults]\nsise = \"small\"\n```"),
        ("a region that is missing", "```toml\n[providers.gcp]\nenabled = true\n```"),
        (
            "a file that is not there",
            "```toml\n[server.tls]\ncert_file = \"nowhere\"\nkey_file = \"nowhere\"\n[server.auth.jwt]\nkeys_files = [\"nowhere\"]\norg_ids = [\"a\"]\n```",
        ),
        ("no JSON", "```json\n{\"a\": }\n```"),
        ("nothing", "```json\n```"),
        ("an input that is none", "<!-- inputs -->\n```json\n{\"sise\": \"small\"}\n```"),
    ] {
        assert_eq!(data::problems(&page(text)).len(), 1, "{what}");
    }
}

#[test]
fn links_that_lead_nowhere_are_found() {
    for text in ["[a](none.md)", "[a](#none)", "[a](errors.md#none)", "[a](../../..)", "[a](http://example.com)"] {
        assert_eq!(links::problems(&page(text), &pages::all()).len(), 1, "{text}");
    }
}

#[tokio::test]
async fn names_that_nothing_answers_to_are_found() {
    let known = words::Known::of_the_program().await;
    for text in [
        "`server.lissen`",
        "`[server.outh]`",
        "`cache-driver surf`",
        "RES-115",
        "`src/none.rs`",
        "`lifecycle.deadlines.\"gcp/redis\".grow`",
    ] {
        assert_eq!(words::problems(&page(text), &known).len(), 1, "{text}");
    }
}

#[test]
fn what_this_test_would_pass_over_is_found() {
    for (what, text) in [
        ("no reason", "<!-- not run: -->\n```console\n$ true\n```"),
        ("a misspelt comment", "<!-- not runn: why -->\n```console\n$ true\n```"),
        ("a comment above nothing", "<!-- not run: why -->\ntext"),
        ("a command in a block that is not run", "```text\n$ false\n```"),
        ("a command in a block of no language", "```\n$ false\n```"),
        ("output without a command", "```console\nfalse\n```"),
        ("an unknown language", "```bash\nfalse\n```"),
    ] {
        assert_eq!(page(text).problems().len(), 1, "{what}");
    }
}
