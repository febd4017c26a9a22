"""What an OpenAPI document says, as frozen values: references, defaults and extensions are settled.

A value that came from the document carries ``pointer``, the JSON Pointer (RFC 6901) of its place there, so that errors,
``describe`` and completion can name it. Schemas are not copied: they are named by their pointer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.frozen import Struct, field


class Server(Struct, frozen=True):
    """Server Object (OpenAPI 3.1, 4.8.5); ``id`` from ``x-speakeasy-server-id`` or 3.2's ``name``.

    ``bare_origin`` is the path that a URL without one stands for (``x-dynaclient-bare-origin``), ``url_env`` the environment variable that holds
    another address of the server (``x-dynaclient-url-env``); ``""`` if they are not declared.
    """

    url: str
    id: str = ""
    description: str = ""
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pointer: str = ""
    bare_origin: str = ""
    url_env: str = ""


class Flow(Struct, frozen=True):
    """OAuth Flow Object (OpenAPI 3.1, 4.8.29; 3.2 for ``deviceAuthorization``). URLs are as written: they may be relative to the server's."""

    token_url: str = ""
    authorization_url: str = ""
    device_authorization_url: str = ""
    refresh_url: str = ""
    scopes: Mapping[str, str] = field(default_factory=dict)


class SecurityScheme(Struct, frozen=True):
    """Security Scheme Object (OpenAPI 3.1, 4.8.27).

    ``env`` lists the environment variables to read, in order: ``x-dynaclient-env`` (a name, or a mapping from server id to name), else
    the scheme's name in upper case. ``env_by_server`` holds the names that belong to one server id only. ``flows`` are those of OAuth 2, by the
    standard's names (``clientCredentials``). ``optional_elsewhere``: a server that the document does not name is called without a credential
    if there is none (``x-dynaclient-optional-elsewhere``).
    """

    name: str
    type: str
    scheme: str = ""
    location: str = ""
    parameter: str = ""
    env: str = ""
    env_by_server: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)
    openid_connect_url: str = ""
    oauth2_metadata_url: str = ""
    description: str = ""
    pointer: str = ""
    optional_elsewhere: bool = False


class MediaType(Struct, frozen=True):
    """Media Type Object (OpenAPI 3.1, 4.8.14). ``schema`` is a pointer or None."""

    name: str
    schema: str | None = None
    encoding: Mapping[str, Any] = field(default_factory=dict)
    item_schema: str | None = None
    pointer: str = ""


class Parameter(Struct, frozen=True):
    """Parameter Object (OpenAPI 3.1, 4.8.12), or one property of a JSON body taken as a keyword argument (``location`` = ``"body"``).

    ``python_name`` is the keyword; ``name`` is the name on the wire. ``array_format``: how the style ``deepObject`` writes
    arrays (``x-dynaclient-array-format``).
    """

    name: str
    python_name: str
    location: str
    required: bool = False
    schema: str | None = None
    style: str = ""
    explode: bool = False
    allow_reserved: bool = False
    allow_empty: bool = False
    content: MediaType | None = None
    description: str = ""
    deprecated: bool = False
    pointer: str = ""
    array_format: str = "indexed"


class Body(Struct, frozen=True):
    """Request Body Object (OpenAPI 3.1, 4.8.13). ``properties``: the keyword arguments that its default media type offers.

    ``keyword`` is the argument that takes the whole body: ``body``, or ``request_body`` if an argument of the operation
    is called ``body`` already.
    """

    content: tuple[MediaType, ...]
    required: bool = False
    properties: tuple[Parameter, ...] = ()
    description: str = ""
    pointer: str = ""
    keyword: str = "body"


class Reply(Struct, frozen=True):
    """Response Object (OpenAPI 3.1, 4.8.17). ``status`` is ``"200"``, a range such as ``"4XX"``, or ``"default"``."""

    status: str
    description: str = ""
    content: tuple[MediaType, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    linked: bool = False
    pointer: str = ""


class RetryPolicy(Struct, frozen=True):
    """When and how often to send again (``x-speakeasy-retries``, ``x-dynaclient-retries``). Times are milliseconds.

    ``declared`` says that the document (or the caller) asked for retries: the author's consent for methods that are not
    idempotent. ``status_codes`` holds exact codes (``"429"``) and ranges (``"5XX"``), ``except_status_codes`` those of
    them that are not retried after all. ``never`` holds codes of an error body (``insufficient_quota``) that are final,
    whatever the status. ``max_attempts`` None: as many as the time allows. ``jitter`` is ``full``, ``additive`` or
    ``none``.
    """

    strategy: str = "none"
    initial_interval: int = 500
    max_interval: int = 60_000
    max_elapsed_time: int = 3_600_000
    exponent: float = 1.5
    status_codes: tuple[str, ...] = ()
    retry_connection_errors: bool = True
    max_attempts: int | None = None
    jitter: str = "full"
    retry_after_max: int | None = None
    budget: bool = True
    methods: tuple[str, ...] | None = None
    except_status_codes: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    declared: bool = False
    pointer: str = ""


class Batch(Struct, frozen=True):
    """``x-dynaclient-batch``: how the results of a call line up with its inputs.

    ``input`` is the wire name of the body property that may be split; ``item`` the pointer of the schema of one single input (a value that
    satisfies it counts as one; any other array counts its items); ``output`` the property of the reply that carries the results;
    ``order`` the key of a result that holds its place, from 0, or ""; ``sum`` dotted paths of reply fields that are added up;
    ``max_items`` and ``max_tokens`` the limits of one request, None where unknown; ``vector`` the key of a result that holds its vector, or "";
    ``length`` the wire name of the body property that says how many numbers each vector has, or "".
    """

    input: str
    output: str
    item: str | None = None
    order: str = ""
    sum: tuple[str, ...] = ()
    max_items: int | None = None
    max_tokens: int | None = None
    pointer: str = ""
    vector: str = ""
    length: str = ""


class PagingInput(Struct, frozen=True):
    """What changes from page to page: ``type`` is ``page``, ``offset``, ``limit`` or ``cursor``; ``location`` is ``parameters`` or ``requestBody``."""

    name: str
    location: str
    type: str


class Paging(Struct, frozen=True):
    """How to ask for the next page of a list: ``x-speakeasy-pagination``, ``x-dynaclient-pagination``, or inferred.

    ``type`` is ``offsetLimit``, ``cursor``, ``url``, ``link`` (only the field ``Link`` leads on) or ``none`` (there are no
    pages). ``results``, ``num_pages``, ``next_cursor``, ``next_url``, ``has_more``, ``total`` and ``page`` are JSONPaths
    (RFC 9535) into the reply, or ``""``. ``inferred``: the document does not declare it; ``why`` says what it was inferred from.
    """

    type: str
    inputs: tuple[PagingInput, ...] = ()
    results: str = ""
    num_pages: str = ""
    next_cursor: str = ""
    next_url: str = ""
    has_more: str = ""
    total: str = ""
    page: str = ""
    inferred: bool = False
    why: str = ""
    pointer: str = ""


class OperationKey(Struct, frozen=True):
    """An operation as the index knows it, before anything of it is read: its names and where it stands."""

    group: tuple[str, ...]
    name: str
    method: str
    path: str
    pointer: str
    summary: str = ""
    tag: str = ""
    deprecated: bool = False

    @property
    def dotted(self) -> str:
        """``embeddings.create``."""
        return ".".join((*self.group, self.name))


class Operation(Struct, frozen=True):
    """Operation Object (OpenAPI 3.1, 4.8.10), complete.

    ``security`` is a tuple of alternatives (OR), each a tuple of ``(scheme name, scopes)`` (AND); an empty alternative means that none is needed.
    ``timeout`` is milliseconds per attempt (``x-speakeasy-timeout``) or None.
    """

    key: OperationKey
    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    replies: tuple[Reply, ...] = ()
    servers: tuple[Server, ...] = ()
    security: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = ()
    retry: RetryPolicy = RetryPolicy()
    timeout: int | None = None
    batch: Batch | None = None
    paging: Paging | None = None
    error_statuses: tuple[str, ...] = ("4XX", "5XX")
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    pointer: str = ""

    @property
    def dotted(self) -> str:
        """``embeddings.create``."""
        return self.key.dotted

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """All that can be passed as a keyword: the parameters, then the properties of the body."""
        return self.parameters + (self.body.properties if self.body else ())


class Api(Struct, frozen=True):
    """A whole document, its operations indexed by name. ``version`` is ``"3.0"``, ``"3.1"`` or ``"3.2"``."""

    document: Mapping[str, Any]
    version: str
    title: str = ""
    source: str = ""
    servers: tuple[Server, ...] = ()
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
    index: Mapping[str, OperationKey] = field(default_factory=dict)
    tolerated: tuple[str, ...] = ()
