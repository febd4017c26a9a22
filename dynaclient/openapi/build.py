"""Operation + bound arguments -> Request. What depends on the document alone is prepared when the Builder is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.arguments import Bound
from dynaclient.openapi.bodies import BodyWriter, Written
from dynaclient.openapi.extraquery import Query, added
from dynaclient.openapi.itemshape import is_sequential
from dynaclient.openapi.media import is_form, is_json, is_text
from dynaclient.openapi.model import MediaType, Operation, Parameter
from dynaclient.openapi.names import TEMPLATE
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.style import defined, write
from dynaclient.wire import Request

_LITERAL = (
    "/%:@!$&'()*+,;=-._~?"  # what may stand in a path (RFC 3986, 3.3), and the query that some documents put there
)


class Builder:
    """Writes the requests of one operation; made once for each media type of its body, used for every call, safe among threads.

    Parameters
    ----------
    operation, media:
        The operation, and the media type of its body.
    document:
        The document, which says how the parts of forms, multipart and XML bodies are written; without it their values alone decide.
    boundary:
        Makes the boundary of multipart bodies; random where it is not given.

    Raises
    ------
    ArgumentError
        From ``build``, where a value has no form in its parameter's style.
    """

    def __init__(
        self,
        operation: Operation,
        media: MediaType | None,
        document: Mapping[str, Any] | None = None,
        boundary: Callable[[], str] | None = None,
    ) -> None:
        self.operation = operation
        self._body = BodyWriter(document or {}, media, boundary) if media else None
        self._contents = {
            parameter.python_name: _encoder(document or {}, parameter.content)
            for parameter in operation.parameters
            if parameter.content is not None
        }
        by_place: dict[str, list[Parameter]] = {}
        for parameter in operation.parameters:
            by_place.setdefault(parameter.location, []).append(parameter)
        self._path = _split(operation.path, by_place.get("path", []))
        self._templated = any(isinstance(part, Parameter) for part in self._path)
        self._literal = "".join(part for part in self._path if isinstance(part, str))
        self._query = by_place.get("query", [])
        self._querystring = by_place.get("querystring", [])
        self._headers = by_place.get("header", [])
        self._cookies = by_place.get("cookie", [])
        self._fixed = {"Accept": accept(operation)}

    def build(self, bound: Bound, origin: str, prefix: str, headers: Mapping[str, str], query: Query = ()) -> Request:
        """The request, without credentials.

        Parameters
        ----------
        bound:
            The sorted arguments.
        origin, prefix:
            The server: ``https://api.example.com`` and the path of its URL, without a slash at the end.
        headers:
            Fields that the caller adds; they win over those of the document.
        query:
            Query parameters that the server's URL or the caller adds; those of the operation win over them.
        """
        parameters = bound.parameters
        target = prefix + (self._fill(parameters) if self._templated else self._literal)
        fields = dict(self._fixed)
        body = None
        if bound.body is not OMIT:
            body, fields["Content-Type"] = self._write_body(bound.body)
        if parameters:
            written = self._write_query(parameters)
            if written:
                target = f"{target}{'&' if '?' in target else '?'}{written}"
            self._write_headers(parameters, fields)
        if query:
            target = added(target, query)
        if headers:
            _lay_over(fields, headers)
        return Request(self.operation.method, origin, target, fields, body)

    def _fill(self, parameters: Mapping[str, Any]) -> str:
        parts = []
        for part in self._path:
            if isinstance(part, str):
                parts.append(part)
            elif not defined(parameters.get(part.python_name)):
                given = part.python_name in parameters
                raise self._refused(part, "null, or nothing, cannot stand in a path" if given else "is required")
            else:
                parts.append(self._write(part, parameters[part.python_name]))
        path = "".join(parts)
        templates = "".join(part if isinstance(part, str) else "{}" for part in self._path).split("/")
        for segment, template in zip(path.split("/"), templates, strict=True):
            # An empty or dotted segment names another resource once a client or proxy normalises the path (RFC 3986, 5.2.4).
            if "{}" in template and segment.partition("?")[0] in ("", ".", ".."):
                raise self._refused(self._within(template, templates), f"{segment!r} cannot stand in a path")
        return path

    def _within(self, template: str, templates: list[str]) -> Parameter:
        """The first parameter of a segment of the path."""
        before = "".join(templates[: templates.index(template)]).count("{}")
        return [part for part in self._path if isinstance(part, Parameter)][before]

    def _write_query(self, parameters: Mapping[str, Any]) -> str:
        return "&".join(filter(None, self._all((*self._query, *self._querystring), parameters)))

    def _all(self, wanted: Iterable[Parameter], parameters: Mapping[str, Any]) -> list[str]:
        """Those parameters that were given and are not null, written."""
        return [
            self._write(parameter, parameters[parameter.python_name])
            for parameter in wanted
            if parameter.python_name in parameters
            and (parameter.content is not None or defined(parameters[parameter.python_name]))
        ]

    def _write_headers(self, parameters: Mapping[str, Any], fields: dict[str, str]) -> None:
        for parameter in self._headers:
            for written in self._all((parameter,), parameters):
                fields[parameter.name] = written
        cookies = "; ".join(filter(None, self._all(self._cookies, parameters)))
        if cookies:
            fields["Cookie"] = cookies

    def _write(self, parameter: Parameter, value: Any) -> str:
        try:
            return write(parameter, value, self._contents.get(parameter.python_name))
        except ValueError as error:
            raise self._refused(parameter, f"cannot be written: {error}") from None

    def _write_body(self, body: Any) -> Written:
        assert self._body is not None
        try:
            return self._body.write(body)
        except ValueError as error:
            whole = self.operation.body.keyword if self.operation.body else "body"
            problem = Problem(_lone_surrogate(body, "") or whole, f"cannot be written: {error}")
            if problem.where != whole:
                text = "holds half of a surrogate pair, which is no character"
                problem = Problem(problem.where, text, hint="pass text that can be written as UTF-8")
            raise ArgumentError(self.operation.dotted, problems=(problem,), operation=self.operation.dotted) from None

    def _refused(self, parameter: Parameter, message: str) -> ArgumentError:
        return ArgumentError(
            self.operation.dotted,
            problems=(Problem(parameter.python_name, message, parameter.pointer),),
            operation=self.operation.dotted,
        )


def _split(path: str, parameters: list[Parameter]) -> tuple[str | Parameter, ...]:
    """A path template as percent-encoded literal pieces and parameters."""
    by_name = {parameter.name: parameter for parameter in parameters}
    parts: list[str | Parameter] = []
    end = 0
    for match in TEMPLATE.finditer(path):
        if match[1] in by_name:
            parts += [quote(path[end : match.start()], safe=_LITERAL), by_name[match[1]]]
            end = match.end()
    parts.append(quote(path[end:], safe=_LITERAL))
    return tuple(parts)


def accept(operation: Operation) -> str:
    """The Accept field: the media types of the declared good replies, what can be read best first (RFC 9110, 12.5.1)."""
    good = [media.name for reply in operation.replies if reply.status.startswith(("2", "d")) for media in reply.content]
    weights = {name: _weight(name) for name in good}
    best = max(weights.values(), default=1.0)
    ordered = sorted(weights, key=lambda name: -weights[name])
    return ", ".join(name if weights[name] == best else f"{name};q={weights[name]:g}" for name in ordered) or "*/*"


def _weight(name: str) -> float:
    """How welcome a media type is: JSON first, then what can be read as well, then items one by one, and bytes last."""
    if is_json(name):
        return 0.9 if ";" in name else 1.0  # application/json;stream=watch is another reply than a plain one
    if is_sequential(name):
        return 0.7
    return 0.8 if is_text(name) or is_form(name) or "*" in name else 0.5


def _encoder(document: Mapping[str, Any], media: MediaType) -> Callable[[Any], bytes]:
    """Writes the value of a parameter that has ``content``."""
    writer = BodyWriter(document, media)

    def encode(value: Any) -> bytes:
        written = writer.write(value)[0]
        if not isinstance(written, bytes):
            raise ValueError("a file has no form in a parameter")
        return written

    return encode


def _lay_over(fields: dict[str, str], headers: Mapping[str, str]) -> None:
    """Put the caller's fields over the document's, whatever their case; the type of a multipart body stays, because it names the boundary."""
    names = {name.lower(): name for name in fields}
    for name, value in headers.items():
        if name.lower() == "content-type" and "; boundary=" in fields.get("Content-Type", ""):
            continue
        fields.pop(names.get(name.lower(), name), None)
        fields[name] = value


def _lone_surrogate(value: Any, where: str) -> str:
    """The place of the first text that UTF-8 cannot hold, or ``""``."""
    if isinstance(value, str):
        return where if any("\ud800" <= letter <= "\udfff" for letter in value) else ""
    if isinstance(value, list):
        items = (_lone_surrogate(item, f"{where}[{number}]") for number, item in enumerate(value))
        return next(filter(None, items), "")
    if isinstance(value, dict):
        below = (_lone_surrogate(item, f"{where}.{key}".lstrip(".")) for key, item in value.items())
        return next(filter(None, below), "")
    return ""
