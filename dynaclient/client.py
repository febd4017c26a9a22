"""Client: a document as an object whose groups and methods are its operations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from dynaclient import auth
from dynaclient.call import Call
from dynaclient.core import Core
from dynaclient.errors import ArgumentError, Problem
from dynaclient.fetch import open_document
from dynaclient.group import member, members, no_member
from dynaclient.observe import Observer
from dynaclient.openapi.model import Api
from dynaclient.options import Options, bad_option, from_environment, in_words, shown_server
from dynaclient.transport import Transport
from dynaclient.wire import Timeout
from dynaclient.world import World

if TYPE_CHECKING:
    from dynaclient.profile import Profile
    from dynaclient.source.amend import OverlaySource
    from dynaclient.tolerance import Tolerated
    from dynaclient.transport.tls import ClientCert


def _check_kinds(transport: object, credentials: object) -> None:
    if transport is not None and not isinstance(transport, Transport):
        raise bad_option("transport", "an object with send, open and close is expected")
    if credentials is not None and not isinstance(credentials, Mapping):
        raise bad_option("credentials", "a mapping from names of security schemes to credentials is expected")


def _check_names(wallet: auth.Wallet, api: Api) -> None:
    unknown = wallet.names() - api.schemes.keys()
    if unknown:
        known = ", ".join(api.schemes) or "none"
        raise bad_option("credentials", f"no security scheme {', '.join(sorted(unknown))}; the document has {known}")


def _profiled(profile: Profile | None) -> Options:
    """The options of a profile."""
    if profile is None:
        return Options()
    return Options().evolve(
        server=profile.server,
        timeout=profile.timeout,
        retries=profile.retries,
        headers=profile.headers or None,
        query=profile.query or None,
        validate=profile.validate,
    )


class Client:
    """A document as a client.

    ``client.embeddings.create(...)`` calls the operation ``create`` of the group ``embeddings``; ``client["embeddings.create"]`` is the same by its dotted name;
    iterating gives the dotted names. It is a context manager, safe among threads, and holds its connections open until it is closed.

    Parameters
    ----------
    spec:
        The document: a path, a URL, text, bytes, a mapping, a loaded Document, or None for the one that ships.
    overlays:
        Amendments to the document (Overlay 1.0 and 1.1), applied in order: paths, texts, mappings, or names of overlays that ship. None: the profile's.
    server:
        The id of one of the document's servers; a URL, the whole base below which the operations stand, whose query is sent with every call; or
        ``"local"`` for the embedded server. None: the document's first. For the document that ships also the name of
        a service whose overlay ships: the overlay is applied. ``dynaclient vendors`` lists the names.
    bearer_auth:
        The bearer token, or a function that returns it for each request. None: the environment variable that the document names.
    credentials:
        Security scheme name -> token, ``(user, password)`` or function, for documents with several schemes.
    timeout:
        Seconds for one attempt, or a Timeout.
    retries:
        How many retries, False for none, a mapping of fields of the retry policy, or a RetryPolicy; laid over what the document declares, field by field.
    headers:
        Header fields to add to every request.
    query:
        Query parameters to add to the URL of every request; an operation's own parameter of the same name wins.
    validate:
        What is done where a request or reply differs from the document: ``"strict"`` (raise), ``"lenient"`` (raise if that
        changes the meaning, and note the rest once, on the logger ``dynaclient`` and in `tolerated`), ``"warn"`` (report
        each) or ``"off"``; or a mapping for ``request`` and ``reply`` separately. None: requests are strict and replies
        lenient.
    arrays:
        ``True`` or ``"float64"``, ``"float32"``: arrays of numbers in replies come as Vectors, packed numbers with the buffer protocol, in place of lists.
    transport:
        What sends the requests, in place of urllib3: see `dynaclient.testing.FakeTransport`.
    proxy, ca_bundle, pool_size, max_reply_bytes:
        For the urllib3 transport: a proxy URL, a file of CA certificates, the connections kept per origin, the bound on a reply in bytes.
    server_variables:
        Values for the variables of the server's URL.
    client_cert:
        A PEM file, ``(certificate, key)`` or ``(certificate, key, password)``, to show to servers (mutual TLS).
    settings:
        Values of the document's global parameters (``x-speakeasy-globals``), by keyword, sent with every call that takes them.
    send_defaults:
        Whether the document's defaults are sent where nothing is passed.
    observers:
        What is told of every attempt and call, see `dynaclient.Observer`.
    profile:
        A profile of the config file: its options stand where neither an argument nor a variable says anything. None: ``DYNACLIENT_PROFILE``.
    cache:
        Whether parsed documents are kept in the user's cache folder.
    drift:
        A file to which is written, one line of JSON each, how replies differ from the document; never a value of a reply, see `dynaclient.drift`.
        None: ``DYNACLIENT_DRIFT``.
    world:
        Clock, sleep and random source; replaced in tests, see `dynaclient.testing.FakeClock`.

    Raises
    ------
    SpecError
        Where the document cannot be read.
    ArgumentError
        Where an option makes no sense.
    """

    @in_words
    def __init__(
        self,
        spec: Any = None,
        *,
        overlays: Iterable[OverlaySource] | None = None,
        server: str | None = None,
        bearer_auth: auth.Credential | None = None,
        credentials: Mapping[str, auth.Credential] | None = None,
        timeout: float | Timeout | None = None,
        retries: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        validate: str | Mapping[str, str] | None = None,
        arrays: bool | str | None = None,
        transport: Transport | None = None,
        proxy: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        pool_size: int = 64,
        max_reply_bytes: int = 1 << 30,
        server_variables: Mapping[str, str] | None = None,
        client_cert: ClientCert | None = None,
        settings: Mapping[str, Any] | None = None,
        send_defaults: bool = False,
        observers: Observer | Iterable[Observer] = (),
        profile: str | None = None,
        cache: bool = True,
        drift: str | os.PathLike[str] | None = None,
        world: World = World(),
    ) -> None:
        _check_kinds(transport, credentials)
        chosen = self._profile(profile)
        if chosen is not None and spec is None:
            spec, overlays = chosen.spec, chosen.overlays if overlays is None else overlays
        self._options = from_environment(_profiled(chosen)).evolve(
            server=server,
            timeout=timeout,
            retries=retries,
            headers=headers,
            query=query,
            validate=validate,
            arrays=arrays,
            settings=settings,
            send_defaults=send_defaults or None,
        )
        wallet = auth.Wallet(
            credentials,
            bearer_auth,
            server=self._options.server,
            profile=chosen.pocket if chosen is not None else None,
            client_cert=client_cert is not None,
        )

        def make_transport() -> Transport:
            from dynaclient.transport.http import Urllib3Transport  # urllib3 takes 50 ms: not for the embedded server

            bundle = os.fspath(ca_bundle) if ca_bundle is not None else None
            return Urllib3Transport(
                pool_size=pool_size,
                proxy=proxy,
                ca_bundle=bundle,
                client_cert=client_cert,
                max_reply_bytes=max_reply_bytes,
                clock=world.clock,
            )

        document = open_document(spec, make_transport, cache=cache, overlays=overlays or ())
        core = Core(document, wallet, transport, make_transport, server_variables, world, observers, drift)
        self._core = core.home(self._options.server)
        _check_names(wallet, self._core.api)

    @staticmethod
    def _profile(name: str | None) -> Profile | None:
        name = name or os.environ.get("DYNACLIENT_PROFILE") or None
        if name is None:
            return None
        from dynaclient.profile import load_profile

        return load_profile(name)

    @property
    def api(self) -> Api:
        """What the document says."""
        return self._core.api

    @property
    def tolerated(self) -> tuple[Tolerated, ...]:
        """How replies so far departed harmlessly from the document, with counts; see ``validate``.

        ::

            for found in client.tolerated:
                print(found.operation, found.kind, found.where, found.count)
        """
        return self._core.tolerance().all()

    @in_words
    def with_options(
        self,
        *,
        server: str | None = None,
        timeout: float | Timeout | None = None,
        retries: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        validate: str | Mapping[str, str] | None = None,
        arrays: bool | str | None = None,
        settings: Mapping[str, Any] | None = None,
        send_defaults: bool | None = None,
    ) -> Self:
        """A new client with some options changed, which shares this one's document, credentials and connections."""
        changed = type(self).__new__(type(self))
        changed._core = self._core.at(server)
        changed._options = self._options.evolve(
            server=server,
            timeout=timeout,
            retries=retries,
            headers=headers,
            query=query,
            validate=validate,
            arrays=arrays,
            settings=settings,
            send_defaults=send_defaults,
        )
        return changed

    def close(self) -> None:
        """Close the connections. A closed client opens new ones when it is used again."""
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_core", "_options"):
            raise AttributeError(name)
        known = members(self._core.api, ())
        if name not in known:
            raise AttributeError(no_member("the client", name, known))
        found = member(self._core, self._options, (name,))
        self.__dict__[name] = found
        return found

    def __getitem__(self, name: str) -> Call:
        """The call of an operation by its dotted name.

        Raises
        ------
        ArgumentError
            Where there is none; the message names the nearest.
        """
        if name not in self._core.api.index:
            message = no_member("the document", name, tuple(self._core.api.index))
            raise ArgumentError("no such operation", problems=(Problem("operation", message),))
        return Call(self._core, name, self._options)

    def __iter__(self) -> Iterator[str]:
        return iter(self._core.api.index)

    def __len__(self) -> int:
        return len(self._core.api.index)

    def __contains__(self, name: object) -> bool:
        return name in self._core.api.index

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *members(self._core.api, ())})

    def __repr__(self) -> str:
        title = self._core.api.title or self._core.api.source
        return (
            f"<Client of {title!r}: {len(self)} operations, server {shown_server(self._options.server) or 'default'}>"
        )

    def __reduce__(self) -> Any:
        raise TypeError("a client holds open connections and credentials and is not pickled; make it where it is used")
