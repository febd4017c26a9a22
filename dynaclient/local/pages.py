"""Lists in pages: each list operation has a fixed collection, given as its document declares or lets infer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.local.answers import error_response
from dynaclient.local.incoming import Incoming
from dynaclient.local.replies import Replies, json_media, success
from dynaclient.openapi.infer_paging import Evidence, paging_of, places_at
from dynaclient.openapi.jsonpath import compiled
from dynaclient.openapi.media import decode_json, encode_json, is_json
from dynaclient.openapi.model import MediaType, Operation, Paging
from dynaclient.openapi.more import more_in
from dynaclient.openapi.pagewords import LIMITS, plain
from dynaclient.openapi.paging_input import Input
from dynaclient.openapi.shape import properties, types
from dynaclient.wire import Headers, Request, Response

ITEMS = 7
"""How many items a collection has, where an example does not have more."""
SIZE = 3
"""How many of them a page has, where the request does not say it."""
_START = "dynaclient-start"
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^'\\]*)'\]")
_GONE: Any = object()
_ENDS = (_GONE, None, "")
_TOKENS: tuple[Callable[[int], Any], ...] = (
    lambda number: number,
    str,
    lambda number: f"from-item-{number}",
    lambda number: str(UUID(int=number)),
)


def pages_of(document: Mapping[str, Any], operation: Operation, replies: Replies) -> Pages | None:
    """The pages of a list operation; None where it has none, or where its document lets none be made."""
    paging, reply = paging_of(document, operation), success(operation)
    media = json_media(reply.content) if reply is not None else None
    if paging is None or paging.type == "none" or media is None:
        return None
    try:
        return Pages(document, operation, paging, media, replies)
    except SpecError:
        return None


class Pages:
    """The collection of one list operation.

    Parameters
    ----------
    document, operation, paging, media:
        The list, how its pages hang together, and the media type of its reply.
    replies:
        Makes the reply that the pages are cut from.

    Raises
    ------
    SpecError
        Where no reply, no item or no page can be made that satisfies the document.
    """

    def __init__(
        self, document: Mapping[str, Any], operation: Operation, paging: Paging, media: MediaType, replies: Replies
    ) -> None:
        self._document, self._operation, self._paging = document, operation, paging
        self._media, self._replies = media, replies
        self._inputs = {item.type: Input(operation, document, item, paging.pointer) for item in paging.inputs}
        self._reply = replies.make(operation, "application/json")
        if not is_json(self._reply.headers.get("content-type", "")):
            raise SpecError("the reply is not JSON", pointer=media.pointer)
        self._value = decode_json(self._reply.body)
        for path in (paging.results, paging.next_cursor, paging.next_url, paging.has_more, paging.total, paging.page):
            self._complete((names_of(path) or ())[:-1])
        self._list = self._found_list()
        self.items = list(self._made_items())
        self._token, self._end = self._fitting()

    def _complete(self, names: tuple[str, ...]) -> None:
        """Add the objects of a path that the reply lacks, as the document has them."""
        for length in range(1, len(names) + 1):
            if _at(self._value, names[:length]) is None:
                for place in places_at(self._document, (self._media.schema or "",), names[:length])[:1]:
                    self._value = _with(self._value, names[:length], self._replies.sample(place))

    # --- the collection

    def _found_list(self) -> tuple[str, ...]:
        """The path of the items: as the pagination says, else the first list of the reply."""
        names = names_of(self._paging.results) if self._paging.results else None
        if names is not None:
            return names
        if isinstance(self._value, Mapping) and not self._paging.results:
            for name, item in self._value.items():
                if isinstance(item, list):
                    return (name,)
        if isinstance(self._value, list):
            return ()
        for path in Evidence(self._document, self._operation, self._media.schema or "").lists:
            return path
        raise SpecError("the items have no place in the reply", pointer=self._paging.pointer)

    def _made_items(self) -> Iterator[Any]:
        """The items of the reply itself, repeated with other ids; where it has none, made ones."""
        found = _at(self._value, self._list)
        places = places_at(self._document, (self._media.schema or "",), self._list, items=True)
        base = found if isinstance(found, list) and found else []
        for place in () if base else places:
            item = self._replies.sample(place)
            if self._fits([item]):
                base = [item]
                break
        if not base:
            raise SpecError("nothing is known of the items", pointer=self._paging.pointer)
        ids = places_at(self._document, places, ("id",))
        for number in range(max(ITEMS, len(base))):
            item = base[number % len(base)]
            if ids and isinstance(item, Mapping) and "id" not in item:
                item = {**item, "id": self._sampled(places, "id")}
                yield self._renamed(item, number, places)
            else:
                yield self._renamed(item, number, places) if item in base[:number] or number >= len(base) else item

    def _fits(self, items: list[Any]) -> bool:
        """Whether the reply may have these items."""
        return self._replies.accepts(self._media, _with(self._value, self._list, items))

    def _renamed(self, item: Any, number: int, places: tuple[str, ...]) -> Any:
        """An item that differs from the others, if its schema allows it: by its id, else by another property."""
        if not isinstance(item, Mapping):
            return next(self._fitting_names(item, number, lambda name: name), item)
        optional = [one.name for place in places for one in properties(self._document, place) if one.name not in item]
        for key in (*sorted(item, key=lambda key: (key != "id", not key.endswith("id"))), *optional, "id"):
            old = item[key] if key in item else self._sampled(places, key)
            found = next(self._fitting_names(old, number, partial(_with, item, (key,))), None)
            if found is not None:
                return found
        return item

    def _sampled(self, places: tuple[str, ...], name: str) -> Any:
        """A value of a property of the items, a text where nothing is said of it."""
        with suppress(SpecError):
            for place in places_at(self._document, places, (name,)):
                return self._replies.sample(place)
        return ""

    def _fitting_names(self, old: Any, number: int, made: Callable[[Any], Any]) -> Iterator[Any]:
        """The items that can be made with other values of the kind of an old one, so that the reply may have them."""
        if isinstance(old, str):
            names: tuple[Any, ...] = (f"{old}-{number}", str(number), str(UUID(int=number)), f"{old}?{number}")
        else:
            names = (number, 10_000 + number) if type(old) in (int, float) else ()
        for name in names:
            if name != old and self._fits([made(name)]):
                yield made(name)

    # --- what a request asks for

    def answer(self, incoming: Incoming) -> Response | None:
        """The page that a request asks for; 404 behind the last; None if it breaks the document."""
        start, size = self._start(incoming), self._size(incoming)
        value = self._page(start, size, incoming.request)
        if not self._replies.accepts(self._media, value):
            beyond = start >= len(self.items)
            return error_response(404, "There is no such page.", code="not_found") if beyond else None
        headers = self._reply.headers
        if self._paging.type == "link" and start + size < len(self.items):
            link = f'<{_next_url(incoming.request, start + size)}>; rel="next"'
            headers = Headers([*(pair for pair in headers.pairs if pair[0].lower() != "link"), ("Link", link)])
        return evolve(self._reply, headers=headers, body=encode_json(value))

    def _given(self, incoming: Incoming, name: str) -> Any:
        body = incoming.body if isinstance(incoming.body, Mapping) else {}
        return incoming.parameters.get(name, body.get(name))

    def _size(self, incoming: Incoming) -> int:
        fields = [field for field in self._operation.arguments if plain(field.name) in LIMITS]
        declared = [item.name for item in self._paging.inputs if item.type == "limit"]
        for name in (*declared, *(field.name for field in fields)):
            given = self._given(incoming, name)
            if isinstance(given, (int, float)) and not isinstance(given, bool):
                return max(1, int(given))
        # What is declared ends with a page that is not full, and the schema may say what full is.
        full = self._inputs["limit"].number({}, 0) if "limit" in self._inputs and not self._paging.inferred else 0
        return full if full > 0 else SIZE

    def _start(self, incoming: Incoming) -> int:
        """The number of the first item that is asked for."""
        query = dict(parse_qsl(incoming.request.target.partition("?")[2]))
        if query.get(_START, "").isdigit():
            return int(query[_START])
        given = {item.type: self._given(incoming, item.name) for item in self._paging.inputs}
        if given.get("cursor") is not None:
            ends = range(len(self.items) + 1)
            return next((end for end in ends if str(self._cursor(end)) == str(given["cursor"])), 0)
        for kind, first in (("page", 1), ("offset", 0)):
            number = given.get(kind)
            if isinstance(number, (int, float)) and kind in self._inputs:
                steps = max(0, int(number) - self._inputs[kind].start(first))
                return steps * self._size(incoming) if kind == "page" else steps
        return 0

    # --- pages

    def _page(self, start: int, size: int, request: Request | None) -> Any:
        """The value of a page."""
        end = min(start + size, len(self.items))
        value = _with(self._value, self._list, self.items[start:end])
        paging, last = self._paging, end >= len(self.items)
        first = self._inputs["page"].start(1) if "page" in self._inputs else 1
        sets: list[tuple[str, Any]] = [
            (paging.has_more, not last),
            (paging.total, len(self.items)),
            (paging.num_pages, -(-len(self.items) // size)),
            (paging.page, start // size + first),
            (paging.next_cursor, self._end if last else self._token(end)),
            (paging.next_url, self._end if last or request is None else _next_url(request, end)),
        ]
        for path, item in sets:
            names = names_of(path) if path else None
            if names is not None:
                value = _with(value, names, item)
        return self._closed(value) if last else value

    def _closed(self, value: Any) -> Any:
        """A last page without anything else that would lead on."""
        for _ in range(10):
            found = more_in(value, None)
            names = names_of(found[0]) if found is not None else None
            if names is None:
                break
            said = _at(value, names)
            value = _with(value, names, not said if isinstance(said, bool) else self._end)
        return value

    def _cursor(self, end: int) -> Any:
        """The cursor on a page that ends before an item of this number."""
        if names_of(self._paging.next_cursor) is not None:
            return self._token(end)
        found = compiled(self._paging.next_cursor).find(self._page(max(0, end - 1), 1, None))
        return found[0] if found else _GONE

    def _fitting(self) -> tuple[Callable[[int], Any], Any]:
        """How cursors are written, and what stands in their place on the last page, so that the document allows it."""
        field = next((one for one in self._operation.arguments if one.name == self._taken()), None)
        kinds = types(self._document, field.schema) if field is not None and field.schema is not None else ()
        request = Request("GET", "http://127.0.0.1", "/")
        # A text is tried first where only that is taken; a client sends a number as a text there.
        for token in _TOKENS if "string" not in kinds or "integer" in kinds else (*_TOKENS[1:], _TOKENS[0]):
            if field is not None and field.schema is not None and not self._may_take(field.schema, token(SIZE)):
                continue
            for end in _ENDS:
                self._token, self._end = token, end
                pages = [self._page(0, SIZE, request), self._page(0, len(self.items), request)]
                with suppress(SpecError):
                    if all(self._replies.accepts(self._media, page) for page in pages):
                        return token, end
        raise SpecError("no page satisfies the schema of the reply", pointer=self._media.pointer)

    def _may_take(self, schema: str, token: Any) -> bool:
        return self._replies.satisfies(schema, token) or self._replies.satisfies(schema, str(token))

    def _taken(self) -> str:
        return next((item.name for item in self._paging.inputs if item.type == "cursor"), "")


def names_of(path: str) -> tuple[str, ...] | None:
    """The names of a path that consists of names alone; None where it is another."""
    names: list[str] = []
    place = 1
    while match := _STEP.match(path, place):
        names.append(match[1] or match[2])
        place = match.end()
    return tuple(names) if place == len(path) else None


def _at(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _with(value: Any, names: tuple[str, ...], item: Any) -> Any:
    """The value with another item at a place, or without one there."""
    if not names:
        return item
    inner = dict(value) if isinstance(value, Mapping) else {}
    if len(names) == 1 and item is _GONE:
        inner.pop(names[0], None)
    elif item is not _GONE or names[0] in inner:
        inner[names[0]] = _with(inner.get(names[0]), names[1:], item)
    return inner


def _next_url(request: Request, start: int) -> str:
    """The URL of the page that begins at an item: that of the request, with the item's number."""
    path, _, query = request.target.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(f"{_START}=")]
    return f"{request.origin}{quote(path, safe='/%:@!$&()*+,;=~')}?{'&'.join([*kept, f'{_START}={start}'])}"
