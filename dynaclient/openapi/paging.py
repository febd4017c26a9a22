"""Lists in pages: (operation, arguments, a page) -> the call that brings the next one.

What the operation declares by ``x-speakeasy-pagination`` is followed; where it declares nothing, ``Link: rel="next"`` of the reply is (RFC 8288).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from dynaclient.errors import Problem, ReplyValidationError, SpecError
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.jsonpath import JSONPath, compiled
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.model import Operation, PagingInput, Parameter
from dynaclient.openapi.paginated import OUTPUTS, PAGINATION
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import annotation, types
from dynaclient.openapi.weblink import next_link
from dynaclient.wire import Response

_URL = "%:/?#[]@!$&'()*+,;="  # RFC 3986, 2.2, and what is encoded already


class State(Struct, frozen=True):
    """What is known between two pages: the ``arguments`` to call with, the ``page`` or ``offset`` that this call asks for, and the cursors and URLs that were followed."""

    arguments: Mapping[str, Any]
    page: int | None = None
    offset: int | None = None
    first: int = 1
    seen: frozenset[str] = frozenset()


class Arguments(Struct, frozen=True):
    """The next page comes from calling the operation with these keyword arguments."""

    values: dict[str, Any]
    state: State


class Url(Struct, frozen=True):
    """The next page comes from this absolute http or https URL, by GET. It may be of another origin, which gets no credentials."""

    url: str
    state: State


NextCall = Arguments | Url


class Pager:
    """Goes from page to page of one operation; made once, pure, safe among threads: what changes is in the State.

    Parameters
    ----------
    operation:
        The operation; ``operation.paging`` says how its pages hang together.
    document:
        Its document, for defaults and types of the parameters.

    Raises
    ------
    SpecError
        Where the pagination names an input that the operation does not take, or a path that is none.
    """

    def __init__(self, operation: Operation, document: Mapping[str, Any]) -> None:
        self.operation = operation
        self._document = document
        self._paging = paging = operation.paging
        self._inputs: dict[str, _Input] = {}
        for item in paging.inputs if paging else ():
            self._inputs.setdefault(item.type, _Input(operation, document, item))
        self._results = self._path("results")
        self._num_pages = self._path("num_pages")
        self._next_cursor = self._path("next_cursor")
        self._next_url = self._path("next_url")

    def _path(self, field: str) -> JSONPath | None:
        text = getattr(self._paging, field) if self._paging else ""
        name = next(name for name, known in OUTPUTS.items() if known == field)
        return compiled(text, join(self._paging.pointer, "outputs", name)) if self._paging and text else None

    def start(self, arguments: Mapping[str, Any]) -> State:
        """The state before the first page.

        Counting starts at the page or offset among the arguments, else at the schema's ``default``, else at its ``minimum``, else at page 1 or offset 0. It is sent only where the
        operation requires it: ``state.arguments`` are those of the first call.
        """
        values = dict(arguments)
        page, offset = self._inputs.get("page"), self._inputs.get("offset")
        if page is not None:
            first = page.start(1)
            number = page.number(values, first)
            return State(page.filled(values, number), page=number, first=min(first, number, 1))
        if offset is not None:
            number = offset.number(values, offset.start(0))
            return State(offset.filled(values, number), offset=number)
        return State(values)

    def next(self, state: State, arguments: Mapping[str, Any], value: Any, response: Response) -> NextCall | None:
        """The call that brings the next page, or None after the last.

        Parameters
        ----------
        state:
            That of ``start``, or of the NextCall that brought this page.
        arguments:
            The arguments of the call, ``state.arguments``.
        value, response:
            The page.

        Raises
        ------
        ReplyValidationError
            Where a cursor or URL comes again, so that the pages would never end, or is none.
        SpecError
            Where the results are needed and cannot be told from the rest of the page.
        """
        paging = self._paging
        if paging is None:
            url = next_link(response.headers.get("link", ""), response.url)
            return self._url(state, url, response) if url else None
        if paging.type == "url":
            found = self._one(self._next_url, value)
            return self._url(state, found, response) if found else None
        if paging.type == "cursor":
            return self._cursor(state, arguments, self._one(self._next_cursor, value), response)
        return self._counted(state, arguments, value)

    def results(self, value: Any) -> list[Any]:
        """The items of a page: what the declared ``results`` path names; where none is declared the value itself if it is a list, else its only property that is a list.

        Raises
        ------
        SpecError
            Where the declared path leads to something else, or several properties are lists.
        """
        if self._results is not None:
            found = self._results.find(value)
            if not self._results.singular and not (len(found) == 1 and isinstance(found[0], list)):
                return found
            if not found or found[0] is None:
                return []
            if isinstance(found[0], list):
                return found[0]
            raise SpecError(
                f"{self.operation.dotted}: the results at {self._results.text} are no list",
                pointer=self._paging.pointer if self._paging else "",
            )
        if isinstance(value, list):
            return value
        lists = {name: item for name, item in value.items() if isinstance(item, list)} if _is_object(value) else {}
        if len(lists) > 1:
            raise SpecError(
                f"{self.operation.dotted}: the document does not say which of {', '.join(lists)} holds the items of a page; "
                f"declare `results` in {PAGINATION}, or take whole pages",
                pointer=self.operation.pointer,
            )
        return next(iter(lists.values()), [])

    def _one(self, path: JSONPath | None, value: Any) -> Any:
        """The value at a path; None where nothing, or nothing that leads on (null, false, 0 or empty), stands there."""
        found = path.find(value) if path is not None else []
        return found[0] or None if found else None

    def _counted(self, state: State, arguments: Mapping[str, Any], value: Any) -> NextCall | None:
        page, offset = self._inputs.get("page"), self._inputs.get("offset")
        number = self._one(self._num_pages, value)
        known = type(number) is int
        if state.page is not None and known:
            if state.page + 1 - state.first + 1 > number:
                return None
            if self._results is not None and not self.results(value):
                return None
        else:
            count = len(self.results(value))
            limit = self._inputs["limit"].number(arguments, 0) if "limit" in self._inputs else 0
            if not count or count < limit:
                return None
        if page is not None and state.page is not None:
            following = page.replaced(arguments, state.page + 1)
            return Arguments(following, evolve(state, arguments=following, page=state.page + 1))
        assert offset is not None
        assert state.offset is not None
        place = state.offset + len(self.results(value))
        following = offset.replaced(arguments, place)
        return Arguments(following, evolve(state, arguments=following, offset=place))

    def _cursor(self, state: State, arguments: Mapping[str, Any], cursor: Any, response: Response) -> NextCall | None:
        if cursor is None:
            return None
        field = self._inputs["cursor"]
        given = field.given(arguments)
        seen = state.seen if given is None else state.seen | {_key(given)}
        cursor = field.fitting(cursor)
        if _key(cursor) in seen:
            raise self._endless("cursor", response)
        following = field.replaced(arguments, cursor)
        return Arguments(following, evolve(state, arguments=following, seen=seen | {_key(cursor)}))

    def _url(self, state: State, found: Any, response: Response) -> NextCall:
        url = _absolute(response.url, found) if isinstance(found, str) else ""
        if not url:
            raise self._wrong("the URL of the next page is none that can be called", response)
        seen = state.seen | {response.url}
        if url in seen:
            raise self._endless("URL", response)
        return Url(url, evolve(state, seen=seen | {url}))

    def _endless(self, what: str, response: Response) -> ReplyValidationError:
        return self._wrong(
            f"the {what} of the next page was followed before, so that the pages would never end", response
        )

    def _wrong(self, what: str, response: Response) -> ReplyValidationError:
        pointer = self._paging.pointer if self._paging else ""
        return ReplyValidationError(
            f"{self.operation.dotted}: the pages cannot be followed further",
            response=response,
            problems=(Problem("", what, pointer),),
            operation=self.operation.dotted,
        )


class _Input:
    """One input of a pagination among the keyword arguments of its operation."""

    def __init__(self, operation: Operation, document: Mapping[str, Any], item: PagingInput) -> None:
        self._document = document
        self._name = item.name
        self._field = field = _field(operation, item)
        self._in_body = item.location == "requestBody"
        self._whole = operation.body.keyword if operation.body is not None else "body"
        if field is None and not self._in_body:
            pointer = operation.paging.pointer if operation.paging else ""
            raise SpecError(f"the operation has no parameter {item.name!r}", pointer=pointer)
        others = {other.python_name for other in operation.arguments if other is not field}
        others |= {other.name for other in operation.arguments if other is not field}
        spelled = (field.name, f"{field.python_name}_") if field else ()
        free = (name for name in spelled if name not in others)
        self._spellings = tuple(dict.fromkeys((field.python_name, *free) if field else ()))

    def given(self, arguments: Mapping[str, Any]) -> Any:
        """The value among the arguments, under any of its names or within a whole body; None where there is none."""
        for name in self._spellings:
            if name in arguments:
                return arguments[name]
        body = arguments.get(self._whole) if self._in_body else None
        return body.get(self._name) if _is_object(body) else None

    def replaced(self, arguments: Mapping[str, Any], value: Any) -> dict[str, Any]:
        """The arguments with another value."""
        if self._field is None:
            body = arguments.get(self._whole)
            return {**arguments, self._whole: {**(body if _is_object(body) else {}), self._name: value}}
        kept = {name: item for name, item in arguments.items() if name not in self._spellings}
        return {**kept, self._field.python_name: value}

    def filled(self, arguments: dict[str, Any], value: int) -> dict[str, Any]:
        """The arguments with a value where the operation requires one and none is given."""
        needed = self._field is not None and self._field.required and self.given(arguments) is None
        return self.replaced(arguments, value) if needed else arguments

    def start(self, otherwise: int) -> int:
        """The number that the schema begins with."""
        for keyword in ("default", "minimum"):
            found = self._annotation(keyword)
            if type(found) is int:
                return found
        return otherwise

    def number(self, arguments: Mapping[str, Any], otherwise: int) -> int:
        """The whole number that is given, else the schema's default, else another."""
        for found in (self.given(arguments), self._annotation("default")):
            if isinstance(found, str) and found.isascii() and found.isdigit():
                return int(found)
            if isinstance(found, int) and not isinstance(found, bool):
                return int(found)
        return otherwise

    def fitting(self, cursor: Any) -> Any:
        """The cursor as the parameter's schema takes it: a number as text, or a text as number, where only that may stand there."""
        kinds = types(self._document, self._field.schema) if self._field and self._field.schema else ()
        if type(cursor) is int and "string" in kinds and not {"integer", "number"} & set(kinds):
            return str(cursor)
        if isinstance(cursor, str) and "integer" in kinds and "string" not in kinds and cursor.isascii():
            return int(cursor) if cursor.isdigit() and len(cursor) < 19 else cursor
        return cursor

    def _annotation(self, keyword: str) -> Any:
        if self._field is None or self._field.schema is None:
            return None
        return annotation(self._document, self._field.schema, keyword)


def _field(operation: Operation, item: PagingInput) -> Parameter | None:
    """The parameter of that name on the wire, one in the query before others; or the property of the body."""
    if item.location == "requestBody":
        fields = operation.body.properties if operation.body else ()
    else:
        fields = tuple(sorted(operation.parameters, key=lambda field: field.location != "query"))
    return next((field for field in fields if field.name == item.name), None)


def _absolute(base: str, reference: str) -> str:
    """A reference as an absolute http or https URL, without its fragment and with what may not stand in a URL percent-encoded; ``""`` where it is none."""
    try:
        url = urldefrag(urljoin(base, reference)).url
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return quote(url, safe=_URL) if usable else ""


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _key(cursor: Any) -> str:
    return encode_json(cursor).decode()
