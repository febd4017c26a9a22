"""What a credential is, and what an operation needs of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol

from dynaclient.frozen import Struct
from dynaclient.openapi.model import SecurityScheme
from dynaclient.wire import REDACTED

if TYPE_CHECKING:
    from dynaclient.wire import Headers, Request, Timeout

Secret = str | Callable[[], str]
"""A secret, or a function that returns it, called when it is needed."""


def reveal(secret: Secret) -> str:
    """A secret's text."""
    return secret() if callable(secret) else secret


class Account:
    """A credential of several parts. Its repr hides what is secret; it is not pickled."""

    __slots__ = ()
    SECRETS: ClassVar[frozenset[str]] = frozenset()
    """The names of the parts that are never shown."""

    def __repr__(self) -> str:
        shown = []
        for name, value in self._parts():
            if value:
                text = REDACTED if name in self.SECRETS else repr(value)
                shown.append(f"{name}={sorted(value) if isinstance(value, Mapping) else text}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled; make the client where it is used")

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for accounts that are interchangeable; hashable; it holds the secrets."""
        parts = (tuple(sorted(value.items())) if isinstance(value, Mapping) else value for _, value in self._parts())
        return (type(self).__name__, *parts)

    def _parts(self) -> list[tuple[str, Any]]:
        from dataclasses import fields

        return [(part.name, getattr(self, part.name)) for part in fields(self)]  # type: ignore[arg-type]  # every subclass is a dataclass

    def known_secrets(self) -> list[str]:
        """The secrets that are there as text."""
        values = [getattr(self, name) for name in self.SECRETS]
        return [value for value in values if isinstance(value, str)]


Credential = str | tuple[str, Secret] | Callable[[], str] | Account
"""A token or key; ``(user, password)`` for http basic and digest; a function that returns the token, called for each request; or an account: see
`OAuth2ClientCredentials`, `OAuth2Password`, `OAuth2Refresh` and `Digest`."""


class Replied(Protocol):
    """The head of a reply: a `Response`, or a stream that is still open."""

    @property
    def status(self) -> int:
        """The status."""

    @property
    def headers(self) -> Headers:
        """The fields."""

    @property
    def url(self) -> str:
        """Where it came from, after redirects; ``""`` where that is not known."""


class Renewal(ABC):
    """A credential that changes while it is used: a token that expires, a digest that follows a challenge. Safe among threads."""

    kind: ClassVar[str]
    """The authentication scheme that it writes (RFC 9110, 11.1): ``Bearer``, ``Digest``."""

    @abstractmethod
    def field(self, request: Request, timeout: Timeout | None) -> str:
        """The ``Authorization`` of a request; ``""`` as long as the server has not said what it wants.

        Parameters
        ----------
        request:
            What is about to be sent, complete but for this field.
        timeout:
            What bounds fetching a token, seconds; None: the package's own bound.
        """

    @abstractmethod
    def renewed(self, sent: Request, reply: Replied) -> bool:
        """After a 401: whether sending once more, with what `field` then gives, makes sense."""


class Need(Struct, frozen=True):
    """One scheme of the alternative that was chosen, and its credential; ``source`` says where that came from, never what it is."""

    scheme: SecurityScheme
    credential: Credential | Renewal
    source: str

    def __repr__(self) -> str:
        return f"Need({self.scheme.name!r}, from {self.source})"

    def __reduce__(self) -> Any:
        raise TypeError("credentials are not pickled; make the client where it is used")
