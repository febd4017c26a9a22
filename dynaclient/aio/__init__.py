"""The asynchronous client: the same calls, awaited. asyncio only.

::

    async with dynaclient.AsyncClient() as client:
        reply = await client.embeddings.create(input="The quick brown fox", model="hash-384")

Each call runs on a worker thread; nothing of what a call does is written twice.
"""

from __future__ import annotations

from dynaclient.aio.client import AsyncCall, AsyncClient, AsyncGroup
from dynaclient.aio.iterate import AsyncIterate
from dynaclient.aio.workers import Workers

__all__ = ["AsyncCall", "AsyncClient", "AsyncGroup", "AsyncIterate", "Workers"]
