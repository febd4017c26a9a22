"""The command of one operation: its options, its help page, its completion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from dynaclient.cli.documents import Opened
from dynaclient.cli.options import ArgumentOption, BodyOption, Made, make_options, option_of
from dynaclient.cli.sections import Sectioned, once, write_sections
from dynaclient.cli.settings import PREFIX, SharedOption, settings_of, shared_options, variable_of
from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.cli.nested import Place
    from dynaclient.openapi.model import MediaType, Operation, Parameter, Server

EPILOG = """\
Values: @FILE reads a file, - standard input, @@x is the text @x; a value that begins with [ or { is JSON where the operation takes an array or an object; a repeated
option makes a list; --NAME.PART VALUE is a part of an object, --NAME.0.PART one of a list's items. See `dynaclient help values`.

Exit codes: 2 wrong usage, 3 document, 4 credentials, 5 connection, 6 time-out, 7 unexpected reply, 8 refused (4XX), 9 rate limit, 10 server error (5XX). See
`dynaclient help exit-codes`.
"""
_OPTION = re.compile(r"--[^\s=]|-[A-Za-z]")


class Given(Struct, frozen=True):
    """What a line and the environment say of the arguments.

    ``arguments`` maps the Python name of an argument, or the keyword of the whole body, to the texts that were given for it; ``parts`` holds the dotted options and their texts;
    ``spelled`` maps the Python name to what gave the value, for messages: the option, or the variable.
    """

    arguments: Mapping[str, tuple[str, ...]]
    parts: tuple[tuple[ArgumentOption, tuple[str, ...]], ...]
    spelled: Mapping[str, str]


class OperationCommand(Sectioned):
    """The command of one operation, as it is called with a media type of its body (None: the default one)."""

    def __init__(self, document: Opened, name: str, content_type: str | None = None) -> None:
        operation = document.operation(name)
        self.media = _media(operation, content_type)
        if self.media is not None and content_type is not None:
            from dynaclient.openapi.read import with_media

            operation = with_media(document.api.document, operation, self.media)
        self.document, self.operation = document, operation
        self.made: Made = make_options(operation, document.api.document, self.media)
        taken = [spelling for option in self.made.options for spelling in option.opts]
        more = [] if "--help-all" in taken else [_help_all()]
        variable = "_".join((PREFIX, "CALL", *operation.key.group, operation.key.name)).upper()
        super().__init__(
            name,
            params=[*self.made.options, *more, *self._shared(taken)],
            help=_help(operation),
            short_help=operation.summary,
            epilog=f"{EPILOG}\nEvery option can be set in the environment: {variable}_ and its name; call options also as {PREFIX}_ and their name.",
            deprecated=operation.deprecated,
            context_settings={
                "auto_envvar_prefix": variable,
                "help_option_names": ["--help", "-h"],
                "max_content_width": 100,
                "allow_extra_args": True,
                "ignore_unknown_options": True,  # they are told all at once, with what may have been meant
            },
        )

    def _shared(self, taken: Sequence[str]) -> list[click.Parameter]:
        """The call options; those that this operation has no use for do not crowd its page."""
        from dynaclient.openapi.signature import offered_options

        options = shared_options(taken=taken)
        operation, idle = self.operation, set()
        if operation.body is None or len(operation.body.content) < 2:
            idle.add("content_type")
        if operation.batch is None:
            idle.add("split")
        if "extra" not in offered_options(operation):
            idle.add("extra")
        if not self._may_have_pages():
            idle |= {"all", "pages", "max_items"}
        if not any(server.variables for server in operation.servers):
            idle.add("server_variable")
        if "x-speakeasy-globals" not in self.document.api.document:
            idle.add("settings")
        if not streams(operation):
            idle.add("stream")
        for option in options:
            if isinstance(option, SharedOption):
                option.hidden = option.setting in idle
        return options

    def _may_have_pages(self) -> bool:
        """Whether the reply may lead to another page: as is declared or inferred, or for GET by ``Link``."""
        operation = self.operation
        if operation.paging is not None:
            return operation.paging.type != "none"
        if operation.method == "GET":
            return True
        from dynaclient.openapi.infer_paging import inferred_paging

        return inferred_paging(self.document.api.document, operation) is not None

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers of the operation."""
        return self.operation.servers

    def owns(self, spelling: str) -> bool:
        """Whether an option of this spelling is the API's own."""
        return any(spelling in option.opts for option in self.made.options)

    # --- reading the line

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; of those that are unknown all are told, each with what may have been meant."""
        before = list(args)
        unknown = self._add_parts(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing and ctx.args:
            self._refuse(ctx, before, unknown)
        return rest

    def _fields(self) -> dict[str, Parameter]:
        """Every spelling of the options -> the arguments."""
        options = [option for option in self.made.options if isinstance(option, ArgumentOption)]
        return {spelling: option.field for option in options for spelling in option.opts}

    def _add_parts(self, args: list[str]) -> dict[str, str]:
        """Make an option of each dotted word of the line that names a part of an argument, before the line is read. One that turns out to be a value does no harm."""
        from dynaclient.cli.nested import NoPlaceError, place_of

        unknown: dict[str, str] = {}
        known = {spelling for option in self.params for spelling in option.opts}
        fields = self._fields()
        for word in args:
            spelling = word.partition("=")[0]
            if spelling in known or not spelling.startswith("--") or not ("." in spelling or "[" in spelling):
                continue
            try:
                place = place_of(self.document.api.document, fields, spelling)
            except NoPlaceError as error:
                unknown[spelling] = str(error)
                continue
            if place is not None:
                known.add(spelling)
                self.params.append(self._part(place, spelling, len(known)))
        return unknown

    def _part(self, place: Place, spelling: str, number: int) -> ArgumentOption:
        option = option_of(place.part, [spelling], self.document.api.document)
        option.name, option.path, option.schema = f"part_{number}", place.path, place.schema
        option.allow_from_autoenv = False
        option.hidden = True
        return option

    def _refuse(self, ctx: click.Context, args: list[str], unknown: Mapping[str, str]) -> None:
        """What is left over of a line: unknown options, or values without one. Values are never shown, for one may be a token that lost its option."""
        strays = [word for word in ctx.args if _OPTION.match(word)]
        if strays:
            wrong = [self._no_option(word.partition("=")[0], unknown) for word in dict.fromkeys(strays)]
            name = self.operation.dotted
            if len(wrong) == 1:
                raise click.UsageError(f"{name} has no option {wrong[0]}", ctx)
            raise click.UsageError(f"{name} has none of these options:" + "".join(f"\n  - {one}" for one in wrong), ctx)
        at = args.index(ctx.args[0]) if ctx.args[0] in args else 0
        before = next((word for word in reversed(args[:at]) if _OPTION.match(word)), "")
        where = f"a value behind {before.partition('=')[0]}" if before else "the first value"
        raise click.UsageError(
            f"{where} belongs to no option; every value follows its option, and a text with spaces stands in quotes",
            ctx,
        )

    def _no_option(self, typed: str, unknown: Mapping[str, str]) -> str:
        from dynaclient.openapi.names import nearest
        from dynaclient.openapi.signature import offered_options

        if typed in unknown:
            return f"{typed}. {unknown[typed]}"
        own = list(self.made.spelled.values())
        shared = [max(option.opts, key=len) for option in self.params if isinstance(option, SharedOption)]
        elsewhere = self._elsewhere(typed)
        if elsewhere:
            return f"{typed}. It has with --content-type {elsewhere}."
        names = {spelling.lstrip("-"): spelling for spelling in (*shared, *own)}
        plain = typed.lstrip("-")
        close = nearest(plain, (name.lstrip("-") for name in own)) or nearest(plain, names)
        if close:
            return f"{typed}. Did you mean {names[close]}?"
        named = ", ".join(own[:20]) + (" ..." if len(own) > 20 else "")
        text = f"{typed}. It takes {named or 'no arguments'}, and call options."
        if "--extra" in shared and "extra" in offered_options(self.operation):
            text += f" --extra {plain.replace('-', '_')}=VALUE sends a field that the document does not name."
        return text

    def _elsewhere(self, typed: str) -> str:
        """The media type of the body with which the operation has this option, ``""`` where there is none."""
        from dynaclient.openapi.read import with_media

        body = self.operation.body
        for media in body.content if body is not None else ():
            other = with_media(self.document.api.document, self.operation, media)
            if any(f"--{field.python_name.replace('_', '-')}" == typed for field in other.arguments):
                return media.name
        return ""

    def given(self, ctx: click.Context) -> Given:
        """What the line and the environment say of the arguments."""
        arguments: dict[str, tuple[str, ...]] = {}
        parts: list[tuple[ArgumentOption, tuple[str, ...]]] = []
        spelled = dict(self.made.spelled)
        for option in self.params:
            if not isinstance(option, (ArgumentOption, BodyOption)):
                continue
            value = ctx.params.get(str(option.name))
            if value is None or value == ():
                continue
            texts = value if isinstance(value, tuple) else (value,)
            if isinstance(option, ArgumentOption) and option.path:
                parts.append((option, texts))
                continue
            key = option.field.python_name if isinstance(option, ArgumentOption) else option.keyword
            arguments[key] = texts
            if ctx.get_parameter_source(str(option.name)) is ParameterSource.ENVIRONMENT:
                spelled[key] = variable_of(option, ctx)
        return Given(arguments, tuple(parts), spelled)

    def invoke(self, ctx: click.Context) -> Any:
        """Send the call and print what comes back."""
        from dynaclient.cli.run import run_call

        run_call(self, settings_of(ctx), self.given(ctx))

    # --- help and completion

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under their headings; with ``--help-all`` in full, with the parts of objects."""
        full = bool(ctx.meta.get(HELP_ALL))
        for shared in self.params:
            if isinstance(shared, SharedOption):
                shared.brief = not full
        self._write_pages(formatter)
        brief = [option for option in self.made.options if isinstance(option, ArgumentOption) and option.brief]
        for option in brief:
            option.brief = not full
        write_sections(ctx, formatter, self.get_params(ctx))
        parts = list(self._parts())
        if full and parts:
            from dynaclient.cli.options import shortened

            with formatter.section("Parts of arguments (N: a number from 0)"):
                formatter.write_dl([(name, shortened(text)) for name, text in parts], col_max=44)
        elif brief or parts:
            more = f"{len(parts)} options for parts of these" if parts else "these in full"
            with formatter.section("More"):
                formatter.write_text(f"--help-all shows {more}.")

    def _write_pages(self, formatter: click.HelpFormatter) -> None:
        from dynaclient.openapi.infer_paging import paging_of, told

        paging = paging_of(self.document.api.document, self.operation)
        if paging is None or paging.type == "none":
            return
        how = f"{told(paging)}, inferred: {paging.why}" if paging.inferred else told(paging)
        with formatter.section("Pages"):
            formatter.write_text(f"{how}. --all prints the items of all pages.")

    def _parts(self) -> Iterator[tuple[str, str]]:
        from dynaclient.cli.nested import shown_parts

        for option in self.made.options:
            if isinstance(option, ArgumentOption):
                for name, item in shown_parts(self.document.api.document, option.field, option.opts[0]):
                    yield name, ("[required]  " if item.required else "") + item.description

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options, each once; behind a dot the parts of an argument."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.nested import parts_of

        if "." not in incomplete:
            return once(click.Command.shell_complete(self, ctx, incomplete), self.get_params(ctx), incomplete)
        generic = re.sub(r"\.\d+(?=\.|$)", ".N", incomplete)
        numbers = re.findall(r"\.(\d+)(?=\.|$)", incomplete)
        found = []
        for spelling, field in self._fields().items():
            if incomplete.startswith(f"{spelling}."):
                for name, item in parts_of(self.document.api.document, field, spelling, generic.count(".")):
                    if name.startswith(generic) or name.replace(".N", "", 1).startswith(generic):
                        found.append(CompletionItem(_numbered(name, numbers), help=item.description))
        return found


HELP_ALL = f"{__name__}.help_all"


def _help_all() -> click.Option:
    def show(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            ctx.meta[HELP_ALL] = True
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()

    return click.Option(
        ["--help-all"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show this page in full, with the parts of objects.",
    )


def _numbered(name: str, numbers: Sequence[str]) -> str:
    """A dotted option with numbers for its ``N``: those that were typed, else 0."""
    for number in numbers:
        name = name.replace(".N", f".{number}", 1)
    return name.replace(".N", ".0")


def _media(operation: Operation, content_type: str | None) -> MediaType | None:
    """The media type of the body that the options are made for."""
    from dynaclient.openapi.bodies import choose
    from dynaclient.openapi.media import default_media

    if operation.body is None:
        return None
    return choose(operation.body, content_type, {}) if content_type else default_media(operation.body.content)


def streams(operation: Operation) -> tuple[str, ...]:
    """The media types of replies that come item by item."""
    from dynaclient.openapi.itemshape import is_sequential

    found = [media.name for reply in operation.replies for media in reply.content if is_sequential(media.name)]
    return tuple(dict.fromkeys(found))


def _help(operation: Operation) -> str:
    from dynaclient.cli.options import shortened

    parts = [operation.summary]
    if operation.description != operation.summary:
        parts.append(shortened(operation.description, 500))
    parts.append(f"Sends {operation.method} {operation.path}. `dynaclient describe {operation.dotted}` tells more.")
    return "\n\n".join(part for part in parts if part)
