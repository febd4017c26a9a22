"""The clients, typed for the document that ships: the types stand beside this file, which is what checkers read."""

from __future__ import annotations

from dynaclient.aio.client import AsyncClient
from dynaclient.client import Client

__all__ = ["AsyncClient", "Client"]
