"""``dynaclient vendors``: the services whose overlays ship. No value of a variable is ever printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.source import Document


@click.pass_context
def _vendors(ctx: click.Context) -> None:
    from dynaclient.cli.output import Printer
    from dynaclient.source import load

    settings = settings_of(ctx)
    rows = vendor_rows(load())
    printer = Printer(settings.output, settings.query)
    if settings.output in (None, "table") and settings.query is None:
        from dynaclient.cli.messages import visible

        printer.text(visible(_table(rows)))
    else:
        printer.value(rows)


def vendor_rows(document: Document) -> list[dict[str, Any]]:
    """Return what is known of each service whose overlay ships.

    Parameters
    ----------
    document:
        The document that ships.

    Returns
    -------
    list of dict
        ``name`` is the word for ``--server``, ``description`` what it is; ``address`` the URL of its server;
        ``variables`` the environment variables of its key, ``set`` whether one of them is set; ``key`` whether it asks
        for one (``needed``) or works without (``optional``); ``address_variable`` the variable that holds another
        address, or None; ``max_items`` and ``max_tokens`` what one request may hold, or None.
    """
    from dynaclient.source.shipped import served_by, shipped_overlays

    return [_row(name, served_by(document, name)) for name in shipped_overlays()]


def _row(name: str, served: Document) -> dict[str, Any]:
    from dynaclient import auth
    from dynaclient.index import api_of
    from dynaclient.openapi.read import operation

    api = api_of(served)
    server = next(server for server in api.servers if server.id == name)
    made = [operation(api, key) for key in api.index.values()]
    needs = [alternative for each in made for alternative in each.security]
    schemes = [api.schemes[scheme] for alternative in needs for scheme, _ in alternative]
    variables = list(dict.fromkeys(variable for scheme in schemes for variable in auth.variables(scheme, name)))
    batch = next((each.batch for each in made if each.batch is not None), None)
    return {
        "name": name,
        "description": server.description,
        "address": server.url,
        "variables": variables,
        "set": any(os.environ.get(variable, "").strip() for variable in variables),
        "key": "optional" if () in needs else "needed",
        "address_variable": server.url_env or None,
        "max_items": batch.max_items if batch is not None else None,
        "max_tokens": batch.max_tokens if batch is not None else None,
    }


def _table(rows: list[dict[str, Any]]) -> str:
    """The services for people; the address, which is long, comes last and is never cut."""
    lines = [("--SERVER", "KEY", "VARIABLE OF THE KEY", "INPUTS", "TOKENS", "ADDRESS")]
    for row in rows:
        state = "set" if row["set"] else "not needed" if row["key"] == "optional" else "not set"
        limits = [f"{row[name]:,}" if row[name] else "-" for name in ("max_items", "max_tokens")]
        address = row["address"]
        if "{" in address and row["address_variable"]:
            address += f", or set {row['address_variable']}"
        lines.append((row["name"], state, row["variables"][0] if row["variables"] else "-", *limits, address))
    widths = [max(len(line[place]) for line in lines) for place in range(5)]
    return "\n".join(
        "  ".join(
            [
                *(f"{text:{'>' if place in (3, 4) else '<'}{widths[place]}}" for place, text in enumerate(line[:5])),
                line[5],
            ]
        )
        for line in lines
    )


def vendors_command() -> click.Command:
    """The ``vendors`` command."""
    return Sectioned(
        "vendors",
        callback=_vendors,
        params=shared_options(("output", "query", *MESSAGES)),
        help=(
            "List the services that can be called by name, with --server NAME: the address, the variable of the key and "
            "whether it is set, and how many inputs and tokens one request may hold. The values of variables are never "
            "shown."
        ),
        short_help="List the services that can be called by name.",
    )
