"""The clients, typed for the document that ships: the types stand beside this file, which is what checkers read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from dynaclient.aio.client import AsyncClient
from dynaclient.client import Client
from dynaclient.errors import ArgumentError, Problem
from dynaclient.source import SHIPPED

if TYPE_CHECKING:
    import inspect

__all__ = ["AsyncClient", "BundledAsyncClient", "BundledClient", "Client"]


class _Shipped(type):
    """The type of classes that every client of the document that ships is an instance of, whatever it was made by."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        any_document = cls.__mro__[1]
        return "__own__" in cls.__dict__ and isinstance(instance, any_document) and _is_shipped(instance)

    @property
    def __signature__(cls) -> inspect.Signature:
        import inspect

        whole = inspect.signature(cls.__mro__[1])
        return whole.replace(parameters=[one for one in whole.parameters.values() if one.name != "spec"])


def _is_shipped(client: Any) -> bool:
    return bool(client.api.source == SHIPPED)


def _check_options(name: str, options: dict[str, Any]) -> None:
    if "spec" in options:
        hint = f"use {name.removeprefix('Bundled')}(spec) for another document"
        problem = Problem("spec", f"a {name} is a client of the document that ships", hint=hint)
        raise ArgumentError("the client was not made", problems=(problem,))


def _check_document(name: str, client: Any) -> None:
    if not _is_shipped(client):
        problem = Problem("profile", f"it names {client.api.source}; a {name} is a client of the document that ships")
        raise ArgumentError("the client was not made", problems=(problem,))


class BundledClient(Client, metaclass=_Shipped):
    """A client of the document that ships: `dynaclient.Client` with a name for annotations, whose operations are typed.

    It takes the options of `dynaclient.Client` but for ``spec``. ``Client()`` makes one too: ``isinstance`` says so.

    ::

        def vectors(client: dynaclient.BundledClient, texts: list[str]) -> list[list[float]]:
            reply = client.embeddings.create(input=texts, model="hash-384")
            return [item.embedding for item in reply.data]

    Raises
    ------
    ArgumentError
        For an option that makes no sense, ``spec`` among them, and for a profile that names another document.
    """

    __own__ = True

    def __init__(self, **options: Any) -> None:
        _check_options("BundledClient", options)
        super().__init__(**options)
        _check_document("BundledClient", self)

    def __class_getitem__(cls, numbers: Any) -> type[Self]:
        """The class itself: the parameter, the type of the numbers in replies, is for type checkers."""
        return cls


class BundledAsyncClient(AsyncClient, metaclass=_Shipped):
    """As `BundledClient`, for asyncio: `dynaclient.AsyncClient` with a name for annotations.

    Raises
    ------
    ArgumentError
        As for `BundledClient`.
    """

    __own__ = True

    def __init__(self, **options: Any) -> None:
        _check_options("BundledAsyncClient", options)
        super().__init__(**options)
        _check_document("BundledAsyncClient", self)

    def __class_getitem__(cls, numbers: Any) -> type[Self]:
        """The class itself; see `BundledClient`."""
        return cls
