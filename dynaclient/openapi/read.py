"""Document -> Api -> Operation: references, defaults and extensions are settled here, once, and nowhere else.

``read`` makes the index only (names and places); ``operation`` reads one operation in full, when it is first touched, so that a document with a
thousand operations costs nothing for those that are not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi import names
from dynaclient.openapi.extensions import env_of, read_batch, read_error_statuses, read_retry, read_timeout
from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import (
    Api,
    Body,
    MediaType,
    Operation,
    OperationKey,
    Parameter,
    Reply,
    SecurityScheme,
    Server,
)
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.shape import properties, types

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})  # OpenAPI 3.1, 4.8.12.2.1


def read(document: Mapping[str, Any], source: str = "") -> Api:
    """The Api of a document: its servers, security schemes and the index of its operations.

    Parameters
    ----------
    document:
        Plain data, in which every reference is local.
    source:
        The document's name in messages.

    Raises
    ------
    SpecError
        Where the document has no usable ``openapi`` version or no ``paths``.
    """
    version = str(document.get("openapi", ""))
    short = ".".join(version.split(".")[:2])
    if short not in ("3.0", "3.1", "3.2"):
        raise SpecError(
            f"this is OpenAPI {version or 'of no stated version'}; 3.0, 3.1 and 3.2 are read", source=source
        )
    info = document.get("info")
    tolerated: list[str] = []
    return Api(
        document=document,
        version=short,
        title=str(info.get("title", "")) if isinstance(info, Mapping) else "",
        source=source,
        servers=read_servers(document, ""),
        schemes=read_schemes(document),
        index={key.dotted: key for key in _index(document, tolerated)},
        tolerated=tuple(tolerated),
    )


def _found(document: Mapping[str, Any], tolerated: list[str]) -> Iterator[tuple[str, str, Mapping[str, Any], str]]:
    paths = document.get("paths")
    for path, written in paths.items() if isinstance(paths, Mapping) else ():
        if not path.startswith("/"):
            continue
        try:
            item, pointer = deref(document, written, join("/paths", path))
        except SpecError as error:
            tolerated.append(str(error))
            continue
        if not isinstance(item, Mapping) or item.get("x-speakeasy-ignore") is True:
            continue
        for method in METHODS:
            if isinstance(item.get(method), Mapping):
                yield method.upper(), path, item[method], join(pointer, method)
        more = item.get("additionalOperations")  # OpenAPI 3.2: methods in their exact case
        for method, operation in more.items() if isinstance(more, Mapping) else ():
            if isinstance(operation, Mapping):
                yield method, path, operation, join(pointer, "additionalOperations", method)


def _index(document: Mapping[str, Any], tolerated: list[str]) -> Iterator[OperationKey]:
    overrides = names.name_overrides(document)
    found = [
        (names.group_of(node), method, path, node, pointer)
        for method, path, node, pointer in _found(document, tolerated)
        if node.get("x-speakeasy-ignore") is not True
    ]
    groups = {entry[0][:depth] for entry in found for depth in range(1, len(entry[0]) + 1)}
    taken: set[tuple[str, ...]] = set(groups)
    for group, method, path, node, pointer in found:
        name = names.safe(names.method_of(node, group, method, path, overrides))
        if (*group, name) in taken:
            settled = _settle((*group, name), method, taken)
            tolerated.append(f"{'.'.join((*group, name))} is taken: {method} {path} is {'.'.join(settled)}")
            name = settled[-1]
        taken.add((*group, name))
        yield OperationKey(
            group=group,
            name=name,
            method=method,
            path=path,
            pointer=pointer,
            summary=_first_line(node),
            tag=_first_tag(node),
            deprecated=node.get("deprecated") is True,
        )


def _settle(name: tuple[str, ...], method: str, taken: set[tuple[str, ...]]) -> tuple[str, ...]:
    """A name for an operation whose own is taken: with its method behind it, then numbered."""
    wanted = (*name[:-1], f"{name[-1]}_{names.snake(method)}")
    number = 2
    while wanted in taken:
        wanted = (*name[:-1], f"{name[-1]}_{names.snake(method)}_{number}")
        number += 1
    return wanted


def _first_line(node: Mapping[str, Any]) -> str:
    text = str(node.get("summary") or node.get("description") or "").strip()
    return text.splitlines()[0] if text else ""


def _first_tag(node: Mapping[str, Any]) -> str:
    tags = node.get("tags")
    return str(tags[0]) if isinstance(tags, list) and tags else ""


def operation(api: Api, key: OperationKey) -> Operation:
    """One operation in full.

    Raises
    ------
    SpecError
        Where a reference in it leads nowhere, or a parameter has no name or place.
    """
    document = api.document
    node = at(document, key.pointer)
    item_pointer = key.pointer.rpartition("/")[0].removesuffix("/additionalOperations")
    item = at(document, item_pointer)
    parameters = _parameters(api, key, item, item_pointer, node)
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
        servers=read_servers(node, key.pointer) or read_servers(item, item_pointer) or api.servers,
        security=_security(api, node),
        retry=read_retry(document, node, key.pointer),
        timeout=read_timeout(document, node, key.pointer),
        batch=read_batch(document, node, key.pointer),
        error_statuses=read_error_statuses(document, item, node),
        summary=str(node.get("summary") or "").strip(),
        description=str(node.get("description") or "").strip(),
        deprecated=key.deprecated,
        pointer=key.pointer,
    )


def _parameters(
    api: Api, key: OperationKey, item: Mapping[str, Any], item_pointer: str, node: Mapping[str, Any]
) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for owner, owner_pointer in ((item, item_pointer), (node, key.pointer)):
        written = owner.get("parameters")
        for number, entry in enumerate(written if isinstance(written, list) else ()):
            resolved, pointer = deref(api.document, entry, join(owner_pointer, "parameters", number))
            parameter = _parameter(api.document, resolved, pointer)
            if parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS:
                continue
            found[parameter.name, parameter.location] = parameter
    order = {"path": 0, "query": 1, "querystring": 2, "header": 3, "cookie": 4}
    return tuple(sorted(found.values(), key=lambda parameter: order.get(parameter.location, 5)))


def _parameter(document: Mapping[str, Any], node: Any, pointer: str) -> Parameter:
    if not isinstance(node, Mapping) or not isinstance(node.get("name"), str) or not isinstance(node.get("in"), str):
        raise SpecError("a parameter needs a `name` and an `in`", pointer=pointer)
    location = node["in"]
    style = str(node.get("style") or _STYLES.get(location, "form"))
    content = node.get("content")
    media = _content(document, content, join(pointer, "content")) if isinstance(content, Mapping) else ()
    return Parameter(
        name=node["name"],
        python_name="",
        location=location,
        required=node.get("required") is True or location == "path",
        schema=join(pointer, "schema") if "schema" in node else (media[0].schema if media else None),
        style=style,
        explode=bool(node.get("explode", style in ("form", "cookie"))),
        allow_reserved=node.get("allowReserved") is True,
        allow_empty=node.get("allowEmptyValue") is True,
        content=media[0] if media else None,
        description=str(node.get("description") or "").strip(),
        deprecated=node.get("deprecated") is True,
        pointer=pointer,
    )


def _body(api: Api, node: Mapping[str, Any], pointer: str) -> Body | None:
    if not isinstance(node.get("requestBody"), Mapping):
        return None
    resolved, place = deref(api.document, node["requestBody"], join(pointer, "requestBody"))
    content = _content(api.document, resolved.get("content"), join(place, "content"))
    required = resolved.get("required") is True
    return Body(
        content=content,
        required=required,
        properties=_body_properties(api.document, content, required=required),
        description=str(resolved.get("description") or "").strip(),
        pointer=place,
    )


def default_media(content: tuple[MediaType, ...]) -> MediaType | None:
    """The media type that is sent where the caller names none: JSON where it is offered, else the first."""
    return next((media for media in content if is_json(media.name)), content[0] if content else None)


def _body_properties(
    document: Mapping[str, Any], content: tuple[MediaType, ...], *, required: bool
) -> tuple[Parameter, ...]:
    media = default_media(content)
    if media is None or media.schema is None or not is_json(media.name):
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
    named = tuple(replace(field, python_name=word) for field, word in zip(fields, words, strict=True))
    count = len(parameters)
    return named[:count], replace(body, properties=named[count:]) if body else None


def _content(document: Mapping[str, Any], written: Any, pointer: str) -> tuple[MediaType, ...]:
    found = []
    for name, entry in written.items() if isinstance(written, Mapping) else ():
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
        headers = resolved.get("headers")
        found.append(
            Reply(
                status=status.upper() if status != "default" else status,
                description=str(resolved.get("description") or "").strip(),
                content=_content(document, resolved.get("content"), join(place, "content")),
                headers={name: join(place, "headers", name) for name in headers}
                if isinstance(headers, Mapping)
                else {},
                pointer=place,
            )
        )
    return tuple(found)


def read_servers(node: Mapping[str, Any], pointer: str) -> tuple[Server, ...]:
    """The Server Objects of a document, path item or operation; ``()`` where there are none."""
    written = node.get("servers")
    found = []
    for number, entry in enumerate(written if isinstance(written, list) else ()):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("url"), str):
            continue
        variables = entry.get("variables")
        found.append(
            Server(
                url=entry["url"],
                id=str(entry.get("x-speakeasy-server-id") or entry.get("name") or ""),
                description=str(entry.get("description") or "").strip(),
                variables=variables if isinstance(variables, Mapping) else {},
                pointer=join(pointer, "servers", number),
            )
        )
    return tuple(found)


def read_schemes(document: Mapping[str, Any]) -> dict[str, SecurityScheme]:
    """The security schemes of the components, by name."""
    components = document.get("components")
    written = components.get("securitySchemes") if isinstance(components, Mapping) else None
    found = {}
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        node, pointer = deref(document, entry, join("/components/securitySchemes", name))
        if not isinstance(node, Mapping):
            continue
        env, by_server = env_of(name, node)
        found[name] = SecurityScheme(
            name=name,
            type=str(node.get("type") or ""),
            scheme=str(node.get("scheme") or "").lower(),
            location=str(node.get("in") or ""),
            parameter=str(node.get("name") or ""),
            env=env,
            env_by_server=by_server,
            description=str(node.get("description") or "").strip(),
            pointer=pointer,
        )
    return found


def _security(api: Api, node: Mapping[str, Any]) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    written = node.get("security", api.document.get("security"))
    return tuple(
        tuple((name, tuple(scopes if isinstance(scopes, list) else ())) for name, scopes in alternative.items())
        for alternative in (written if isinstance(written, list) else ())
        if isinstance(alternative, Mapping)
    )
