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
from dynaclient.local.hashing import DIMENSIONS, MODEL, count, embed
from dynaclient.local.incoming import Incoming
from dynaclient.local.replies import Replies, json_media, status_of, success
from dynaclient.openapi.model import Api, MediaType, Operation
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import properties, subschemas, types
from dynaclient.wire import Response

MAX_DIMENSIONS = 4096
_CREATED = 1704067200  # 2024-01-01
_LOOSE = frozenset({"created", "owned_by"})

Handler = Callable[[Incoming], Response]


def handler_for(api: Api, operation: Operation, replies: Replies, aliases: tuple[str, ...]) -> Handler | None:
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
    aliases:
        More names of the model.
    """
    reply = success(operation)
    media = json_media(reply.content) if reply else None
    if reply is None or media is None or media.schema is None:
        return None
    schema, path = media.schema, operation.path.rstrip("/")
    shape = Shape(replies, media, status_of(reply))
    models = Models(aliases, shape)
    silent = not properties(api.document, schema) and not types(api.document, schema)
    item = _items(api, _member(api, schema, "data"))
    if operation.method == "POST" and path.endswith("/embeddings"):
        body = json_media(operation.body.content) if operation.body else None
        meant = body is not None and _member(api, body.schema, "input") and (silent or _member(api, item, "embedding"))
        return models.create if meant and shape.fits(models.embeddings([""], MODEL, DIMENSIONS)) else None
    if operation.method != "GET":
        return None
    if path.endswith("/models"):
        meant = silent or _member(api, item, "id")
        return models.list_all if meant and shape.fits(models.listed()) else None
    names = [parameter.name for parameter in operation.parameters if parameter.location == "path"]
    if len(names) == 1 and path.endswith("/models/{" + names[0] + "}"):
        meant = silent or _member(api, schema, "id")
        return partial(models.retrieve, names[0]) if meant and shape.fits(described(MODEL)) else None
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
    """``hash-384`` and its aliases, and what can be asked of them."""

    def __init__(self, aliases: tuple[str, ...], shape: Shape) -> None:
        self.names = tuple(dict.fromkeys((MODEL, *aliases)))
        self._shape = shape

    def create(self, incoming: Incoming) -> Response:
        """Answer an embeddings request."""
        body: Mapping[str, Any] = incoming.body if isinstance(incoming.body, Mapping) else {}
        model = body.get("model", MODEL)
        if model not in self.names:
            return self.unknown(str(model))
        dimensions = body.get("dimensions")
        dimensions = DIMENSIONS if dimensions is None else dimensions
        if not isinstance(dimensions, int) or not 1 <= dimensions <= MAX_DIMENSIONS:
            return error_response(
                400,
                f"dimensions must be a whole number from 1 to {MAX_DIMENSIONS}, not {dimensions!r}.",
                param="dimensions",
            )
        encoding = body.get("encoding_format") or "float"
        if encoding not in ("float", "base64"):
            return error_response(
                400, f"encoding_format must be float or base64, not {str(encoding)[:40]!r}.", param="encoding_format"
            )
        inputs = _inputs(body.get("input"))
        if inputs is None:
            return error_response(
                400,
                "input must be a text, a list of texts, a list of token ids, or a list of such lists.",
                param="input",
            )
        return self._reply(self.embeddings(inputs, model, dimensions, base64=encoding == "base64"))

    def _reply(self, value: Any) -> Response:
        return json_response(self._shape.complete(value), self._shape.status)

    def embeddings(self, inputs: list[Any], model: str, dimensions: int, *, base64: bool = False) -> dict[str, Any]:
        """The body of an embeddings reply."""
        write = _base64 if base64 else array.tolist
        size = sum(map(count, inputs))
        return {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": write(vector)}
                for index, vector in enumerate(embed(inputs, dimensions))
            ],
            "model": model,
            "usage": {"prompt_tokens": size, "total_tokens": size},
        }

    def listed(self) -> dict[str, Any]:
        """The body of the list of models."""
        return {"object": "list", "data": [described(name) for name in self.names]}

    def list_all(self, _incoming: Incoming) -> Response:
        """Answer a request for the list of models."""
        return self._reply(self.listed())

    def retrieve(self, parameter: str, incoming: Incoming) -> Response:
        """Answer a request for one model, which a path parameter names."""
        name = str(incoming.parameters[parameter])
        return self._reply(described(name)) if name in self.names else self.unknown(name)

    def unknown(self, name: str) -> Response:
        """404 for a model that is not served."""
        return error_response(
            404,
            f"The model {name[:200]!r} is not served here; {', '.join(self.names)} {'is' if len(self.names) == 1 else 'are'}. "
            f"To serve {MODEL} under this name too, start the server with --model-alias {name[:200]}, "
            f"or App(api, aliases=[...]).",
            param="model",
            code="model_not_found",
        )


def described(name: str) -> dict[str, Any]:
    """One model."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "dynaclient"}


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
