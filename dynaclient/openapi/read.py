"""Document -> Api -> Operation: references, defaults and extensions are settled here, once, and nowhere else.

``read`` makes the index only (names and places); ``operation`` reads one operation in full, when it is first touched, so that a document with a
thousand operations costs nothing for those that are not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.openapi import names
from dynaclient.openapi.access import read_schemes, read_security, read_servers, servers_of
from dynaclient.openapi.bodies import kind_of
from dynaclient.openapi.extensions import read_array_format, read_batch, read_error_statuses, read_retry, read_timeout
from dynaclient.openapi.media import default_media as default_media
from dynaclient.openapi.model import (
    Api,
    Body,
    MediaType,
    Operation,
    OperationKey,
    Parameter,
    Reply,
)
from dynaclient.openapi.operations import Index, make_index, path_items
from dynaclient.openapi.paginated import read_paging
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.shape import properties, types
from dynaclient.openapi.style import ALLOWED

_WITH_PROPERTIES = frozenset({"json", "any", "form", "multipart", "xml"})
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})  # OpenAPI 3.1, 4.8.12.2.1


def read(document: Mapping[str, Any], source: str = "", index: Index | None = None) -> Api:
    """The Api of a document: its servers, security schemes and the index of its operations.

    Parameters
    ----------
    document:
        Plain data, in which every reference is local.
    source:
        The document's name in messages.
    index:
        What ``make_index`` gave for this document, where that is known already.

    Raises
    ------
    SpecError
        Where the document has no usable ``openapi`` version.
    """
    short = _version(document, source)
    info = document.get("info")
    tolerated: list[str] = []
    schemes = read_schemes(document, tolerated)
    index = index or make_index(document)
    return Api(
        document=document,
        version=short,
        title=str(info.get("title", "")) if isinstance(info, Mapping) else "",
        source=source,
        servers=read_servers(document, ""),
        schemes=schemes,
        index=index.keys,
        tolerated=(*tolerated, *index.tolerated),
    )


def _version(document: Mapping[str, Any], source: str) -> str:
    version = str(document.get("openapi", ""))[:20]
    short = ".".join(version.split(".")[:2])
    if short in ("3.0", "3.1", "3.2"):
        return short
    if "swagger" in document:
        kind = f"Swagger {str(document['swagger'])[:20]}; Swagger 2.0 must be translated first, as Client and load do"
    else:
        kind = f"OpenAPI {version}" if version else "no OpenAPI document: it has no `openapi` version"
    raise SpecError(f"this is {kind}; OpenAPI 3.0, 3.1 and 3.2 are read", source=source)


def operation(api: Api, key: OperationKey) -> Operation:
    """One operation in full.

    Raises
    ------
    SpecError
        Where a reference in it leads nowhere, or a parameter has no name or place.
    """
    document = api.document
    node = at(document, key.pointer)
    items = path_items(document, key.path)
    owners = ((document.get("paths"), "/paths"), *reversed(items), (node, key.pointer))
    parameters = _parameters(api, key, owners[1:])
    body = _body(api, node, key.pointer)
    parameters, body = _named(parameters, body)
    return Operation(
        key=key,
        id=str(node.get("operationId") or ""),
        method=key.method,
        path=key.path.partition("#")[0],
        parameters=parameters,
        body=body,
        replies=_replies(document, node, key.pointer),
        servers=servers_of(owners[1:]) or api.servers,
        security=read_security(document, node, key.pointer),
        retry=read_retry(document, node, key.pointer),
        timeout=read_timeout(document, node, key.pointer),
        batch=read_batch(document, node, key.pointer),
        paging=read_paging(document, node, key.pointer),
        error_statuses=read_error_statuses(owners),
        summary=str(node.get("summary") or "").strip(),
        description=str(node.get("description") or "").strip(),
        deprecated=key.deprecated,
        pointer=key.pointer,
    )


def _parameters(api: Api, key: OperationKey, owners: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for owner, owner_pointer in owners:
        written = owner.get("parameters")
        for number, entry in enumerate(written if isinstance(written, list) else ()):
            resolved, pointer = deref(api.document, entry, join(owner_pointer, "parameters", number))
            parameter = _parameter(api, resolved, pointer)
            if parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS:
                continue
            found[parameter.name, parameter.location] = parameter
    order = list(ALLOWED)
    return tuple(sorted(_of_template(found, key), key=lambda parameter: order.index(parameter.location)))


def globals_of(api: Api) -> tuple[Parameter, ...]:
    """The parameters that a client can be given once for all calls (``x-speakeasy-globals``); those of an operation with the same name and location
    take their value from it.

    Raises
    ------
    SpecError
        Where one of them has no name or place.
    """
    written = api.document.get("x-speakeasy-globals")
    listed = written.get("parameters") if isinstance(written, Mapping) else None
    found = []
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        node, pointer = deref(api.document, entry, join("/x-speakeasy-globals", "parameters", number))
        found.append(_parameter(api, node, pointer))
    return _named(tuple(found), None)[0]


def _of_template(found: Mapping[tuple[str, str], Parameter], key: OperationKey) -> Iterator[Parameter]:
    """The parameters, so that those in the path are those of its template (OpenAPI 3.1, 4.8.2): one that is not in it cannot be sent, and
    one that is not declared is taken for a text.
    """
    named = dict.fromkeys(names.TEMPLATE.findall(key.path.partition("#")[0]))
    for name in named:
        yield found.get((name, "path")) or Parameter(
            name, "", "path", required=True, style="simple", pointer=key.pointer
        )
    yield from (parameter for (_, location), parameter in found.items() if location != "path")


def _parameter(api: Api, node: Any, pointer: str) -> Parameter:
    if not isinstance(node, Mapping) or not isinstance(node.get("name"), str) or node.get("in") not in tuple(ALLOWED):
        body = isinstance(node, Mapping) and node.get("in") in ("body", "formData")
        hint = "; Swagger 2.0 allows one `in: body`, or `in: formData`, and OpenAPI 3 has `requestBody`" if body else ""
        raise SpecError(
            f"a parameter needs a `name`, and an `in` that is one of {', '.join(ALLOWED)}{hint}", pointer=pointer
        )
    location = node["in"]
    styles = ALLOWED[location]
    style = node.get("style") or styles[0]
    if style not in styles:
        raise SpecError(
            f"the style {style!r} has no meaning in {location}; known are {', '.join(styles)}", pointer=pointer
        )
    explode = node.get("explode")
    content = node.get("content")
    media = _content(api.document, content, join(pointer, "content")) if isinstance(content, Mapping) else ()
    if location == "querystring" and not media:
        raise SpecError("a parameter in querystring says by `content` how it is written", pointer=pointer)
    return Parameter(
        name=node["name"],
        python_name="",
        location=location,
        required=node.get("required") is True or location == "path",
        schema=join(pointer, "schema") if "schema" in node else (media[0].schema if media else None),
        style=style,
        explode=explode if isinstance(explode, bool) else style in ("form", "cookie"),
        # Before 3.2 it counts in queries only (OpenAPI 3.1.1, 4.8.12.2.2).
        allow_reserved=node.get("allowReserved") is True and (location == "query" or api.version == "3.2"),
        allow_empty=node.get("allowEmptyValue") is True,
        content=media[0] if media else None,
        description=str(node.get("description") or "").strip(),
        deprecated=node.get("deprecated") is True,
        pointer=pointer,
        array_format=read_array_format(node, pointer),
    )


def _body(api: Api, node: Mapping[str, Any], pointer: str) -> Body | None:
    if not isinstance(node.get("requestBody"), Mapping):
        return None
    resolved, place = deref(api.document, node["requestBody"], join(pointer, "requestBody"))
    if not isinstance(resolved, Mapping):
        raise SpecError("an object with `content` is expected here", pointer=place)
    content = _content(api.document, resolved.get("content"), join(place, "content"))
    required = resolved.get("required") is True
    return Body(
        content=content,
        required=required,
        properties=_body_properties(api.document, default_media(content), required=required),
        description=str(resolved.get("description") or "").strip(),
        pointer=place,
    )


def with_media(document: Mapping[str, Any], made: Operation, media: MediaType) -> Operation:
    """The operation as it is called with another media type of its body: the keyword arguments are the properties of that one.

    Parameters
    ----------
    document:
        The document.
    made:
        The operation, as ``operation`` reads it.
    media:
        One of ``made.body.content``, or one within a range of it (see ``bodies.choose``).
    """
    if made.body is None or media == default_media(made.body.content):
        return made
    properties = _body_properties(document, media, required=made.body.required)
    parameters, body = _named(made.parameters, evolve(made.body, properties=properties))
    return evolve(made, parameters=parameters, body=body)


def _body_properties(document: Mapping[str, Any], media: MediaType | None, *, required: bool) -> tuple[Parameter, ...]:
    if media is None or media.schema is None or kind_of(document, media) not in _WITH_PROPERTIES:
        return ()
    if "object" not in types(document, media.schema):
        return ()
    return tuple(
        Parameter(
            name=item.name,
            python_name="",
            location="body",
            required=item.required and required,
            schema=item.schema,
            description=item.description.strip(),
            deprecated=item.deprecated,
            pointer=item.schema,
        )
        for item in properties(document, media.schema)
        if not item.read_only
    )


def _named(parameters: tuple[Parameter, ...], body: Body | None) -> tuple[tuple[Parameter, ...], Body | None]:
    fields = parameters + (body.properties if body else ())
    words = names.keywords((field.name, field.location) for field in fields)
    named = tuple(evolve(field, python_name=word) for field, word in zip(fields, words, strict=True))
    count = len(parameters)
    if body is None:
        return named, None
    taken = {word for field in named for word in (field.python_name, field.name)}
    keyword = "body" if "body" not in taken else names.safe("request_body", taken)
    return named[:count], evolve(body, properties=named[count:], keyword=keyword)


def _content(document: Mapping[str, Any], written: Any, pointer: str) -> tuple[MediaType, ...]:
    found = []
    with suppress(SpecError):  # a map of media types behind a reference (3.2); one that leads nowhere is passed over
        written, pointer = deref(document, written, pointer)
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        if "/" not in name:  # no media type (RFC 9110, 8.3.1)
            continue
        node, place = deref(document, entry, join(pointer, name))
        if not isinstance(node, Mapping):
            node = {}
        encoding = node.get("encoding")
        found.append(
            MediaType(
                name=name,
                schema=join(place, "schema") if "schema" in node else None,
                encoding=encoding if isinstance(encoding, Mapping) else {},
                item_schema=join(place, "itemSchema") if "itemSchema" in node else None,
                pointer=place,
            )
        )
    return tuple(found)


def _replies(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> tuple[Reply, ...]:
    written = node.get("responses")
    found = []
    for status, entry in written.items() if isinstance(written, Mapping) else ():
        if status.startswith("x-"):
            continue
        resolved, place = deref(document, entry, join(pointer, "responses", status))
        if not isinstance(resolved, Mapping):
            resolved = {}
        headers = resolved.get("headers")
        found.append(
            Reply(
                status=status.upper() if status != "default" else status,
                description=str(resolved.get("description") or "").strip(),
                content=_content(document, resolved.get("content"), join(place, "content")),
                headers={name: join(place, "headers", name) for name in headers}
                if isinstance(headers, Mapping)
                else {},
                linked=bool(resolved.get("links")),
                pointer=place,
            )
        )
    return tuple(found)
