"""An operation -> the classes that type its call: every verb, synchronous and asynchronous, one overload for each way to call it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from dynaclient.openapi.bodies import kind_of
from dynaclient.openapi.encoding import is_binary
from dynaclient.openapi.infer_paging import paging_of
from dynaclient.openapi.media import default_media, essence
from dynaclient.openapi.model import Api, MediaType, Operation, Parameter
from dynaclient.openapi.read import with_media
from dynaclient.openapi.shape import annotation, types
from dynaclient.openapi.signature import CALL_OPTIONS, docstring, offered_options
from dynaclient.openapi.stubmaps import Rows, map_options, row_keys, rows_alone, rows_together
from dynaclient.openapi.stubpacked import EITHER, Choices, chosen
from dynaclient.openapi.stubreplies import Given, given, settled
from dynaclient.openapi.stubtext import MAP_OPTIONS, NUMBERS, OPTIONS, Argument, camel, literal, typed_dict
from dynaclient.openapi.stubtext import docstring as quoted
from dynaclient.openapi.stubtypes import Types, union

_STANDARD = tuple(
    name for name in CALL_OPTIONS if name not in ("body", "request_body", "content_type", "split", "extra")
)
_MODE = 'Literal["strict", "lenient", "warn", "off"]'
_OPTION_TYPES = {**CALL_OPTIONS, "validate": f"{_MODE} | Mapping[str, {_MODE}] | None"}
_FILE = "Path | BinaryIO | bytes | File"
_PIECES = ("binary", "text", "lines", "sequence", "xml")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to call an operation: its keywords, call options among them."""

    arguments: tuple[Argument, ...]

    def without(self, names: Collection[str]) -> tuple[Argument, ...]:
        """The keywords but some."""
        return tuple(one for one in self.arguments if one.name not in names)

    def only(self, names: Collection[str]) -> tuple[Argument, ...]:
        """Some of the keywords."""
        return tuple(one for one in self.arguments if one.name in names)


@dataclass(frozen=True, slots=True)
class Turn:
    """Keywords that decide what a call gives: they stand apart from the others, with an overload for each way.

    ``switch`` asks for a stream; ``deciding`` asks for packed numbers, beside the option ``arrays``.
    """

    switch: Parameter | None = None
    deciding: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keywords."""
        if self.switch is not None:
            return (self.switch.python_name,)
        return (self.deciding, "arrays") if self.deciding else ()


def option_types() -> str:
    """The TypedDict of the call options that every operation takes."""
    return typed_dict(OPTIONS, _options(_STANDARD), "Options of one call.")


def _options(names: Iterable[str]) -> list[Argument]:
    return [Argument(name, _OPTION_TYPES[name]) for name in names]


class CallWriter:
    """Writes the classes of operations.

    Parameters
    ----------
    api, made:
        The document, and its types.
    settings:
        Name and location of the parameters that a client may be given once for all calls: no call has to pass them.
    lean:
        Type only what is called, sent and streamed; of the verbs that give the same for every operation the arguments are left open.
    """

    def __init__(
        self, api: Api, made: Types, settings: Collection[tuple[str, str]] = (), *, lean: bool = False
    ) -> None:
        self._api = api
        self._lean = lean
        self._made = made
        self._settings = settings
        self.definitions: dict[str, str] = {}

    def write(self, operation: Operation) -> tuple[str, str]:
        """Write an operation.

        Returns
        -------
        tuple
            The names of the classes of its call and of its asynchronous call.
        """
        key = operation.key
        name = self._made.names.claim(camel(*key.group, key.name))
        waiting = self._made.names.claim(f"Async{name}")
        gives = given(self._made, operation, name)
        variants = self._variants(operation, name)
        turn = self._turn(operation, gives)
        if not turn.deciding:
            gives = settled(gives, EITHER)
        keys = [self._keys(variant, name, number, turn) for number, variant in enumerate(variants)]
        rows = self._rows(operation, gives, variants, name, turn)
        for own, waits in ((name, False), (waiting, True)):
            self.definitions[own] = _Class(
                operation,
                self._api,
                self._made.choices,
                gives,
                variants,
                keys,
                rows,
                turn,
                waits=waits,
                lean=self._lean,
            ).text(own)
        if turn.deciding:
            self._made.generic.update((name, waiting))
        return name, waiting

    def _rows(self, operation: Operation, gives: Given, variants: list[Variant], name: str, turn: Turn) -> Rows | None:
        """What ``map`` takes; None where it is not typed."""
        batch = operation.batch
        if self._lean or not operation.arguments:
            return None
        taken = {field.python_name for field in operation.arguments}
        if batch is None:
            return rows_alone(gives.value or "Any", taken)
        carrying = {_keyword(field) for field in operation.arguments if field.name == batch.input}
        found = []
        apart = turn.names if turn.deciding else ()
        for number, variant in enumerate(variants, 1):
            fields = variant.without({*carrying, *apart})
            standard = {option: _OPTION_TYPES[option] for option in _STANDARD}
            own, text = row_keys(self._made.names, f"{name}Rows{number if number > 1 else ''}", fields, standard)
            self.definitions.setdefault(MAP_OPTIONS, map_options())
            self.definitions[own] = text
            ways = self._made.choices.ways(variant.arguments, turn.deciding) if apart else [((), "")]
            for first, numbers in (ways[0], ways[-1]) if apart else ways:
                found.append(("".join(f"{_shown(one)}, " for one in first), own, chosen(gives.result, numbers)))
        return rows_together(self._made.of(batch.item, "request", f"{name}Row"), found, taken)

    def _keys(self, variant: Variant, name: str, number: int, turn: Turn) -> str:
        """The TypedDict of one way to call."""
        fields = variant.without(turn.names)
        offered = [one.name for one in fields if one.name in _STANDARD and one.type == _OPTION_TYPES[one.name]]
        rest = fields
        if set(offered) == set(_STANDARD):
            rest = tuple(one for one in fields if one.name not in _STANDARD)
            if not rest:
                return OPTIONS
        own = self._made.names.claim(f"{name}Arguments{number + 1 if number else ''}")
        if self._lean:
            self.definitions[own] = typed_dict(own, fields, flat=True)
        else:
            self.definitions[own] = typed_dict(own, rest, base=OPTIONS if rest is not fields else "")
        return own

    def _turn(self, operation: Operation, gives: Given) -> Turn:
        """The argument that asks for a stream, if the reply may be one or not; else the one that asks for packed numbers."""
        if gives.value and gives.item:
            document = self._api.document
            fields = (field for field in operation.arguments if field.name == "stream" and field.schema)
            return Turn(next((field for field in fields if "boolean" in types(document, field.schema or "")), None))
        if self._lean or NUMBERS not in gives.value or "arrays" not in offered_options(operation):
            return Turn()
        return Turn(deciding=self._made.choices.deciding(operation))

    # --- the ways to call

    def _variants(self, operation: Operation, name: str) -> list[Variant]:
        content = operation.body.content if operation.body else ()
        default = default_media(content)
        medias = sorted(content, key=lambda media: media is not default)
        found: dict[Variant, None] = {}
        for media in medias or (None,):
            called = with_media(self._api.document, operation, media) if media else operation
            for variant in self._of_media(called, media, name, first=media is default):
                found[variant] = None
        return list(found)

    def _of_media(self, operation: Operation, media: MediaType | None, name: str, *, first: bool) -> list[Variant]:
        kind = kind_of(self._api.document, media) if media else ""
        hint = name if first or media is None else camel(name, essence(media.name).rpartition("/")[2])
        fields = [self._argument(field, kind, hint) for field in operation.arguments]
        offered = offered_options(operation)
        rest = _options(option for option in offered if option in _STANDARD)
        if "content_type" in offered and media is not None:
            rest.insert(0, self._content_type(operation, media, kind, first=first))
        if "extra" in offered:
            rest.extend(_options(["extra"]))
        body = operation.body
        if body is None or media is None or body.keyword not in offered:
            return [_variant(fields, rest)]
        whole = Argument(body.keyword, self._whole(media, kind, f"{hint}Body"), required=body.required)
        if not body.properties:
            return [_variant([*fields, whole], rest)]
        if not any(field.required for field in body.properties):
            return [_variant([*fields, replace(whole, type=f"{whole.type} | None", required=False)], rest)]
        loose = [
            replace(one, required=one.required and field.location != "body")
            for one, field in zip(fields, operation.arguments, strict=True)
        ]
        return [_variant(fields, rest), _variant([replace(whole, required=True), *loose], rest)]

    def _argument(self, field: Parameter, kind: str, hint: str) -> Argument:
        name = _keyword(field)
        required = field.required and (field.name, field.location) not in self._settings
        if (
            kind == "multipart"
            and field.location == "body"
            and field.schema
            and is_binary(self._api.document, field.schema)
        ):
            several = "array" in types(self._api.document, field.schema)
            return Argument(name, f"{_FILE} | Sequence[{_FILE}]" if several else _FILE, required)
        return Argument(name, self._made.of(field.schema, "request", f"{hint}{camel(name)}Input"), required)

    def _content_type(self, operation: Operation, media: MediaType, kind: str, *, first: bool) -> Argument:
        """The argument that chooses this media type; not needed where the other arguments leave no doubt."""
        if "*" in media.name:
            return Argument("content_type", "str | None", required=not first)
        content = operation.body.content if operation.body else ()
        short = essence(media.name).rpartition("/")[2]
        alone = sum(essence(one.name).rpartition("/")[2] == short for one in content) == 1
        names = dict.fromkeys([media.name, *([short] if alone else [])])
        wanted = f"Literal[{', '.join(map(literal, names))}]"
        if first or kind in ("multipart", "binary"):
            return Argument("content_type", f"{wanted} | None")
        return Argument("content_type", wanted, required=True)

    def _whole(self, media: MediaType, kind: str, hint: str) -> str:
        """The type of a whole body. One that is an object may be any mapping: single properties are laid over it."""
        typed = self._made.of(media.schema, "request", f"{hint}Input")
        if kind in _PIECES:
            pieces = f"str | {_FILE} | PathLike[str] | Iterable[bytes]"
            return (
                f"{pieces} | Iterable[Any]"
                if kind in ("lines", "sequence")
                else f"{pieces} | Mapping[str, Any]"
                if kind == "xml"
                else pieces
            )
        if typed == "Any" or "Record" not in typed.split(" | "):
            return typed
        parts = [part for part in typed.split(" | ") if part != "Record"]
        return union(dict.fromkeys([*parts, "Mapping[str, Any]"]))


def _keyword(field: Parameter) -> str:
    return "self_" if field.python_name == "self" else field.python_name


def _variant(fields: Iterable[Argument], rest: Iterable[Argument]) -> Variant:
    return Variant((*sorted(fields, key=lambda one: not one.required), *rest))


@dataclass(frozen=True, slots=True)
class _Class:
    """The class of one call, synchronous or not."""

    operation: Operation
    api: Api
    choices: Choices
    gives: Given
    variants: list[Variant]
    keys: list[str]
    rows: Rows | None
    turn: Turn
    waits: bool
    lean: bool

    def text(self, name: str) -> str:
        base = f"{'Async' if self.waits else ''}{'' if self.gives.item else 'Whole'}Call"
        lines = [f"class {name}({base}{f', Generic[{NUMBERS}]' if self.turn.deciding else ''}):"]
        lines += quoted(f"{self.operation.method} {self.operation.path}")
        lines += self._called()
        value, awaited = chosen(self._value(), EITHER), "async " if self.waits else ""
        lines += self._sent(awaited)
        iterator = "AsyncIterate" if self.waits else "Iterator"
        if self.gives.item:
            lines += self._verb("stream", self._stream(), switch=False)
        if paging_of(self.api.document, self.operation) or self.gives.listed != "Any":
            lines += self._verb("pages", f"{iterator}[{value}]")
            lines += self._verb("items", f"{iterator}[{chosen(self.gives.listed, EITHER)}]")
        return "\n".join(lines if self.lean else [*lines, *self._others(awaited)])

    def _others(self, awaited: str) -> list[str]:
        """The verbs that give the same for every operation."""
        lines = _overloaded(self.rows.verb(waits=self.waits)) if self.rows else []
        lines += [*self._verb("request", "Request"), *self._verb("curl", "str")]
        taken = {one.name for variant in self.variants for one in variant.arguments}
        progress = "" if "progress" in taken else ", *, progress: Progress | None = ..."
        return lines + self._verb("save", "Saved", f"path: str | PathLike[str], /{progress}", awaited)

    def _stream(self) -> str:
        return f"{'AsyncIterate' if self.waits else 'StreamOf'}[{self.gives.item}]"

    def _value(self, *, whole: bool = True, streamed: bool = True) -> str:
        """The type of the value, of a reply that is read whole, or comes as a stream, or either."""
        parts = [self.gives.value] if whole else []
        parts += [self._stream()] if streamed and self.gives.item else []
        return " | ".join(filter(None, parts))

    def _ways(self, variant: Variant) -> list[tuple[tuple[Argument, ...], str]]:
        """The keywords that decide what a call gives, and the type of its value, for each way to use them."""
        switch = self.turn.switch
        if self.turn.deciding:
            ways = self.choices.ways(variant.arguments, self.turn.deciding)
            return [(arguments, chosen(self._value(), numbers)) for arguments, numbers in ways]
        if switch is None:
            return [((), self._value())]
        name, schema = switch.python_name, switch.schema or ""
        asked = annotation(self.api.document, schema, "default") is True
        left_out = not switch.required
        return [
            ((Argument(name, "Literal[True] | None" if asked and left_out else "Literal[True]", not (asked and left_out)),), self._value(whole=False)),
            ((Argument(name, "Literal[False] | None" if not asked and left_out else "Literal[False]", asked or not left_out),), self._value(streamed=False)),
            ((Argument(name, "bool", required=True),), self._value()),
        ]  # fmt: skip

    def _split(self) -> list[Argument]:
        """The option of the verbs that send one call as several."""
        return _options({"split"} & set(offered_options(self.operation)))

    def _called(self) -> list[str]:
        blocks = []
        for number, variant in enumerate(self.variants):
            for place, (deciding, value) in enumerate(self._ways(variant)):
                rest = variant.without([one.name for one in deciding])
                arguments = sorted([*rest, *deciding, *self._split()], key=lambda one: not one.required)
                text = docstring(self.operation, self.api.document) if not (number or place or self.waits) else ""
                blocks.append(_signature("async def" if self.waits else "def", arguments, value, text or self._short()))
        return _overloaded(blocks)

    def _short(self) -> str:
        return self.operation.summary or self.operation.description.partition("\n")[0]

    def _sent(self, awaited: str) -> list[str]:
        blocks = []
        for keys, variant in zip(self.keys, self.variants, strict=True):
            for deciding, value in self._ways(variant):
                own = [_shown(one) for one in (*deciding, *self._split())]
                first = f", *, {', '.join(own)}" if own else ""
                blocks.append(
                    [f"    {awaited}def send(self{first}, **arguments: Unpack[{keys}]) -> ResultOf[{value}]: ..."]
                )
        return _overloaded(blocks)

    def _verb(self, verb: str, gives: str, first: str = "", awaited: str = "", *, switch: bool = True) -> list[str]:
        apart: tuple[Argument, ...] = ()
        if self.turn.switch is not None:
            kind = "bool | None" if switch else "Literal[True] | None"
            apart = (Argument(self.turn.switch.python_name, kind),)
        elif self.turn.deciding:
            apart = self.variants[0].only(self.turn.names)
        if apart:
            shown = ", ".join(_shown(one) for one in apart)
            first += f"{', ' if first else ''}{'' if '*' in first else '*, '}{shown}"
        given_first = f", {first}" if first else ""
        return _overloaded(
            [f"    {awaited}def {verb}(self{given_first}, **arguments: Unpack[{keys}]) -> {gives}: ..."]
            for keys in self.keys
        )


def _shown(argument: Argument) -> str:
    return f"{argument.name}: {argument.type}{'' if argument.required else ' = ...'}"


def _signature(defined: str, arguments: Iterable[Argument], value: str, text: str) -> list[str]:
    shown = [f"        {_shown(one)}," for one in arguments]
    head = [f"    {defined} __call__(", "        self,", "        *,", *shown, f"    ) -> {value}:"]
    if not shown:
        head = [f"    {defined} __call__(self) -> {value}:"]
    doc = quoted(text, "        ")
    return [*head, *doc] if doc else [*head[:-1], f"{head[-1]} ..."]


def _overloaded(blocks: Iterable[list[str]]) -> list[str]:
    found = list(blocks)
    if len(found) == 1:
        return found[0]
    return [line for block in found for line in ["    @overload", *block]]
