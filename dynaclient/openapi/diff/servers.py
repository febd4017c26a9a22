"""Servers: where calls, and with them credentials, go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.model import Server
from dynaclient.openapi.pointer import join


def compare_servers(
    report: Report, where: str, old: tuple[Server, ...], new: tuple[Server, ...], old_pointer: str, new_pointer: str
) -> None:
    """Note what changed in a list of servers.

    Parameters
    ----------
    report:
        Collects the changes.
    where:
        Whose servers they are, for sentences.
    old, new:
        The servers, the default first; ``()`` means one at ``/`` (OpenAPI 3.1, 4.8.1).
    old_pointer, new_pointer:
        Where they stand.
    """
    old = old or (Server("/", pointer=old_pointer),)
    new = new or (Server("/", pointer=new_pointer),)
    known = {origin(server.url) for server in old}
    pairs = _pairs(old, new)
    for number, one in enumerate(old):
        if number in pairs:
            _pair(report, one, new[pairs[number]])
        else:
            report.add("server-removed", one.pointer, join(new_pointer, "servers"), where=where, old=_shown(one))
    for number, other in enumerate(new):
        if number not in pairs.values():
            report.add("server-added", join(old_pointer, "servers"), other.pointer, where=where, new=_shown(other))
        if origin(other.url) not in known:
            known.add(origin(other.url))
            report.add("server-origin-added", join(old_pointer, "servers"), other.pointer, new=origin(other.url))
    if old[0].url != new[0].url:
        strange = origin(new[0].url) not in {origin(server.url) for server in old}
        name = "server-default-origin-changed" if strange else "server-default-changed"
        report.add(name, old[0].pointer, new[0].pointer, where=where, old=old[0].url, new=new[0].url)


def origin(url: str) -> str:
    """``https://host:port`` of a URL, its variables as they are written; ``""`` for one that is relative or none at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def _shown(server: Server) -> str:
    return f"{server.url} ({server.id})" if server.id else server.url


def _pairs(old: tuple[Server, ...], new: tuple[Server, ...]) -> dict[int, int]:
    """Servers belong together by id, then by URL; the only ones without a partner, too, where ids do not tell them apart."""
    found: dict[int, int] = {}
    left = dict(enumerate(new))
    for same in (_same_id, _same_url):
        for number, one in enumerate(old):
            partner = next((there for there, other in left.items() if same(one, other)), None)
            if number not in found and partner is not None:
                found[number] = partner
                del left[partner]
    alone = [number for number in range(len(old)) if number not in found]
    if len(alone) == len(left) == 1:
        (partner,) = left
        if not (old[alone[0]].id and new[partner].id):
            found[alone[0]] = partner
    return found


def _same_id(one: Server, other: Server) -> bool:
    return bool(one.id) and one.id == other.id


def _same_url(one: Server, other: Server) -> bool:
    return one.url == other.url


def _pair(report: Report, old: Server, new: Server) -> None:
    pointers = (old.pointer, new.pointer)
    if old.url != new.url:
        report.add("server-url-changed", *pointers, id=old.id or new.id or "without an id", old=old.url, new=new.url)
    if old.id != new.id and old.id:
        report.add("server-id-changed", *pointers, url=new.url, old=old.id, new=new.id or "nothing")
    if old.url_env != new.url_env:
        words = {"old": old.url_env or "no variable", "new": new.url_env or "no variable"}
        report.add("server-url-env-changed", *pointers, url=new.url, **words)
    if old.bare_origin != new.bare_origin:
        words = {"old": old.bare_origin or "itself", "new": new.bare_origin or "itself"}
        report.add("server-bare-origin-changed", *pointers, **words)
    for name in dict.fromkeys((*old.variables, *new.variables)):
        if name not in old.variables or name not in new.variables:
            what = "added" if name in new.variables else "removed"
            report.add(f"server-variable-{what}", *pointers, url=new.url, name=f"`{name}`")
        else:
            _variable(report, new.url, name, (old, new))


def _variable(report: Report, url: str, name: str, servers: tuple[Server, Server]) -> None:
    pointers = [join(server.pointer, "variables", name) for server in servers]
    one, other = (_entry(server.variables[name]) for server in servers)
    words = {"url": url, "name": f"`{name}`"}
    if one.get("default") != other.get("default"):
        values = {"old": one.get("default"), "new": other.get("default")}
        report.add("server-variable-default-changed", *pointers, **words, **values)
    before, after = one.get("enum") or [], other.get("enum") or []
    if before and after:
        for value in before:
            if value not in after:
                report.add("server-variable-value-removed", *pointers, **words, value=value)
        for value in after:
            if value not in before:
                report.add("server-variable-value-added", *pointers, **words, value=value)


def _entry(variable: Any) -> Mapping[str, Any]:
    return variable if isinstance(variable, Mapping) else {}
