"""Writes ``dynaclient/bundled.pyi``, the types of the document that ships: ``python tests/typing/bundled.py``."""

import inspect
from pathlib import Path

import dynaclient
from dynaclient.openapi.read import read
from dynaclient.openapi.stubs import Front, stubs
from dynaclient.source import load

FILE = Path(dynaclient.__file__).parent / "bundled.pyi"
_HOMES = {
    "auth": "from dynaclient import auth",
    "os": "import os",
    "ClientCert": "from dynaclient.transport.tls import ClientCert",
    "Observer": "from dynaclient.observe import Observer",
    "OverlaySource": "from dynaclient.source.amend import OverlaySource",
    "Transport": "from dynaclient.transport import Transport",
    "World": "from dynaclient.world import World",
}
"""Names in the annotations of the clients' constructors that stubs do not import anyway."""


def text():
    """The file as it should be."""
    document = load(None, cache=False)
    kinds = (dynaclient.Client, dynaclient.AsyncClient)
    signatures = {kind.__name__: inspect.signature(kind) for kind in kinds}
    docstrings = {kind.__name__: inspect.getdoc(kind) for kind in kinds}
    return stubs(read(document.data, document.source), Front(signatures, docstrings, tuple(_HOMES.values())))


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
