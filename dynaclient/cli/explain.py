"""``dynaclient explain``: what is in force for an operation, and what decided it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.describe import OperationName
from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.said import Settings
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import READING, settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.explain import Decision, Layer
    from dynaclient.profile import Profile

_WIDEST = 40
_OPTIONS = ("server", "timeout", "retries", "validate")


@click.pass_context
def _explain(ctx: click.Context, operation: str) -> None:
    from dynaclient import auth
    from dynaclient.cli.messages import visible
    from dynaclient.cli.output import Printer
    from dynaclient.explain import decisions
    from dynaclient.source.shipped import known_words

    settings = settings_of(ctx)
    shown = opened(ctx)
    printer = Printer(settings.output, settings.query)
    made = shown.operation(shown.name_of(operation))
    profile = _profile(settings)
    wallet = auth.Wallet(
        None, settings.bearer_auth, server=settings.server, profile=profile.pocket if profile is not None else None
    )
    variables = dict(entry.partition("=")[::2] for entry in settings.server_variable)
    layers = _layers(settings, profile)
    found = decisions(shown.api, made, layers, wallet, variables, lambda: known_words(shown.document))
    rows = [*_document(shown), *(_row(shown, decision) for decision in found)]
    if settings.output in (None, "table") and settings.query is None:
        printer.text(visible(f"{made.dotted}  {made.method} {made.path}\n\n" + _table(rows)))
    else:
        printer.value(rows)


def _profile(settings: Settings) -> Profile | None:
    if settings.profile is None:
        return None
    from dynaclient.profile import load_profile

    return load_profile(settings.profile)


def _layers(settings: Settings, profile: Profile | None) -> list[Layer]:
    """What the profile says, then what the environment and the line say, each under its name."""
    from dynaclient.explain import Layer

    layers = []
    if profile is not None:
        given = {name: getattr(profile, name) for name in _OPTIONS}
        layers.append(Layer(f"profile {profile.name!r} ({profile.path})", given))
    for name in _OPTIONS:
        value = getattr(settings, name)
        if value is not None:
            layers.append(Layer(settings.origin.get(name, f"--{name}"), {name: value}))
    return layers


def _document(shown: Opened) -> list[dict[str, Any]]:
    document = shown.document
    rows = [{"subject": "document", "value": shown.api.title, "by": "", "place": document.source}]
    return rows + [{"subject": "overlay", "value": name, "by": "", "place": ""} for name in document.overlays]


def _table(rows: list[dict[str, Any]]) -> str:
    """Three columns: the subject, its value (an address is never cut), and what decided it with the file and line."""
    from dynaclient.cli.table import cell

    subjects = [row["subject"] for row in rows]
    values = [row["value"] if row["subject"] in ("server", "url") else cell(row["value"]) for row in rows]
    left = max(map(len, subjects))
    middle = max((len(value) for value in map(str, values) if len(value) <= _WIDEST), default=0)
    return "\n".join(
        f"{subject:<{left}}  {value or '-':<{middle}}  {_source(row)}".rstrip()
        for subject, value, row in zip(subjects, values, rows, strict=True)
    )


def _source(row: dict[str, Any]) -> str:
    place = row["place"].partition("#")[0].replace(" (shipped with dynaclient)", "")
    return " ".join(filter(None, (row["by"], f"({place})" if place else "")))


def _row(shown: Opened, decision: Decision) -> dict[str, Any]:
    from dynaclient.cli.wording import typed

    return {
        "subject": decision.subject,
        "value": decision.value,
        "by": typed(decision.by),
        "place": shown.place(decision.pointer) if decision.pointer else "",
    }


def explain_command() -> click.Command:
    """The ``explain`` command."""
    return Sectioned(
        "explain",
        callback=_explain,
        params=[
            click.Argument(["operation"], type=OperationName()),
            *shared_options((*READING, "timeout", "retries", "validate", "bearer_auth")),
        ],
        help=(
            "Tell what is in force for an operation, and what decided it: name, server, credentials, time, each field of the retry policy, batches, pages; "
            "with the file and line of the document or overlay, or the profile, variable, option or default."
        ),
        short_help="Tell what is in force for an operation, and what decided it.",
    )
