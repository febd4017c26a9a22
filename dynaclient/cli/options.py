"""An operation of the document -> the options of its command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.settings import error_hint
from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.cli.nested import Path as Steps
    from dynaclient.openapi.model import MediaType, Operation, Parameter

ARGUMENTS, BODY = "Arguments", "Body"
_LONGEST_HELP = 240
_BRIEF = 30
_WIDEST = 100
_MARGIN = 44  # the option's own column, the space around it, and the mark of what was cut
_MOST_PARTS = 6
_MANY = 24
"""Beyond so many arguments the help page shows one line of each that is not required."""
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^>]{0,80}>")
_SPELLABLE = re.compile(r"[^\s=/\-][^\s=/]*")  # click reads --a/b as two options


class Typed(click.ParamType[str]):
    """The text of a parameter, converted later, when all is known; completes the choices and the names of files after ``@``."""

    name = "value"

    def __init__(self, choices: Iterable[str] = ()) -> None:
        self.choices = tuple(choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return value

    def split_envvar_value(self, rv: str) -> list[str]:
        """The whole variable as one text, white space and all."""
        return [rv]

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The choices that begin with what is typed, or the files."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("@"):
            return [CompletionItem(name) for name in _files(incomplete[1:])]
        return [CompletionItem(choice) for choice in self.choices if choice.startswith(incomplete)]


def _files(begun: str) -> Iterator[str]:
    folder, _, start = begun.rpartition("/")
    base = Path(folder + "/" if begun.startswith("/") and not folder else folder or ".")
    for path in sorted(base.glob("*")) if base.is_dir() else ():
        if path.name.startswith(start) and (start or not path.name.startswith(".")):
            yield "@" + (f"{folder}/" if "/" in begun else "") + path.name + ("/" if path.is_dir() else "")


class ArgumentOption(click.Option):
    """An option for one argument of an operation, or, where ``path`` is not empty, for a part of one, whose ``schema`` that is.

    ``field`` is the argument, ``section`` its heading on the help page; ``brief``: the page shows one line of it.
    """

    path: Steps = ()
    schema: str | None = None
    brief = False

    def __init__(self, declarations: list[str], field: Parameter, section: str, **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.field = field
        self.section = section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option by its first spelling only; the others work, but would crowd the page."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        return f"{self.opts[0]} {self.metavar}", shortened(record[1], _room()) if self.brief else record[1]

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """What a message names: the variable, where the value came from there."""
        return error_hint(self, ctx) or super().get_error_hint(ctx)


def _room() -> int:
    """How many letters of a description fit on the line of its option, on a help page as click writes it."""
    from shutil import get_terminal_size

    return max(min(get_terminal_size().columns, _WIDEST) - _MARGIN, _BRIEF)


class BodyOption(click.Option):
    """``--body``, or ``--request-body`` if the API has an argument of that name: the whole body.

    ``keyword`` is the keyword of the call that takes it.
    """

    section = BODY

    def __init__(self, declarations: list[str], keyword: str, **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.keyword = keyword


class Made(Struct, frozen=True):
    """The options of an operation, and the Python name of the argument -> the option that people type."""

    options: tuple[click.Option, ...]
    spelled: Mapping[str, str]


def make_options(operation: Operation, document: Mapping[str, Any], media: MediaType | None = None) -> Made:
    """The options of an operation: its parameters, then the properties of its body, the required ones first; then ``--body``.

    Parameters
    ----------
    operation, document:
        The operation, as it is called with the media type, and its document.
    media:
        The media type of the body; None: it has none.
    """
    taken: set[str] = set()
    made: list[click.Option] = []
    spelled: dict[str, str] = {}
    fields = sorted(operation.arguments, key=lambda field: (field.location == "body", not field.required))
    main = _main_spellings(fields)
    taken.update(main.values())
    for field in fields:
        first = main[field.python_name]
        spellings = [first, *_others(field, taken)]
        taken.update(spellings)
        spelled[field.python_name] = first
        option = option_of(field, spellings, document)
        option.name = _free(option.name, made)
        option.brief = len(fields) > _MANY and not field.required
        made.append(option)
    if operation.body is not None:
        keyword = operation.body.keyword
        spelling = next(one for one in ("--body", "--request-body", "--whole-request-body") if one not in taken)
        made.append(_body_option(operation, document, media, spelling))
        made[-1].name = _free(keyword, made[:-1])
        spelled[keyword] = spelling
    return Made(tuple(made), spelled)


def _free(name: str, made: Iterable[click.Option]) -> str:
    """The name of an option within click: one that two options share would give both the value of either."""
    taken = {option.name for option in made}
    while name in taken:
        name += "_"
    return name


def _main_spellings(fields: Iterable[Parameter]) -> dict[str, str]:
    """Python name -> option: ``encoding_format`` is ``--encoding-format``, ``from_`` is ``--from``."""
    found: dict[str, str] = {}
    for field in fields:
        wanted = option_name(field.python_name)
        if wanted in found.values():
            wanted = "--" + field.python_name
        found[field.python_name] = wanted
    return found


def option_name(python_name: str) -> str:
    """``encoding_format`` is ``--encoding-format``, ``from_`` is ``--from``."""
    return "--" + (python_name.strip("_").replace("_", "-") or python_name)


def _others(field: Parameter, taken: set[str]) -> list[str]:
    """Further spellings: the Python name and the name on the wire, where they are free and can be typed."""
    names = (field.python_name, field.python_name.rstrip("_"), field.name)
    spellings = dict.fromkeys(f"--{name}" for name in names if _SPELLABLE.fullmatch(name))
    return [spelling for spelling in spellings if spelling not in taken]


def option_of(field: Parameter, spellings: list[str], document: Mapping[str, Any]) -> ArgumentOption:
    """The option of an argument."""
    from dynaclient.cli.convert import metavar
    from dynaclient.openapi.encoding import is_binary
    from dynaclient.openapi.shape import choices, types

    values = choices(document, field.schema) if field.schema is not None else ()
    kinds = set(types(document, field.schema)) if field.schema is not None else set()
    attributes: dict[str, Any] = {"multiple": True}
    if kinds and kinds <= {"boolean", "null"}:
        # `--stream` alone says true; `--stream false` is understood too.
        attributes = {"is_flag": False, "flag_value": "true"}
    shown = metavar(document, field.schema)
    if field.location == "body" and is_binary(document, field.schema):
        shown = "@FILE..." if "array" in kinds else "@FILE"
    return ArgumentOption(
        [field.python_name.rstrip("_") or field.python_name, *spellings],
        field,
        BODY if field.location == "body" else ARGUMENTS,
        type=Typed(
            [text for text in map(_as_text, values) if text] or (["true", "false"] if "boolean" in kinds else [])
        ),
        metavar=shown,
        help=help_of(field, document),
        **attributes,
    )


def _as_text(value: Any) -> str:
    from dynaclient.openapi.media import encode_json

    return value if isinstance(value, str) else encode_json(value).decode()


def help_of(field: Parameter, document: Mapping[str, Any]) -> str:
    """What the help page says of an argument: its description, whether it is required, its bounds and default."""
    from dynaclient.openapi.shape import annotation

    parts = [shortened(field.description or _said(document, field.schema, "description"))]
    default = annotation(document, field.schema, "default") if field.schema is not None else None
    limits = limits_of(document, field.schema)
    marks = [
        "required" if field.required else "",
        "deprecated" if field.deprecated else "",
        limits,
        f"service's default: {_as_text(default)[:40]}" if default is not None else "",
    ]
    inner = _parts(field, document)
    marks.append(f"parts: {inner}" if inner else "")
    shown = "; ".join(mark for mark in marks if mark)
    return "  ".join(filter(None, [*parts, f"[{shown}]" if shown else ""]))


def _parts(field: Parameter, document: Mapping[str, Any]) -> str:
    """The dotted options right below an argument, shortly: ``.role .content``."""
    from dynaclient.cli.nested import parts_of

    found = [name.replace(".N.", ".0.") for name, _ in parts_of(document, field, "", 1)]
    return " ".join(found[:_MOST_PARTS]) + (" ..." if len(found) > _MOST_PARTS else "")


def _said(document: Mapping[str, Any], schema: str | None, key: str) -> str:
    from dynaclient.openapi.shape import annotation

    return str(annotation(document, schema, key) or "") if schema is not None else ""


_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def limits_of(document: Mapping[str, Any], schema: str | None) -> str:
    """The bounds of a number: ``>=1, <=100``."""
    from dynaclient.openapi.shape import annotation

    if schema is None:
        return ""
    found = {key: annotation(document, schema, key) for key in _LIMITS}
    return ", ".join(
        f"{_LIMITS[key]}{value}"
        for key, value in found.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    )


def shortened(text: str, longest: int = _LONGEST_HELP) -> str:
    """A description on one line: without links and HTML, its first paragraph, cut at the end of a sentence or word."""
    first = text.strip().split("\n\n", 1)[0]
    line = " ".join(_TAG.sub("", _LINK.sub(r"\1", first)).split())
    if len(line) <= longest:
        return line
    cut = line[:longest]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    if end > longest // 3:
        return cut[: end + 1]
    return cut.rsplit(" ", 1)[0].rstrip(",;:") + " ..."


_BODIES = {
    "binary": ("@FILE|-|TEXT", "@FILE, sent as it is"),
    "text": ("TEXT|@FILE|-", "text, @FILE"),
    "lines": ("JSON|@FILE|-", "a JSON array, @FILE with a line for each item"),
    "sequence": ("JSON|@FILE|-", "a JSON array, @FILE"),
}


def _body_option(
    operation: Operation, document: Mapping[str, Any], media: MediaType | None, spelling: str
) -> BodyOption:
    from dynaclient.openapi.bodies import kind_of

    assert operation.body is not None
    kind = kind_of(document, media) if media is not None else "binary"
    metavar, how = _BODIES.get(kind, ("JSON|@FILE|-", "JSON, @FILE (also YAML)"))
    if media is not None and kind != "json":
        how = f"{media.name}: {how}"
    said = shortened(operation.body.description)
    parts = [said if not said or said[-1] in ".!?:" else f"{said}."]
    laid = "; the options above are laid over it." if operation.body.properties else "."
    parts.append(f"The whole body: {how} or `-` for standard input{laid}")
    if operation.body.required and not operation.body.properties:
        parts.append(" [required]")
    keyword = operation.body.keyword
    return BodyOption([keyword, spelling], keyword, metavar=metavar, type=Typed(), help=" ".join(filter(None, parts)))
