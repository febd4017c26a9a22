"""The clients of the document that ships, by their own names."""

import inspect
import subprocess
import sys
from typing import get_type_hints

import pytest
from documents import document, embeddings_reply

import dynaclient
from dynaclient import ArgumentError, AsyncClient, BundledAsyncClient, BundledClient, Client, Vector
from dynaclient.testing import FakeTransport, json_response

KINDS = [(BundledClient, Client), (BundledAsyncClient, AsyncClient)]


@pytest.mark.parametrize(("kind", "whole"), KINDS)
def test_it_is_a_client(kind, whole):
    """It is made with the options of any client, is one, and its options are changed like those of one."""
    client = kind(server="local")
    assert isinstance(client, kind)
    assert isinstance(client, whole)
    assert isinstance(client.with_options(timeout=3), kind)
    assert client.api.title == "Embeddings"


@pytest.mark.parametrize(("kind", "whole"), KINDS)
def test_every_client_of_the_document_is_one(kind, whole):
    """A client that was made without a document is one, amended or not; a client of another document is none."""
    assert isinstance(whole(server="local"), kind)
    assert isinstance(whole(overlays=["openai"]), kind)
    assert not isinstance(whole(document({})), kind)
    assert not isinstance(3, kind)
    assert not isinstance(kind(server="local"), type("Mine", (kind,), {}))


@pytest.mark.parametrize(("kind", "whole"), KINDS)
def test_another_document_is_refused(kind, whole):
    """It takes no document, and none by a profile."""
    with pytest.raises(ArgumentError, match=rf"spec: a {kind.__name__} is .*use {whole.__name__}\(spec\)"):
        kind(spec="theirs.yaml")
    with pytest.raises(TypeError):
        kind("theirs.yaml")
    assert "spec" not in inspect.signature(kind).parameters
    assert "server" in inspect.signature(kind).parameters


def test_a_profile_with_another_document_is_refused(tmp_path, monkeypatch):
    """A profile that names a document of its own cannot be used for it."""
    (tmp_path / "theirs.yaml").write_text('{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}')
    (tmp_path / "config.toml").write_text(f'[profile.work]\nspec = "{tmp_path}/theirs.yaml"\n')
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(tmp_path / "config.toml"))
    with pytest.raises(ArgumentError, match=r"profile: it names .*theirs\.yaml"):
        BundledClient(profile="work")


def test_annotations_can_be_read():
    """Its name, with the type of its numbers or without, stands in annotations that are evaluated."""

    def handed_on(client: BundledClient, other: BundledAsyncClient[Vector]) -> None:
        """Takes clients."""

    assert get_type_hints(handed_on)["client"] is BundledClient
    assert BundledClient[Vector] is BundledClient


def test_it_calls():
    """A call is a call."""
    with BundledClient(transport=FakeTransport(json_response(embeddings_reply([0.5]))), bearer_auth="k") as client:
        assert client.embeddings.create(input="a", model="m").data[0].embedding == [0.5]


def test_the_front_door_does_not_load_it():
    """A client of any document does not import the classes of the document that ships."""
    code = "import sys, dynaclient; dynaclient.Client(server='local'); assert 'dynaclient.bundled' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"BundledClient", "BundledAsyncClient"} <= set(dynaclient.__all__)
