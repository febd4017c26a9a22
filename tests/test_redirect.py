"""Where a redirect leads, and what goes along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import RedirectError
from dynaclient.redirect import MAX_REDIRECTS, next_request, same_origin
from dynaclient.wire import Headers, Request, Response

HERE = "https://api.example.com"


def request(method="POST", target="/v1/a?b=c", origin=HERE, body=b"{}", **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, origin, target, fields, body, frozenset({"x-mine", "k"}))


def redirect(location, status=307):
    return Response(status, Headers({"Location": location}))


@pytest.mark.parametrize("status", [307, 308])
def test_method_and_body_are_kept(status):
    """307 and 308 send the same method and body to the new place."""
    following = next_request(request(), redirect("/v2/a", status))
    assert (following.method, following.url, following.body) == ("POST", f"{HERE}/v2/a", b"{}")


@pytest.mark.parametrize(("method", "expected"), [("POST", "GET"), ("GET", "GET"), ("HEAD", "HEAD")])
def test_see_other_becomes_get(method, expected):
    """303 asks for the new place with GET, or HEAD, and sends neither body nor what describes one."""
    following = next_request(request(method, Content_Type="application/json", Accept="*/*"), redirect("/done", 303))
    assert (following.method, following.body, following.headers) == (expected, None, {"Accept": "*/*"})


@pytest.mark.parametrize("status", [301, 302])
def test_moved_is_followed_for_get_only(status):
    """301 and 302 are followed for GET and HEAD; for others clients disagree, so that the user is told the new place."""
    assert next_request(request("GET", body=None), redirect("/b", status)).method == "GET"
    assert next_request(request("HEAD", body=None), redirect("/b", status)).method == "HEAD"
    with pytest.raises(RedirectError, match=r"https://new\.example/b.*server="):
        next_request(request(), redirect("https://new.example/b", status))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("b", f"{HERE}/v1/b"),
        ("../b", f"{HERE}/b"),
        ("/b?x=1#frag", f"{HERE}/b?x=1"),
        ("?x=1", f"{HERE}/v1/a?x=1"),
        ("//other.example/b", "https://other.example/b"),
        ("https://API.example.com:443/b", f"{HERE}/b"),
        ("https://other.example", "https://other.example/"),
        ("https://[::1]:8/b", "https://[::1]:8/b"),
        ("/caf\u00c3\u00a9 x", f"{HERE}/caf%C3%A9%20x"),
        ("/a%2Fb", f"{HERE}/a%2Fb"),
    ],
)
def test_locations_are_resolved(location, url):
    """A Location is resolved as RFC 3986 says, its fragment dropped, what no URL may hold encoded."""
    assert next_request(request(), redirect(location)).url == url


@pytest.mark.parametrize(
    "location",
    [
        "http://api.example.com/b",
        "ftp://x/b",
        "https://user:pw@other.example/",
        "https://x:99999/",
        "https://[::1/",
        "mailto:a@b",
    ],
)
def test_bad_locations_are_refused(location):
    """A step down from https, another scheme, user information and addresses that are none are not followed."""
    with pytest.raises(RedirectError) as caught:
        next_request(request(), redirect(location))
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 300, 304, 305, 404])
def test_other_statuses_lead_nowhere(status):
    """Only the five redirect statuses lead anywhere."""
    assert next_request(request(), redirect("/b", status)) is None


def test_without_a_location_it_is_a_reply():
    """A redirect status without a Location is an ordinary reply."""
    assert next_request(request(), Response(307)) is None


def test_loops_and_chains_end():
    """A place that was asked before, and the eleventh hop, end the chain."""
    with pytest.raises(RedirectError, match="loop"):
        next_request(request(), redirect("/v1/a?b=c"), (("POST", f"{HERE}/v1/a?b=c"),))
    visited = tuple(("POST", f"{HERE}/{n}") for n in range(MAX_REDIRECTS + 1))
    assert next_request(request(), redirect("/b"), visited[:-1]) is not None
    with pytest.raises(RedirectError, match="more than 10"):
        next_request(request(), redirect("/b"), visited)


def test_credentials_stay_at_home():
    """To the same origin all headers go along; to another only those that can be no credential, whatever their names."""
    sent = request(
        Authorization="Bearer s", Cookie="a=s", X_Mine="s", X_Anything="s", Proxy_Authorization="s",
        Accept="*/*", Content_Type="application/json", User_Agent="me",
    )  # fmt: skip
    assert next_request(sent, redirect("/b")).headers == sent.headers
    for location in ("https://other.example/b", "https://api.example.com:8443/b", "https://example.com/b"):
        assert set(next_request(sent, redirect(location)).headers) == {"Accept", "Content-Type", "User-Agent"}


def test_a_declared_secret_stays_whatever_its_name():
    """A security scheme that uses a harmless header's name does not leak through it."""
    sent = Request("GET", HERE, "/", {"Accept-Language": "secret"}, None, frozenset({"accept-language"}))
    assert next_request(sent, redirect("https://other.example/")).headers == {}


def test_a_secret_echoed_into_the_query_is_dropped():
    """A credential in the query that the server copies into a Location does not reach another origin."""
    sent = Request("GET", HERE, "/a?k=s3cret&api_key=t0p&page=1", {}, None, frozenset({"k"}))
    following = next_request(sent, redirect("https://other.example/a?k=s3cret&api_key=t0p&page=1"))
    assert following.target == "/a?page=1"
    assert next_request(sent, redirect("/b?k=s3cret")).target == "/b?k=s3cret"


def test_messages_hold_no_secret():
    """An error names the places without the credentials in their queries."""
    with pytest.raises(RedirectError) as caught:
        next_request(request(target="/a?k=s3cret"), redirect("/b?k=s3cret", 302))
    assert "s3cret" not in str(caught.value)


@given(st.text())
def test_any_location_is_followed_or_refused(location):
    """Whatever a Location holds, it gives a request that can be put on the wire or a RedirectError."""
    try:
        following = next_request(request("GET", body=None), redirect(location))
    except RedirectError:
        return
    assert following.target.startswith("/")
    assert all("!" <= character <= "~" for character in following.target)


def test_default_ports_are_filled_in():
    """The default port is the same origin as none."""
    assert same_origin("https://a", "https://A:443")
    assert not same_origin("https://a", "http://a:443")
