"""Lists in pages: (operation, arguments, a page) -> the call that brings the next one.

What the operation declares is followed, else what is inferred (see ``infer_paging``). Where nothing is declared,
``Link: rel="next"`` of the reply goes before (RFC 8288), and a last page that says that there is more is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from dynaclient.errors import Problem, ReplyValidationError, SpecError
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.infer_paging import list_path, paging_of
from dynaclient.openapi.jsonpath import JSONPath, compiled
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.model import Operation
from dynaclient.openapi.more import more_in
from dynaclient.openapi.pagewords import LIMITS, plain
from dynaclient.openapi.paginated import OUTPUTS, OWN, OWN_OUTPUTS, PAGINATION
from dynaclient.openapi.paging_input import Input, is_object
from dynaclient.openapi.pointer import join
from dynaclient.openapi.weblink import next_link
from dynaclient.wire import Response

_URL = "%:/?#[]@!$&'()*+,;="  # RFC 3986, 2.2, and what is encoded already


class State(Struct, frozen=True):
    """What is known between two pages.

    ``arguments`` are those to call with, ``page`` or ``offset`` is what this call asks for, ``first`` where counting begins,
    ``before`` the number of items before this page (None where unknown), ``seen`` the cursors and URLs that were followed.
    ``last`` are the items of the page before, where the end may show by their coming again. ``tentative``: nothing promised
    that this page is there. ``linked``: ``Link`` leads.
    """

    arguments: Mapping[str, Any]
    page: int | None = None
    offset: int | None = None
    first: int = 1
    before: int | None = 0
    last: list[Any] | None = None
    tentative: bool = False
    linked: bool = False
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
        The operation.
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
        self._paging = paging = paging_of(document, operation)
        self._place = paging.pointer if paging is not None else operation.pointer
        self._inputs: dict[str, Input] = {}
        for item in paging.inputs if paging else ():
            self._inputs.setdefault(item.type, Input(operation, document, item, self._place))
        known = self._path("results")
        self._results = known if paging is not None else compiled(list_path(document, operation) or "$")
        self._num_pages = self._path("num_pages")
        self._next_cursor = self._path("next_cursor")
        self._next_url = self._path("next_url")
        self._has_more = self._path("has_more")
        self._total = self._path("total")
        self._page = self._path("page")

    def _path(self, field: str) -> JSONPath | None:
        text = getattr(self._paging, field) if self._paging else ""
        if not text:
            return None
        own = next((name for name, known in OWN_OUTPUTS.items() if known == field), "")
        if own:
            return compiled(text, join(self._place.removesuffix(PAGINATION) + OWN, own))
        name = next(name for name, known in OUTPUTS.items() if known == field)
        return compiled(text, join(self._place, "outputs", name))

    @property
    def _declared(self) -> bool:
        return self._paging is not None and not self._paging.inferred

    def _names_a_list(self, found: list[Any]) -> bool:
        """Whether an inferred path leads to what it should; else the reply is not what its document says."""
        return bool(found) and (found[0] is None or isinstance(found[0], list))

    @property
    def _inferred(self) -> bool:
        return self._paging is not None and self._paging.inferred

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
            before = 0 if number <= first else None
            return State(page.filled(values, number), page=number, first=min(first, number, 1), before=before)
        if offset is not None:
            first = offset.start(0)
            number = offset.number(values, first)
            return State(offset.filled(values, number), offset=number, first=first, before=number - first)
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
        if paging is None or paging.inferred or paging.type == "link":
            url = next_link(response.headers.get("link", ""), response.url)
            if url:
                return self._url(evolve(state, linked=True), url, response)
        if paging is None or state.linked or paging.type in ("none", "link"):
            return None
        if paging.type == "url":
            found = self._one(self._next_url, value)
            return self._url(state, found, response) if found else None
        if paging.type == "offsetLimit":
            return self._counted(self._corrected(state, arguments, value), arguments, value)
        if self._flag(value) is False:
            return None
        return self._cursor(state, arguments, self._one(self._next_cursor, value), value, response)

    def repeats(self, state: State, value: Any, response: Response) -> bool:
        """Whether a page that nothing promised brings only what the page before brought, so that there is none.

        Raises
        ------
        ReplyValidationError
            Where it was promised, so that the pages would never end.
        """
        if state.last is None:
            return False
        items = self.results(value)
        if state.tentative:
            return _within(items, state.last)
        if items == state.last and (self._flag(value) or any(map(is_object, items))):
            raise self._endless("page", response, "brings the same items again")
        return False

    def unfollowed(self, state: State, value: Any, response: Response) -> ReplyValidationError | None:
        """The error of a list that is not whole: its last page says that there is more, and nothing tells how to get it.

        None where there is nothing to say, or the document declares its pages: it is trusted.
        """
        paging = self._paging
        if state.linked or (paging is not None and not paging.inferred):
            return None
        found = more_in(value, self._count(value) if paging is None else None, limited=self._limited())
        if found is None:
            return None
        where, said = found
        reason = "the document does not say how the next page is asked for"
        if paging is not None:
            reason = f"the pages end here, as they were inferred: {paging.why}"
        hint = f"declare {PAGINATION} in an overlay, or `{OWN}: none` if this is the whole list"
        return self._wrong(f"{said}, and {reason}", response, where, hint)

    def _count(self, value: Any) -> int | None:
        try:
            return len(self.results(value))
        except SpecError:
            return None

    def _limited(self) -> bool:
        """Whether the operation takes how many items a page shall have."""
        return any(plain(field.name) in LIMITS for field in self.operation.arguments)

    def results(self, value: Any) -> list[Any]:
        """The items of a page: what the declared ``results`` path names; where none is declared the value itself if it is a list, else its only property that is a list.

        Raises
        ------
        SpecError
            Where the declared path leads to something else, or several properties are lists.
        """
        found = self._results.find(value) if self._results is not None else []
        if self._results is not None and (self._declared or self._names_a_list(found)):
            if not self._results.singular and not (len(found) == 1 and isinstance(found[0], list)):
                return found
            if not found or found[0] is None:
                return []
            if isinstance(found[0], list):
                return found[0]
            raise SpecError(
                f"{self.operation.dotted}: the results at {self._results.text} are no list",
                pointer=self._place,
            )
        if isinstance(value, list):
            return value
        lists = {name: item for name, item in value.items() if isinstance(item, list)} if is_object(value) else {}
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

    def _flag(self, value: Any) -> bool | None:
        """What the reply says of whether there is another page; None where it says nothing."""
        found = self._has_more.find(value) if self._has_more is not None else []
        return found[0] if found and isinstance(found[0], bool) else None

    def _corrected(self, state: State, arguments: Mapping[str, Any], value: Any) -> State:
        """The state with the number that the reply gives its page, where the caller left it to the service."""
        found = self._page.find(value) if self._page is not None else []
        if (
            state.page is None
            or not found
            or type(found[0]) is not int
            or self._inputs["page"].given(arguments) is not None
        ):
            return state
        return evolve(state, page=found[0], first=min(state.first, found[0]))

    def _counted(self, state: State, arguments: Mapping[str, Any], value: Any) -> NextCall | None:
        if self._over(state, arguments, value):
            return None
        items = self.results(value) if state.page is None or self._inferred else []
        promised = self._flag(value) or self._one(self._num_pages, value) or self._one(self._total, value)
        state = evolve(
            state,
            before=None if state.before is None else state.before + len(items),
            last=items if self._inferred else None,
            tentative=self._inferred and not promised,
        )
        page, offset = self._inputs.get("page"), self._inputs.get("offset")
        if page is not None and state.page is not None:
            following = page.replaced(arguments, state.page + 1)
            return Arguments(following, evolve(state, arguments=following, page=state.page + 1))
        assert offset is not None
        assert state.offset is not None
        place = state.offset + len(items)
        following = offset.replaced(arguments, place)
        return Arguments(following, evolve(state, arguments=following, offset=place))

    def _over(self, state: State, arguments: Mapping[str, Any], value: Any) -> bool:
        """Whether a page that is counted is the last.

        What the reply says goes first. Where it says nothing, an inferred pagination goes on until a page is empty,
        because a service may give fewer items than are asked for.
        """
        number = self._one(self._num_pages, value)
        if state.page is not None and type(number) is int:
            if state.page + 1 - state.first + 1 > number:
                return True
            return self._results is not None and not self.results(value)
        count = len(self.results(value))
        if not count:
            return True
        more = self._flag(value)
        if more is not None:
            return not more
        limit = self._inputs["limit"].number(arguments, 0) if "limit" in self._inputs else 0
        total = self._one(self._total, value)
        if type(total) is int and state.before is not None:
            # The number of this page's items alone looks the same on a first page that is full.
            return state.before + count >= total and not (total == count == limit)
        return not self._inferred and count < limit

    def _cursor(
        self, state: State, arguments: Mapping[str, Any], cursor: Any, value: Any, response: Response
    ) -> NextCall | None:
        if cursor is None:
            return None
        if self._inferred and isinstance(cursor, str) and cursor.startswith(("https://", "http://")):
            return self._url(state, cursor, response)
        field = self._inputs["cursor"]
        given = field.given(arguments)
        seen = state.seen if given is None else state.seen | {_key(given)}
        cursor = field.fitting(cursor)
        if _key(cursor) in seen:
            if self._inferred and self._flag(value) is None and self._count(value) == 0:
                return None  # the end of the page before, of which nothing follows
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
        return Url(url, evolve(state, last=None, tentative=False, seen=seen | {url}))

    def _endless(self, what: str, response: Response, came: str = "was followed before") -> ReplyValidationError:
        return self._wrong(f"the {what} of the next page {came}, so that the pages would never end", response)

    def _wrong(self, what: str, response: Response, where: str = "", hint: str = "") -> ReplyValidationError:
        return ReplyValidationError(
            f"{self.operation.dotted}: the pages cannot be followed further",
            response=response,
            problems=(Problem(where, what, self._place, hint),),
            operation=self.operation.dotted,
        )


def _absolute(base: str, reference: str) -> str:
    """A reference as an absolute http or https URL, without its fragment and with what may not stand in a URL percent-encoded; ``""`` where it is none."""
    try:
        url = urldefrag(urljoin(base, reference)).url
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return quote(url, safe=_URL) if usable else ""


def _within(items: list[Any], before: list[Any]) -> bool:
    """Whether all items of a page were on the page before; of objects the ids count, since forms may differ."""
    if items == before:
        return True
    names = [name for name in items[0] if plain(name).endswith("id")] if items and is_object(items[0]) else []
    known = {_key([one.get(name) for name in names]) for one in before if is_object(one)} if names else set()
    return bool(known) and all(is_object(one) and _key([one.get(name) for name in names]) in known for one in items)


def _key(cursor: Any) -> str:
    return encode_json(cursor).decode()
