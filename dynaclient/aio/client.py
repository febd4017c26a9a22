"""AsyncClient, its groups and calls: the synchronous ones, run on worker threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from dynaclient.aio.iterate import AsyncIterate
from dynaclient.aio.workers import Scope, Workers
from dynaclient.call import Call
from dynaclient.cancel import interruptible
from dynaclient.client import Client
from dynaclient.frozen import evolve
from dynaclient.group import Group
from dynaclient.openapi.model import Api, Operation
from dynaclient.options import in_words
from dynaclient.result import Result
from dynaclient.wire import Request
from dynaclient.world import World

if TYPE_CHECKING:
    import inspect

    from dynaclient.aio.rows import AsyncMapResults
    from dynaclient.tolerance import Tolerated


class _Signature:
    """The signature of the synchronous counterpart, with what is added here; made when it is asked for."""

    def __init__(self, counterpart: Callable[..., Any], added: str = "", default: Any = None) -> None:
        self._arguments = counterpart, added, default

    def __get__(self, instance: object, owner: type | None = None) -> inspect.Signature:
        import inspect

        if instance is not None:
            raise AttributeError("__signature__")  # of the class, not of its instances, which are not called
        counterpart, added, default = self._arguments
        found = inspect.signature(counterpart)
        more = [inspect.Parameter(added, inspect.Parameter.KEYWORD_ONLY, default=default)] if added else []
        return found.replace(parameters=[*found.parameters.values(), *more])


class AsyncClient:
    """A document as a client for asyncio.

    ``await client.embeddings.create(...)`` calls an operation; all else is as in `dynaclient.Client`, which does the work: on worker threads, so that the event loop never waits
    for a socket, a file or a check. Cancelling a task closes the connection of its call. The calls, their arguments, values and errors are the same.

    It may be made outside of an event loop and used from several, one after another or at once. The document is read when the client is made; where that takes long, a large
    document or one behind a URL, make it on a thread: ``client = await asyncio.to_thread(AsyncClient, spec)``.

    Parameters
    ----------
    spec, options:
        Those of `dynaclient.Client`.
    max_concurrency:
        How many calls run at once, each on a thread; further ones wait for their turn without holding up the event loop.
    """

    __signature__ = _Signature(Client, "max_concurrency", 64)

    @in_words
    def __init__(self, spec: Any = None, *, max_concurrency: int = 64, **options: Any) -> None:
        self._workers = Workers(max_concurrency)
        world: World = options.pop("world", None) or World()
        self._client = Client(spec, world=evolve(world, sleep=interruptible(world.sleep)), **options)

    @property
    def api(self) -> Api:
        """What the document says."""
        return self._client.api

    @property
    def tolerated(self) -> tuple[Tolerated, ...]:
        """How replies so far departed harmlessly from the document, see `dynaclient.Client.tolerated`."""
        return self._client.tolerated

    def with_options(self, **options: Any) -> Self:
        """A new client with some options changed, see `dynaclient.Client.with_options`; it shares this one's document, credentials, connections and threads."""
        changed = type(self).__new__(type(self))
        changed._workers = self._workers
        changed._client = self._client.with_options(**options)
        return changed

    async def close(self) -> None:
        """End the calls that are under way, which raise ConnectionLostError, and close connections and threads. Used again, the client opens new ones."""
        await self._workers.close()
        self._client.close()

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = _wrapped(getattr(self._client, name), self._workers)
        self.__dict__[name] = found
        return found

    def __getitem__(self, name: str) -> AsyncCall:
        """The call of an operation by its dotted name.

        Raises
        ------
        ArgumentError
            Where there is none; the message names the nearest.
        """
        return AsyncCall(self._client[name], self._workers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._client)

    def __len__(self) -> int:
        return len(self._client)

    def __contains__(self, name: object) -> bool:
        return name in self._client

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in dir(self._client) if not name.startswith("_"))})

    def __repr__(self) -> str:
        return f"<Async{repr(self._client).removeprefix('<')}"

    def __reduce__(self) -> Any:
        return self._client.__reduce__()


class AsyncGroup:
    """The operations of one group; each is an attribute."""

    def __init__(self, group: Group, workers: Workers) -> None:
        self.__dict__.update(_group=group, _workers=workers)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = _wrapped(getattr(self._group, name), self._workers)
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        return dir(self._group)

    def __repr__(self) -> str:
        return f"<Async{repr(self._group).removeprefix('<')}"

    def __reduce__(self) -> Any:
        return self._group.__reduce__()


class _Member:
    """A call as a class attribute of its group, so that ``help(client.embeddings)`` lists it."""

    def __init__(self, group: Group, name: str, workers: Workers) -> None:
        self._arguments = group, name, workers

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        group, name, workers = self._arguments
        found = _wrapped(getattr(group, name), workers)
        if instance is not None:
            instance.__dict__[name] = found
        return found


def _wrapped(found: Any, workers: Workers) -> Any:
    """The asynchronous counterpart of a call or group; anything else as it is."""
    if isinstance(found, Call):
        return AsyncCall(found, workers)
    if isinstance(found, Group):
        namespace: dict[str, Any] = {name: _Member(found, name, workers) for name in dir(found)}
        namespace["__doc__"] = type(found).__doc__
        return type(type(found).__name__, (AsyncGroup,), namespace)(found, workers)
    return found


class _Doc:
    """The class's own docstring on the class, the operation's on an instance."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: AsyncCall | None, owner: type[AsyncCall] | None = None) -> str:
        return self.text if instance is None else str(instance._call.__doc__)


class AsyncCall:  # noqa: D101 - its docstring differs between class and instance
    __doc__ = _Doc(
        """One operation of a document, for asyncio: `dynaclient.Call` with the same verbs and arguments.

    ``await call(...)``, ``await call.send(...)`` and ``await call.save(...)`` send; ``call.stream(...)``, ``call.pages(...)``, ``call.items(...)`` and ``call.map(...)`` are for ``async for`` and
    ``async with``; ``call.request(...)`` and ``call.curl(...)`` send nothing and are not awaited.
    """
    )

    def __init__(self, call: Call, workers: Workers) -> None:
        self._call = call
        self._workers = workers
        self.__name__ = call.__name__
        self.__qualname__ = call.__qualname__

    async def __call__(self, /, **arguments: Any) -> Any:  # noqa: D102 - the operation's own docstring is shown
        scope = Scope()
        return self._bridged(await self._workers.run(scope, lambda: self._call(**arguments)), scope)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        # Makes it look like a method to inspect and help(), so that they show its signature and docstring.
        return self

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            return self._call.__signature__
        raise AttributeError(f"{type(self).__name__} {self._call.__qualname__!r} has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"<Async{repr(self._call).removeprefix('<')}"

    def __reduce__(self) -> Any:
        return self._call.__reduce__()

    @property
    def operation(self) -> Operation:
        """What the document says of the operation."""
        return self._call.operation

    async def send(self, /, **arguments: Any) -> Result:
        """Send the call and return all that is known of it, see `dynaclient.Call.send`."""
        scope = Scope()
        result = await self._workers.run(scope, lambda: self._call.send(**arguments))
        value = self._bridged(result.value, scope)
        return result if value is result.value else evolve(result, value=value)

    def request(self, /, **arguments: Any) -> Request:
        """A dry run, see `dynaclient.Call.request`. Nothing is sent, and nothing awaited."""
        return self._call.request(**arguments)

    def curl(self, /, **arguments: Any) -> str:
        """The call as a shell line for curl, see `dynaclient.Call.curl`. Nothing is sent, and nothing awaited."""
        return self._call.curl(**arguments)

    async def save(self, /, *where: Any, **arguments: Any) -> Any:
        """Send the call and write its reply to a file, see `dynaclient.Call.save`."""
        return await self._workers.run(Scope(), lambda: self._call.save(*where, **arguments))

    def stream(self, /, **arguments: Any) -> AsyncIterate[Any]:
        """The items of a reply as they arrive, see `dynaclient.Call.stream`; sent when the first is asked for."""
        return AsyncIterate(lambda: self._call.stream(**arguments), self._workers)

    def pages(self, /, **arguments: Any) -> AsyncIterate[Any]:
        """The pages of a list, see `dynaclient.Call.pages`; each is sent for when it is asked for."""
        return AsyncIterate(lambda: self._call.pages(**arguments), self._workers)

    def items(self, /, **arguments: Any) -> AsyncIterate[Any]:
        """The items of all pages of a list, see `dynaclient.Call.items`; a page is sent for when its first item is asked for."""
        return AsyncIterate(lambda: self._call.items(**arguments), self._workers)

    def map(self, rows: Iterable[Any], /, **arguments: Any) -> AsyncMapResults[Any]:
        """The results of many rows, see `dynaclient.Call.map`; requests are sent when the first result is asked for. The rows are pulled on a worker thread."""
        from dynaclient.aio.rows import AsyncMapResults

        return AsyncMapResults(lambda: self._call.map(rows, **arguments), self._workers)

    def _bridged(self, value: Any, scope: Scope) -> Any:
        """A value as it is; an open stream as an asynchronous iterator, which is open already."""
        if hasattr(value, "__next__") and hasattr(value, "close"):
            stream: AsyncIterate[Any] = AsyncIterate(lambda: value, self._workers, scope)
            stream.adopt()
            return stream
        return value
