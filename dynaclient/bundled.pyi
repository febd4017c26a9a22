# mypy: disable-error-code="override, assignment, misc, overload-overlap, overload-cannot-match"
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# pyright: reportOverlappingOverload=false, reportInconsistentOverload=false
"""The operations of Embeddings, as types. Made by `dynaclient stubs`; not to be edited."""

import dynaclient.aio
import dynaclient.client
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dynaclient.aio.client import AsyncCall, AsyncGroup
from dynaclient.aio.iterate import AsyncIterate
from dynaclient.aio.rows import AsyncMapResults
from dynaclient.bulk.mapping import MapResults
from dynaclient.call import Call
from dynaclient.errors import DynaclientError
from dynaclient.group import Group
from dynaclient.openapi.model import RetryPolicy
from dynaclient.result import Result
from dynaclient.save import Progress, Saved
from dynaclient.value import Record, Vector
from dynaclient.wire import Request, Timeout
from os import PathLike
from typing import Any, Generic, Literal, Protocol, Required, Self, TypedDict, Unpack, overload
from typing_extensions import TypeVar
from dynaclient import auth
import os
from dynaclient.transport.tls import ClientCert
from dynaclient.observe import Observer
from dynaclient.source.amend import OverlaySource
from dynaclient.transport import Transport
from dynaclient.world import World

_T_co = TypeVar("_T_co", covariant=True)

_Numbers_co = TypeVar("_Numbers_co", default=list[float], covariant=True)

class Numbers(Protocol):
    """Numbers of another library: a numpy array, a tensor."""

    def tolist(self) -> Any: ...

class Fields(Record):
    """A JSON object whose fields are known: read as attributes, or as items. Fields that the document does not declare are read as items."""

    __getattr__: None

class ResultOf(Result, Generic[_T_co], frozen=True):
    """All that is known of one call."""

    value: _T_co

class WholeCall(Call):
    """A call of which the document declares no reply that comes item by item."""

    stream: None

class AsyncWholeCall(AsyncCall):
    """A call of which the document declares no reply that comes item by item."""

    stream: None

class CallOptions(TypedDict, total=False):
    """Options of one call."""
    retries: int | bool | Mapping[str, Any] | RetryPolicy | None
    timeout: float | Timeout | None
    server: str | None
    headers: Mapping[str, str] | None
    query: Mapping[str, Any] | None
    validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None
    arrays: bool | str | None

class CreateEmbeddingResponse(Fields, Generic[_Numbers_co]):
    """The vectors. Only they are asked for; services leave out the rest, or send null for it."""
    data: list[Embedding[_Numbers_co]]
    """The vectors, one for each input, in order."""
    object: str
    """Usually `list`."""
    model: str
    """The model that made the vectors."""
    usage: Usage
    """What the request used."""
    @overload
    def __getitem__(self, key: Literal["data"], /) -> list[Embedding[_Numbers_co]]: ...
    @overload
    def __getitem__(self, key: Literal["object", "model"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["usage"], /) -> Usage: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...

class Embedding(Fields, Generic[_Numbers_co]):
    embedding: _Numbers_co
    """The vector, as numbers or as a base64 string of little-endian float32."""
    object: str
    """Usually `embedding`."""
    index: int
    """The place of the input that this vector belongs to, from 0."""
    @overload
    def __getitem__(self, key: Literal["embedding"], /) -> _Numbers_co: ...
    @overload
    def __getitem__(self, key: Literal["object"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["index"], /) -> int: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...

class CreateEmbeddingRequestInput(TypedDict, total=False):
    input: Required[str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers]
    """What to embed: a text, a list of texts, a list of token ids, or a list of lists of token ids. How many inputs and tokens one request may hold depends on the server."""
    model: Required[str]
    """The id of the model, as `models.list` names it."""
    dimensions: int | None
    """How many dimensions the vectors shall have, for models that can shorten them."""
    encoding_format: Literal["float", "base64"] | None
    """How the vectors travel: `float` as JSON numbers, `base64` as little-endian float32, about a quarter of the bytes."""
    user: str | None
    """An id of your end user, which helps the server to detect abuse."""

class ListModelsResponse(Fields):
    data: list[Model]
    """The models."""
    object: str
    """Usually `list`."""
    @overload
    def __getitem__(self, key: Literal["data"], /) -> list[Model]: ...
    @overload
    def __getitem__(self, key: Literal["object"], /) -> str: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...

class Model(Fields):
    id: str
    """The id to pass as `model`."""
    object: str
    """Usually `model`."""
    created: int
    """When the model was made, in seconds since 1970."""
    owned_by: str
    """Whose model it is."""
    @overload
    def __getitem__(self, key: Literal["id", "object", "owned_by"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["created"], /) -> int: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...

class Usage(Fields):
    prompt_tokens: int
    """The tokens of the inputs."""
    total_tokens: int
    """All tokens of the request."""
    @overload
    def __getitem__(self, key: Literal["prompt_tokens", "total_tokens"], /) -> int: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...

class EmbeddingsCreateArguments(TypedDict, total=False):
    input: Required[str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers]
    model: Required[str]
    dimensions: int | None
    user: str | None
    retries: int | bool | Mapping[str, Any] | RetryPolicy | None
    timeout: float | Timeout | None
    server: str | None
    headers: Mapping[str, str] | None
    query: Mapping[str, Any] | None
    validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None
    extra: Mapping[str, Any] | None

class EmbeddingsCreateArguments2(TypedDict, total=False):
    body: Required[CreateEmbeddingRequestInput | Mapping[str, Any]]
    input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers
    model: str
    dimensions: int | None
    user: str | None
    retries: int | bool | Mapping[str, Any] | RetryPolicy | None
    timeout: float | Timeout | None
    server: str | None
    headers: Mapping[str, str] | None
    query: Mapping[str, Any] | None
    validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None
    extra: Mapping[str, Any] | None

class MapOptions(CallOptions, total=False):
    """Options of a run over many rows."""
    batch: int | None
    in_flight: int
    tokenizer: str | Callable[[Any], int] | None
    rpm: float | None
    tpm: float | None

class EmbeddingsCreateRows(TypedDict, total=False):
    model: Required[str]
    dimensions: int | None
    user: str | None
    retries: int | bool | Mapping[str, Any] | RetryPolicy | None
    timeout: float | Timeout | None
    server: str | None
    headers: Mapping[str, str] | None
    query: Mapping[str, Any] | None
    validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None
    extra: Mapping[str, Any] | None
    batch: int | None
    in_flight: int
    tokenizer: str | Callable[[Any], int] | None
    rpm: float | None
    tpm: float | None

class EmbeddingsCreateRows2(TypedDict, total=False):
    body: Required[CreateEmbeddingRequestInput | Mapping[str, Any]]
    model: str
    dimensions: int | None
    user: str | None
    retries: int | bool | Mapping[str, Any] | RetryPolicy | None
    timeout: float | Timeout | None
    server: str | None
    headers: Mapping[str, str] | None
    query: Mapping[str, Any] | None
    validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None
    extra: Mapping[str, Any] | None
    batch: int | None
    in_flight: int
    tokenizer: str | Callable[[Any], int] | None
    rpm: float | None
    tpm: float | None

class EmbeddingsCreate(WholeCall, Generic[_Numbers_co]):
    """POST /embeddings"""
    @overload
    def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float"] | None = ...,
        arrays: None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[_Numbers_co]:
        """Create embeddings.

        Turns one text, or a list of texts, into one vector each. Vectors come back in the order of the inputs.

        Sends ``POST /embeddings``.

        Parameters
        ----------
        input: str | list[str] | list[int] | list[list[int]]
            What to embed: a text, a list of texts, a list of token ids, or a list of lists of token ids.
            How many inputs and tokens one request may hold depends on the server.
        model: str
            The id of the model, as `models.list` names it.
        dimensions: int | None, optional
            How many dimensions the vectors shall have, for models that can shorten them.
        encoding_format: Literal['float', 'base64'] | None, optional
            How the vectors travel: `float` as JSON numbers, `base64` as little-endian float32, about a
            quarter of the bytes.
        user: str | None, optional
            An id of your end user, which helps the server to detect abuse.
        body: Any
            The whole request body; single properties are laid over it.
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None
            How many retries, False for none, or fields of the retry policy to override.
        timeout: float | Timeout | None
            Seconds for one attempt, or a Timeout.
        server: str | None
            The id or URL of a server, or `local`.
        headers: Mapping[str, str] | None
            Header fields to add.
        query: Mapping[str, Any] | None
            Query parameters to add to the URL.
        validate: str | Mapping[str, str] | None
            `strict`, `lenient` (the default for replies), `warn` or `off`; or a mapping for `request` and
            `reply` apart.
        arrays: bool | str | None
            True, `float64` or `float32`: arrays of numbers come packed, with the buffer protocol.
        split: bool | int | None
            True, or how many inputs one request holds: as many requests as the inputs need, their replies
            merged into one.
        extra: Mapping[str, Any] | None
            Fields of the body that the document does not name.

        Returns
        -------
        200
            One vector for each input, in order.

        Raises
        ------
        APIError
            4XX: The call failed; the body says why.
            5XX: The call failed; the body says why.
        ArgumentError
            An argument does not fit; nothing was sent.
        ReplyError
            The reply is not what the document promises.
        TransportError
            No complete reply came back.
        """
    @overload
    def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        encoding_format: Literal["base64"],
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        arrays: Literal[True, "float64", "float32"],
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[list[float] | Vector]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        encoding_format: Literal["float"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[_Numbers_co]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        encoding_format: Literal["base64"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        arrays: Literal[True, "float64", "float32"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[list[float] | Vector]:
        """Create embeddings."""
    @overload
    def send(self, *, encoding_format: Literal["float"] | None = ..., arrays: None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[_Numbers_co]]: ...
    @overload
    def send(self, *, encoding_format: Literal["base64"], arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: Literal[True, "float64", "float32"], split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def send(self, *, encoding_format: Literal["float"], arrays: None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[_Numbers_co]]: ...
    @overload
    def send(self, *, encoding_format: Literal["base64"], arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: Literal[True, "float64", "float32"], split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def pages(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Iterator[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def pages(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Iterator[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def items(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Iterator[Embedding[list[float] | Vector]]: ...
    @overload
    def items(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Iterator[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float"] | None = ..., arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> MapResults[Embedding[_Numbers_co]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float"] | None = ..., arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> MapResults[Embedding[_Numbers_co] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> MapResults[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> MapResults[Embedding[list[float] | Vector] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float"], arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> MapResults[Embedding[_Numbers_co]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float"], arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> MapResults[Embedding[_Numbers_co] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> MapResults[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> MapResults[Embedding[list[float] | Vector] | DynaclientError]: ...
    @overload
    def request(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Request: ...
    @overload
    def request(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Request: ...
    @overload
    def curl(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> str: ...
    @overload
    def curl(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> str: ...
    @overload
    def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Saved: ...
    @overload
    def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Saved: ...

class AsyncEmbeddingsCreate(AsyncWholeCall, Generic[_Numbers_co]):
    """POST /embeddings"""
    @overload
    async def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float"] | None = ...,
        arrays: None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[_Numbers_co]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        encoding_format: Literal["base64"],
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        arrays: Literal[True, "float64", "float32"],
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,
        model: str,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[list[float] | Vector]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        encoding_format: Literal["float"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[_Numbers_co]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        encoding_format: Literal["base64"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        arrays: Literal[True, "float64", "float32"],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[Vector]:
        """Create embeddings."""
    @overload
    async def __call__(
        self,
        *,
        body: CreateEmbeddingRequestInput | Mapping[str, Any],
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers = ...,
        model: str = ...,
        dimensions: int | None = ...,
        user: str | None = ...,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        extra: Mapping[str, Any] | None = ...,
        encoding_format: Literal["float", "base64"] | None = ...,
        arrays: bool | str | None = ...,
        split: bool | int | None = ...,
    ) -> CreateEmbeddingResponse[list[float] | Vector]:
        """Create embeddings."""
    @overload
    async def send(self, *, encoding_format: Literal["float"] | None = ..., arrays: None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[_Numbers_co]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["base64"], arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: Literal[True, "float64", "float32"], split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> ResultOf[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["float"], arrays: None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[_Numbers_co]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["base64"], arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: Literal[True, "float64", "float32"], split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[Vector]]: ...
    @overload
    async def send(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., split: bool | int | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> ResultOf[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def pages(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> AsyncIterate[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def pages(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> AsyncIterate[CreateEmbeddingResponse[list[float] | Vector]]: ...
    @overload
    def items(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> AsyncIterate[Embedding[list[float] | Vector]]: ...
    @overload
    def items(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> AsyncIterate[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float"] | None = ..., arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> AsyncMapResults[Embedding[_Numbers_co]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float"] | None = ..., arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> AsyncMapResults[Embedding[_Numbers_co] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> AsyncMapResults[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows]) -> AsyncMapResults[Embedding[list[float] | Vector] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float"], arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> AsyncMapResults[Embedding[_Numbers_co]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float"], arrays: None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> AsyncMapResults[Embedding[_Numbers_co] | DynaclientError]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["raise"] = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> AsyncMapResults[Embedding[list[float] | Vector]]: ...
    @overload
    def map(self, rows: Iterable[str | Sequence[int] | Numbers], /, *, on_error: Literal["record"], encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateRows2]) -> AsyncMapResults[Embedding[list[float] | Vector] | DynaclientError]: ...
    @overload
    def request(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Request: ...
    @overload
    def request(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Request: ...
    @overload
    def curl(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> str: ...
    @overload
    def curl(self, *, encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> str: ...
    @overload
    async def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments]) -> Saved: ...
    @overload
    async def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., encoding_format: Literal["float", "base64"] | None = ..., arrays: bool | str | None = ..., **arguments: Unpack[EmbeddingsCreateArguments2]) -> Saved: ...

class ModelsList(WholeCall):
    """GET /models"""
    def __call__(
        self,
        *,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        arrays: bool | str | None = ...,
    ) -> ListModelsResponse:
        """List the models.

        Lists the models that the server can run.

        Sends ``GET /models``.

        Parameters
        ----------
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None
            How many retries, False for none, or fields of the retry policy to override.
        timeout: float | Timeout | None
            Seconds for one attempt, or a Timeout.
        server: str | None
            The id or URL of a server, or `local`.
        headers: Mapping[str, str] | None
            Header fields to add.
        query: Mapping[str, Any] | None
            Query parameters to add to the URL.
        validate: str | Mapping[str, str] | None
            `strict`, `lenient` (the default for replies), `warn` or `off`; or a mapping for `request` and
            `reply` apart.
        arrays: bool | str | None
            True, `float64` or `float32`: arrays of numbers come packed, with the buffer protocol.

        Returns
        -------
        200
            The models.

        Raises
        ------
        APIError
            4XX: The call failed; the body says why.
            5XX: The call failed; the body says why.
        ArgumentError
            An argument does not fit; nothing was sent.
        ReplyError
            The reply is not what the document promises.
        TransportError
            No complete reply came back.
        """
    def send(self, **arguments: Unpack[CallOptions]) -> ResultOf[ListModelsResponse]: ...
    def pages(self, **arguments: Unpack[CallOptions]) -> Iterator[ListModelsResponse]: ...
    def items(self, **arguments: Unpack[CallOptions]) -> Iterator[Model]: ...
    def request(self, **arguments: Unpack[CallOptions]) -> Request: ...
    def curl(self, **arguments: Unpack[CallOptions]) -> str: ...
    def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., **arguments: Unpack[CallOptions]) -> Saved: ...

class AsyncModelsList(AsyncWholeCall):
    """GET /models"""
    async def __call__(
        self,
        *,
        retries: int | bool | Mapping[str, Any] | RetryPolicy | None = ...,
        timeout: float | Timeout | None = ...,
        server: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: Literal["strict", "lenient", "warn", "off"] | Mapping[str, Literal["strict", "lenient", "warn", "off"]] | None = ...,
        arrays: bool | str | None = ...,
    ) -> ListModelsResponse:
        """List the models."""
    async def send(self, **arguments: Unpack[CallOptions]) -> ResultOf[ListModelsResponse]: ...
    def pages(self, **arguments: Unpack[CallOptions]) -> AsyncIterate[ListModelsResponse]: ...
    def items(self, **arguments: Unpack[CallOptions]) -> AsyncIterate[Model]: ...
    def request(self, **arguments: Unpack[CallOptions]) -> Request: ...
    def curl(self, **arguments: Unpack[CallOptions]) -> str: ...
    async def save(self, path: str | PathLike[str], /, *, progress: Progress | None = ..., **arguments: Unpack[CallOptions]) -> Saved: ...

class Embeddings(Group, Generic[_Numbers_co]):
    __getattr__: None
    create: EmbeddingsCreate[_Numbers_co]

class AsyncEmbeddings(AsyncGroup, Generic[_Numbers_co]):
    __getattr__: None
    create: AsyncEmbeddingsCreate[_Numbers_co]

class Models(Group):
    __getattr__: None
    list: ModelsList

class AsyncModels(AsyncGroup):
    __getattr__: None
    list: AsyncModelsList

class Client(dynaclient.client.Client):
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
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient: ...
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: Literal[True, "float64", "float32"],
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient[Vector]: ...
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient[list[float] | Vector]: ...
    @overload
    def __new__(
        cls,
        spec: Any = ...,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> Self: ...

class BundledClient(Client, Generic[_Numbers_co]):
    """A client of Embeddings."""
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient: ...
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: Literal[True, "float64", "float32"],
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient[Vector]: ...
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
    ) -> BundledClient[list[float] | Vector]: ...
    __getattr__: None
    embeddings: Embeddings[_Numbers_co]
    models: Models
    @overload
    def __getitem__(self, name: Literal["embeddings.create"], /) -> EmbeddingsCreate[_Numbers_co]: ...
    @overload
    def __getitem__(self, name: Literal["models.list"], /) -> ModelsList: ...
    @overload
    def __getitem__(self, name: str, /) -> Call: ...

class AsyncClient(dynaclient.aio.AsyncClient):
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
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient: ...
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: Literal[True, "float64", "float32"],
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient[Vector]: ...
    @overload
    def __new__(
        cls,
        spec: None = ...,
        *,
        overlays: None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient[list[float] | Vector]: ...
    @overload
    def __new__(
        cls,
        spec: Any = ...,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> Self: ...

class BundledAsyncClient(AsyncClient, Generic[_Numbers_co]):
    """A client of Embeddings."""
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient: ...
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: Literal[True, "float64", "float32"],
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient[Vector]: ...
    @overload
    def __new__(
        cls,
        *,
        overlays: Iterable[OverlaySource] | None = ...,
        server: str | None = ...,
        bearer_auth: auth.Credential | None = ...,
        credentials: Mapping[str, auth.Credential] | None = ...,
        timeout: float | Timeout | None = ...,
        retries: Any = ...,
        headers: Mapping[str, str] | None = ...,
        query: Mapping[str, Any] | None = ...,
        validate: str | Mapping[str, str] | None = ...,
        arrays: bool | str | None = ...,
        transport: Transport | None = ...,
        proxy: str | None = ...,
        ca_bundle: str | os.PathLike[str] | None = ...,
        pool_size: int = ...,
        max_reply_bytes: int = ...,
        server_variables: Mapping[str, str] | None = ...,
        client_cert: ClientCert | None = ...,
        settings: Mapping[str, Any] | None = ...,
        send_defaults: bool = ...,
        observers: Observer | Iterable[Observer] = ...,
        profile: str | None = ...,
        cache: bool = ...,
        drift: str | os.PathLike[str] | None = ...,
        world: World = ...,
        max_concurrency: int = ...,
    ) -> BundledAsyncClient[list[float] | Vector]: ...
    __getattr__: None
    embeddings: AsyncEmbeddings[_Numbers_co]
    models: AsyncModels
    @overload
    def __getitem__(self, name: Literal["embeddings.create"], /) -> AsyncEmbeddingsCreate[_Numbers_co]: ...
    @overload
    def __getitem__(self, name: Literal["models.list"], /) -> AsyncModelsList: ...
    @overload
    def __getitem__(self, name: str, /) -> AsyncCall: ...
