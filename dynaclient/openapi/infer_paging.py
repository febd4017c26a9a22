"""How a list comes in pages where its document does not say so: inferred from its parameters and its reply.

Both sides must be there: a parameter that asks for a page, and a property of the reply that leads to the next one (or a
reply that is a list, where pages are counted). What the document declares always goes before (see ``paginated``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from dynaclient.frozen import Struct, evolve
from dynaclient.openapi import pagewords as words
from dynaclient.openapi.jsonpath import path_of
from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import Operation, Paging, PagingInput, Parameter
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import annotation, subschemas, types

_METHODS = ("GET", "POST", "QUERY")
_SEARCHES = ("search", "query", "list", "find", "filter", "scroll")
_DEEPEST = 3


class Field(Struct, frozen=True):
    """A property of the reply: its ``path``, its ``word`` (``pagewords.word_of``), its types, its schemas' places."""

    path: tuple[str, ...]
    word: str
    kinds: tuple[str, ...]
    places: tuple[str, ...]


def paging_of(document: Mapping[str, Any], operation: Operation) -> Paging | None:
    """How the pages of an operation hang together: as declared, else as inferred; None where neither is.

    Parameters
    ----------
    document:
        The document.
    operation:
        One of its operations.

    Returns
    -------
    Paging or None
        Of type ``none`` where the document says that the operation has no pages.
    """
    return operation.paging if operation.paging is not None else inferred_paging(document, operation)


def told(paging: Paging) -> str:
    """How pages hang together, in a few words: ``cursor by starting_after``."""
    inputs = " and ".join(item.name for item in paging.inputs if item.type != "limit")
    names = {
        "offsetLimit": "counted",
        "url": "the URL of the next page",
        "link": "the header field Link",
        "none": "no pages",
    }
    return f"{names.get(paging.type, paging.type)}{f' by {inputs}' if inputs else ''}"


def inferred_paging(document: Mapping[str, Any], operation: Operation) -> Paging | None:
    """What the parameters and the reply of an operation say of its pages, whatever is declared."""
    schema = reply_schema(operation)
    if operation.method not in _METHODS or schema is None:
        return None
    if operation.method != "GET" and not any(words.plain(field.name) in words.ASKING for field in operation.arguments):
        return None
    evidence = Evidence(document, operation, schema)
    if not evidence.lists:
        return None
    for rule in (_by_token, _by_url, _by_last_item, _by_link, _by_count):
        found = rule(evidence)
        if found is not None:
            results = path_of(evidence.results) if evidence.results is not None else ""
            return evolve(found, results=results, inferred=True, pointer=operation.pointer)
    return None


def list_path(document: Mapping[str, Any], operation: Operation) -> str:
    """The path of the list in a reply without pages; ``""`` where there is none, or several that are alike."""
    schema = reply_schema(operation)
    results = Evidence(document, operation, schema).results if schema is not None else None
    return path_of(results) if results is not None else ""


def reply_schema(operation: Operation) -> str | None:
    """The place of the schema of a good reply in JSON, None where there is none."""
    for first in ("2", "d"):
        for reply in operation.replies:
            for media in reply.content if reply.status.startswith(first) else ():
                if media.schema is not None and is_json(media.name):
                    return media.schema
    return None


class Evidence:
    """What an operation takes and gives, as far as it tells of pages."""

    def __init__(self, document: Mapping[str, Any], operation: Operation, schema: str) -> None:
        self.document = document
        self.operation = operation
        self.schema = schema
        self.takes: dict[str, Parameter] = {}
        for field in operation.arguments:
            if field.location in ("query", "body"):
                self.takes.setdefault(words.plain(field.name), field)

    @cached_property
    def root(self) -> list[Field]:
        """The properties of the reply."""
        return list(_fields(self.document, (self.schema,), ()))

    @cached_property
    def lists(self) -> list[tuple[str, ...]]:
        """The paths of all lists of the page; ``()`` where the reply itself is a list."""
        if not self.root and "array" in types(self.document, self.schema):
            return [()]
        here = [field.path for field in self.root if _is_list(field)]
        if here:
            return here
        within = {field.path: [one.path for one in self._inside(field) if _is_list(one)] for field in self.root}
        found = [paths for path, paths in within.items() if paths and words.plain(path[-1]) not in words.HOLDERS]
        return found[0] if len(found) == 1 else []

    @cached_property
    def results(self) -> tuple[str, ...] | None:
        """The path of the items; None where it cannot be told from other lists."""
        if len(self.lists) == 1:
            return self.lists[0]
        named = {words.plain(path[-1]): path for path in reversed(self.lists)}
        return next((named[name] for name in words.LISTS if name in named), None)

    @cached_property
    def fields(self) -> list[Field]:
        """The properties that may tell of pages: of the reply, beside the items, and within holders."""
        found = {field.path: field for field in self.root}
        owners = {path[:-1] for path in self.lists if len(path) > 1}
        waiting = [field for field in self.root if field.path in owners or words.plain(field.path[-1]) in words.HOLDERS]
        while waiting:
            field = waiting.pop(0)
            for one in self._inside(field):
                found[one.path] = one
                if words.plain(one.path[-1]) in words.HOLDERS and len(one.path) < _DEEPEST:
                    waiting.append(one)
        return list(found.values())

    def has(self, names: frozenset[str], kind: str) -> Field | None:
        """The first property of such a name and type; one that may be anything counts."""
        return next((one for one in self.fields if one.word in names and (kind in one.kinds or not one.kinds)), None)

    def _inside(self, field: Field) -> list[Field]:
        return list(_fields(self.document, field.places, field.path))

    def input(self, name: str, kind: str) -> PagingInput:
        """A parameter as an input of the pagination."""
        field = self.takes[name]
        return PagingInput(field.name, "requestBody" if field.location == "body" else "parameters", kind)

    def counted(self, names: frozenset[str]) -> str:
        """The first parameter of such a name that takes a number, ``""`` where there is none."""
        for name, field in self.takes.items():
            kinds = types(self.document, field.schema) if field.schema else ()
            if name in names and (not kinds or {"integer", "number"} & set(kinds)):
                return name
        return ""

    def limit(self) -> tuple[PagingInput, ...]:
        """The parameter that says how many items a page has."""
        name = self.counted(words.LIMITS)
        return (self.input(name, "limit"),) if name else ()

    def more(self) -> str:
        """The path of the flag that says whether there is another page."""
        found = self.has(words.MORE, "boolean")
        return path_of(found.path) if found else ""


def _fields(document: Mapping[str, Any], places: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Field]:
    """The properties of an object; each with all schemas that speak of it."""
    found: dict[str, dict[str, None]] = {}
    for place in places:
        for node, here in subschemas(document, place):
            declared = node.get("properties")
            for name in declared if isinstance(declared, Mapping) else ():
                found.setdefault(name, {})[join(here, "properties", name)] = None
    for name, where in found.items():
        kinds = dict.fromkeys(kind for place in where for kind in types(document, place))
        yield Field((*path, name), words.word_of((*path, name)), tuple(kinds), tuple(where))


def places_at(
    document: Mapping[str, Any], places: tuple[str, ...], path: tuple[str, ...], *, items: bool = False
) -> tuple[str, ...]:
    """The places of the schemas at a path of names below other schemas; with ``items`` those of its items."""
    for name in path:
        places = next((one.places for one in _fields(document, places, ()) if one.path == (name,)), ())
    if not items:
        return places
    nodes = (entry for place in places for entry in subschemas(document, place))
    return tuple(dict.fromkeys(join(here, "items") for node, here in nodes if isinstance(node.get("items"), Mapping)))


def _is_list(field: Field) -> bool:
    return set(field.kinds) - {"null"} == {"array"}


# --- the rules, the surest first


def _by_token(evidence: Evidence) -> Paging | None:
    """A token in the reply that a parameter takes."""
    for name, parameter in sorted(evidence.takes.items(), key=lambda item: item[0] in words.AFTER):
        for field in evidence.fields:
            if _pair(name, field.word) and _fits(evidence, parameter, field):
                return Paging(
                    type="cursor",
                    inputs=(evidence.input(name, "cursor"), *evidence.limit()),
                    next_cursor=path_of(field.path),
                    has_more=evidence.more(),
                    why=f"the parameter {parameter.name} takes what the reply's {'.'.join(field.path)} holds",
                )
    return None


def _pair(parameter: str, word: str) -> bool:
    """Whether a parameter takes what a property of the reply holds, by their names."""
    if parameter in words.TOKEN_PARAMETERS and word in words.NEXT_TOKENS | words.LAST_TOKENS:
        return True
    if parameter == word:
        return word in words.SAME_TOKENS or word == "offset"
    return word in (f"next{parameter}", f"nextpage{parameter}") or (parameter == "page" and word == "nextpage")


def _fits(evidence: Evidence, parameter: Parameter, field: Field) -> bool:
    """Whether both may be the same value: their types meet, and the property is neither a flag, a list nor a URL."""
    taken = set(types(evidence.document, parameter.schema) if parameter.schema else ())
    given = set(field.kinds) - {"null"}
    if (
        given & {"boolean", "array"}
        or _format(evidence, field.places).startswith("ur")
        or _is_date(evidence, parameter)
    ):
        return False
    if parameter.name == field.path[-1] == "offset":  # a number would only be the one that was sent
        return taken - {"null"} == given == {"string"}
    if field.word in words.NEXT_TOKENS and not {"object"} & (taken | given):
        return True  # a number as a text and a text as a number are what people write for tokens
    numbers = {"integer", "number"}
    return not taken or not given or bool(taken & given) or bool(numbers & taken and numbers & given)


def _by_url(evidence: Evidence) -> Paging | None:
    """A URL in the reply."""
    if evidence.operation.method != "GET":
        return None
    for field in evidence.fields:
        if set(field.kinds) - {"null"} <= {"string"} and _leads(evidence, field):
            where = ".".join(field.path)
            return Paging(
                type="url", next_url=path_of(field.path), why=f"the reply's {where} is the URL of the next page"
            )
    return None


def _leads(evidence: Evidence, field: Field) -> bool:
    """Whether a property is the URL of the next page: by its name, or as ``next`` by format, holder or neighbours."""
    if field.word in words.NEXT_URLS:
        return True
    if field.word not in ("next", "nextpage"):
        return False
    holder = words.plain(field.path[-2]) if len(field.path) > 1 else ""
    if holder == "links" or _format(evidence, field.places).startswith("ur"):
        return True
    beside = {one.word for one in evidence.fields if one.path[:-1] == field.path[:-1]}
    asked = set(evidence.takes) & (words.PAGES | words.OFFSETS | words.LIMITS | words.TOKEN_PARAMETERS)
    return field.word == "next" and bool(beside & {"previous", "prev"} or asked)


def _format(evidence: Evidence, places: tuple[str, ...]) -> str:
    found = (annotation(evidence.document, place, "format") for place in places)
    return next((text for text in found if isinstance(text, str)), "")


def _is_date(evidence: Evidence, parameter: Parameter) -> bool:
    """Whether a parameter takes a time: ``after`` is then a filter."""
    return parameter.schema is not None and _format(evidence, (parameter.schema,)).startswith("date")


def _by_last_item(evidence: Evidence) -> Paging | None:
    """The id of the last item, and a flag that says whether there is more."""
    more, results = evidence.more(), evidence.results
    name = next((name for name in evidence.takes if name in words.AFTER), "")
    if not more or not name or results is None or _is_date(evidence, evidence.takes[name]):
        return None
    parameter = evidence.takes[name]
    last = evidence.has(frozenset({"lastid"}), "string")
    if last is not None:
        path, where = path_of(last.path), f"the reply's {'.'.join(last.path)}"
    elif _has_id(evidence):
        path, where = f"{path_of(results)}[-1].id", "the id of the last item"
    else:
        return None
    return Paging(
        type="cursor",
        inputs=(evidence.input(name, "cursor"), *evidence.limit()),
        next_cursor=path,
        has_more=more,
        why=f"the parameter {parameter.name} takes {where}, while {more} is true",
    )


def _has_id(evidence: Evidence) -> bool:
    """Whether the items have an ``id``."""
    places = places_at(evidence.document, (evidence.schema,), evidence.results or (), items=True)
    return any(one.path == ("id",) for one in _fields(evidence.document, places, ()))


def _by_count(evidence: Evidence) -> Paging | None:
    """A page or an offset that is counted up."""
    if evidence.results is None:
        return None
    page, offset = evidence.counted(words.PAGES), evidence.counted(words.OFFSETS)
    name = page or offset
    if not name:
        return None
    total = evidence.has(words.TOTALS | {"total"}, "integer") or evidence.has(words.TOTALS | {"total"}, "number")
    pages = evidence.has(words.PAGE_COUNTS, "integer") if page else None
    current = evidence.has(words.CURRENT, "integer") if page else None
    more, limit = evidence.more(), evidence.limit()
    if evidence.operation.method != "GET" and not (
        limit and (total or pages or more or _is_search(evidence.operation))
    ):
        return None
    said = [".".join(one.path) for one in (total, pages) if one] + ([more.removeprefix("$.")] if more else [])
    return Paging(
        type="offsetLimit",
        inputs=(evidence.input(name, "page" if page else "offset"), *limit),
        num_pages=path_of(pages.path) if pages else "",
        has_more=more,
        total=path_of(total.path) if total else "",
        page=path_of(current.path) if current else "",
        why=f"the parameter {evidence.takes[name].name} counts {'pages' if page else 'items'}; "
        + (f"the end is told by {' and '.join(said)}" if said else "the end is a page without items"),
    )


def _is_search(operation: Operation) -> bool:
    text = f"{operation.path.rpartition('/')[2]} {operation.id}".lower()
    return any(word in text for word in _SEARCHES)


def _by_link(evidence: Evidence) -> Paging | None:
    """A ``Link`` field that the reply declares (RFC 8288)."""
    for reply in evidence.operation.replies:
        if reply.status.startswith("2") and any(name.lower() == "link" for name in reply.headers):
            return Paging(type="link", why="the reply declares the header field Link")
    return None
