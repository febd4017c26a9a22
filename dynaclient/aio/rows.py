"""The results of ``AsyncCall.map``."""

from __future__ import annotations

from typing import TypeVar

from dynaclient.aio.iterate import AsyncIterate
from dynaclient.bulk.summary import Summary

T = TypeVar("T")


class AsyncMapResults(AsyncIterate[T]):
    """The results of ``call.map`` for ``async for``, and what they have come to; see `dynaclient.MapResults`.

    ::

        results = client.group.operation.map(rows)
        async for result in results:
            ...
        print(results.summary.tokens)
    """

    @property
    def summary(self) -> Summary:
        """What the run has come to until now. It is final once the iteration has ended, and empty before the first result is asked for."""
        found: Summary = self._source.sequence.summary if self._source.opened else Summary()
        return found
