"""Which server a call goes to."""

import pytest
from cases import cases

from dynaclient.errors import ArgumentError, SpecError
from dynaclient.openapi.model import Server
from dynaclient.openapi.server import target

CASES = cases("server.yaml")
SERVERS = tuple(Server(**{**entry, "variables": entry.get("variables", {})}) for entry in CASES["servers"])


def found(case):
    return target(SERVERS, case.get("wanted"), case.get("base", ""), case.get("variables"))


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["title"])
def test_servers(case):
    """A server is found by id or URL, its variables filled in, its path without a slash at the end."""
    place = found(case)
    assert (place.url, place.id, place.embedded) == (case["url"], case["id"], False)
    assert place.url == place.origin + place.prefix
    assert not place.prefix.endswith("/")


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["title"])
def test_refused(case):
    """A server that cannot be used is refused with what to do, and no message holds a password or key."""
    with pytest.raises((ArgumentError, SpecError), match=case["reason"]) as caught:
        found(case)
    assert "canary" not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize("case", CASES["bare"], ids=lambda case: str(case["wanted"]))
def test_bare_origins(case):
    """A URL without a path stands for the path that the servers declare, and one that comes to a server's address is that server."""
    place = target(tuple(Server(**entry) for entry in CASES["bare_servers"]), case["wanted"])
    assert (place.url, place.id) == (case["url"], case["id"])


def test_local():
    """`local` is the embedded server, unless the document names one so itself."""
    assert target(SERVERS, "local").embedded
    own = Server("https://own.example.com", id="local")
    place = target((*SERVERS, own), "local")
    assert (place.embedded, place.url) == (False, "https://own.example.com")


def test_no_servers():
    """A document without servers is served where it was published."""
    assert target((), None, "https://docs.example.com/a/spec.yaml").url == "https://docs.example.com"
    with pytest.raises(SpecError, match="pass server="):
        target((), None, "spec.yaml")


def test_bad_default():
    """A default that its own enum does not hold is refused too."""
    server = Server("https://{a}", variables={"a": {"default": "x", "enum": ["y"]}})
    with pytest.raises(ArgumentError, match="one of y"):
        target((server,), None)
