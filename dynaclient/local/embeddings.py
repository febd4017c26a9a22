"""The operations that the embedded server truly performs: embeddings and the list of models, in the shapes that OpenAI made usual."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.local.answers import error_response, json_response
from dynaclient.local.hashing import MODEL
from dynaclient.local.incoming import Incoming
from dynaclient.local.models import Catalog, Lexical, Made, UnavailableError
from dynaclient.local.replies import Replies, json_media, status_of, success
from dynaclient.openapi.model import Api, MediaType, Operation
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import properties, subschemas, types
from dynaclient.wire import Response

TRUNCATED = "X-Dynaclient-Truncated"
"""The header field that tells of which inputs only the beginning was read."""
_TOLD = 100  # how many of them it tells
_LOOSE = frozenset({"created", "owned_by"})

Handler = Callable[[Incoming], Response]


def handler_for(api: Api, operation: Operation, replies: Replies, catalog: Catalog) -> Handler | None:
    """The handler of an operation that has OpenAI's shape, None for any other.

    An operation is *embeddings* where it is a POST whose path ends in ``/embeddings``, whose JSON body has ``input``, and whose JSON reply has
    ``data[].embedding``; it *lists models* where it is a GET whose path ends in ``/models`` and whose reply has ``data[].id``; it *retrieves
    a model* where one path parameter follows. A reply whose schema says nothing counts as well. In each case a specimen of the reply must
    satisfy the document's schema; fields that it requires beyond OpenAI's are taken from a made reply.

    Parameters
    ----------
    api, operation:
        The document and the operation.
    replies:
        Makes and judges replies.
    catalog:
        The models.
    """
    reply = success(operation)
    media = json_media(reply.content) if reply else None
    if reply is None or media is None or media.schema is None:
        return None
    schema, path = media.schema, operation.path.rstrip("/")
    shape = Shape(replies, media, status_of(reply))
    models = Models(catalog, shape)
    silent = not properties(api.document, schema) and not types(api.document, schema)
    item = _items(api, _member(api, schema, "data"))
    if operation.method == "POST" and path.endswith("/embeddings"):
        body = json_media(operation.body.content) if operation.body else None
        meant = body is not None and _member(api, body.schema, "input") and (silent or _member(api, item, "embedding"))
        return models.create if meant and shape.fits(specimen()) else None
    if operation.method != "GET":
        return None
    if path.endswith("/models"):
        meant = silent or _member(api, item, "id")
        return models.list_all if meant and shape.fits(models.listed()) else None
    names = [parameter.name for parameter in operation.parameters if parameter.location == "path"]
    if len(names) == 1 and path.endswith("/models/{" + names[0] + "}"):
        meant = silent or _member(api, schema, "id")
        return partial(models.retrieve, names[0]) if meant and shape.fits(catalog.entry(MODEL)) else None
    return None


class Shape:
    """The success reply of an operation: what its schema requires beyond OpenAI's fields, and its status."""

    def __init__(self, replies: Replies, media: MediaType, status: int) -> None:
        self._replies, self._media, self.status = replies, media, status
        self._base: Any = None

    def fits(self, specimen: Any) -> bool:
        """Whether a specimen satisfies the schema, as it is or with what it lacks taken from a made reply."""
        try:
            if self._replies.accepts(self._media, specimen):
                return True
            self._base = self._replies.value(self._media)
            return self._replies.accepts(self._media, self.complete(specimen))
        except SpecError:
            return False

    def allows(self, value: Any) -> bool:
        """Whether a reply, completed, satisfies the schema."""
        try:
            return self._replies.accepts(self._media, self.complete(value))
        except SpecError:
            return False

    def complete(self, value: Any) -> Any:
        """A reply with what it lacks."""
        return value if self._base is None else _filled(value, self._base)


def _filled(value: Any, base: Any) -> Any:
    if isinstance(value, dict) and isinstance(base, dict):
        # What a made reply says on these two is what the document insists on, or an example that does no harm.
        return {
            **base,
            **{key: _filled(value[key], base.get(key)) for key in value if key not in base or key not in _LOOSE},
        }
    if isinstance(value, list) and isinstance(base, list) and base and all(isinstance(item, dict) for item in value):
        return [_filled(item, base[0]) for item in value]
    return value


class Models:
    """What can be asked of the models."""

    def __init__(self, catalog: Catalog, shape: Shape) -> None:
        self._catalog, self._shape = catalog, shape
        self._told: bool | None = None

    def create(self, incoming: Incoming) -> Response:
        """Answer an embeddings request."""
        body: Mapping[str, Any] = incoming.body if isinstance(incoming.body, Mapping) else {}
        name = str(body.get("model", MODEL))
        try:
            model = self._catalog.find(name)
            dimensions = model.dimensions(body.get("dimensions"))
            encoding = body.get("encoding_format") or "float"
            if encoding not in ("float", "base64"):
                message = f"encoding_format must be float or base64, not {str(encoding)[:40]!r}."
                return error_response(400, message, param="encoding_format")
            inputs = _inputs(body.get("input"))
            if inputs is None:
                message = "input must be a text, a list of texts, a list of token ids, or a list of such lists."
                return error_response(400, message, param="input")
            return self._created(model.make(inputs, dimensions), name, base64=encoding == "base64")
        except UnavailableError as error:
            return _unavailable(error)

    def _created(self, made: Made, name: str, *, base64: bool) -> Response:
        value = written(made, name, base64=base64)
        if made.truncated is not None and self._tells():
            cut = frozenset(made.truncated)
            for item in value["data"]:
                item["truncated"] = item["index"] in cut
        return self._reply(value, {TRUNCATED: _listed(made.truncated)} if made.truncated else None)

    def _tells(self) -> bool:
        """Whether the document lets the items of a reply have ``truncated``."""
        if self._told is None:
            value = specimen()
            value["data"][0]["truncated"] = True
            self._told = self._shape.allows(value)
        return self._told

    def _reply(self, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        return json_response(self._shape.complete(value), self._shape.status, headers)

    def listed(self) -> dict[str, Any]:
        """The body of the list of models."""
        return {"object": "list", "data": list(self._catalog.entries())}

    def list_all(self, _incoming: Incoming) -> Response:
        """Answer a request for the list of models."""
        return self._reply(self.listed())

    def retrieve(self, parameter: str, incoming: Incoming) -> Response:
        """Answer a request for one model, which a path parameter names."""
        name = str(incoming.parameters[parameter])
        entry = self._catalog.entry(name)
        return _unavailable(self._catalog.absent(name)) if entry is None else self._reply(entry)


def specimen() -> dict[str, Any]:
    """The body of a reply to an empty text."""
    model = Lexical()
    return written(model.make([""], model.dimensions(None)), MODEL)


def written(made: Made, name: str, *, base64: bool = False) -> dict[str, Any]:
    """The body of an embeddings reply."""
    write = _base64 if base64 else array.tolist
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": write(vector)}
            for index, vector in enumerate(made.vectors)
        ],
        "model": name,
        "usage": {"prompt_tokens": made.tokens, "total_tokens": made.tokens},
    }


def _unavailable(error: UnavailableError) -> Response:
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return error_response(error.status, error.message, kind=kind, param="model", code=error.code)


def _listed(numbers: tuple[int, ...]) -> str:
    """``0,5``; of very many the first, and dots."""
    return ",".join(map(str, numbers[:_TOLD])) + (",..." if len(numbers) > _TOLD else "")


def _inputs(value: Any) -> list[Any] | None:
    """The inputs one by one, None where the value has none of the four forms."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return None
    if value and all(_is_token(item) for item in value):
        return [value]
    texts = all(isinstance(item, str) or (isinstance(item, list) and all(map(_is_token, item))) for item in value)
    return value if texts else None


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _base64(vector: array[float]) -> str:
    """Little-endian float32, in base64."""
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return b64encode(vector).decode()


def _member(api: Api, schema: str | None, name: str) -> str | None:
    """The pointer of a property's schema."""
    if schema is None:
        return None
    return next((item.schema for item in properties(api.document, schema) if item.name == name), None)


def _items(api: Api, schema: str | None) -> str | None:
    """The pointer of the schema of an array's items."""
    if schema is None:
        return None
    found = (join(here, "items") for node, here in subschemas(api.document, schema) if "items" in node)
    return next(found, None)
