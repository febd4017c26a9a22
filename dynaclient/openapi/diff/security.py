"""Security: which credentials an operation asks for, and what each credential is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.diff.servers import origin
from dynaclient.openapi.model import Api, Flow, SecurityScheme
from dynaclient.openapi.pointer import join

Needs = tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
_URLS = {
    "token_url": "tokenUrl",
    "authorization_url": "authorizationUrl",
    "device_authorization_url": "deviceAuthorizationUrl",
    "refresh_url": "refreshUrl",
}


def compare_needs(report: Report, where: str, old: Needs, new: Needs, old_pointer: str, new_pointer: str) -> None:
    """Note what changed in the credentials that are asked for: alternatives, each of one scheme or several together."""
    pointers = (join(old_pointer, "security"), join(new_pointer, "security"))
    olds, news = _alternatives(old), _alternatives(new)
    free = [not needs or () in needs for needs in (old, new)]
    if olds and not news:
        report.add("security-removed", *pointers, where=where)
        return
    if not olds and news and not free[1]:
        report.add("security-added", *pointers, where=where, new=" or ".join(map(_named, news)))
        return
    if free[0] != free[1]:
        report.add(f"security-became-{'optional' if free[1] else 'required'}", *pointers, where=where)
    for names in news:
        if names not in olds:
            report.add("security-alternative-added", *pointers, where=where, new=_named(names))
    for names in olds:
        if names in news:
            _scopes(report, where, olds[names], news[names], pointers)
        elif not any(other <= names for other in news) and not free[1]:
            report.add("security-alternative-removed", *pointers, where=where, old=_named(names))


def _alternatives(needs: Needs) -> dict[frozenset[str], dict[str, tuple[str, ...]]]:
    return {frozenset(name for name, _ in alternative): dict(alternative) for alternative in needs if alternative}


def _named(names: frozenset[str]) -> str:
    return " and ".join(f"`{name}`" for name in sorted(names))


def _scopes(
    report: Report,
    where: str,
    old: Mapping[str, tuple[str, ...]],
    new: Mapping[str, tuple[str, ...]],
    pointers: tuple[str, str],
) -> None:
    for scheme, before in old.items():
        after = new[scheme]
        for what, here, there in (("added", after, before), ("removed", before, after)):
            for scope in here:
                if scope not in there:
                    words = {"where": where, "scope": f"`{scope}`", "scheme": f"`{scheme}`"}
                    report.add(f"security-scope-{what}", *pointers, **words)


def compare_schemes(report: Report, old: Api, new: Api) -> None:
    """Note what changed in the security schemes of the components."""
    where = "/components/securitySchemes"
    for name in dict.fromkeys((*old.schemes, *new.schemes)):
        one, other = old.schemes.get(name), new.schemes.get(name)
        if one is None and other is not None:
            report.add("security-scheme-added", where, other.pointer, scheme=f"`{name}`")
        elif other is None and one is not None:
            report.add("security-scheme-removed", one.pointer, where, scheme=f"`{name}`")
        elif one is not None and other is not None:
            _scheme(report, one, other)


def _scheme(report: Report, old: SecurityScheme, new: SecurityScheme) -> None:
    pointers, scheme = (old.pointer, new.pointer), f"`{old.name}`"
    kinds = [f"{one.type} {one.scheme}".strip() for one in (old, new)]
    if kinds[0] != kinds[1]:
        report.add("security-scheme-type-changed", *pointers, scheme=scheme, old=kinds[0], new=kinds[1])
        return
    places = [f"`{one.parameter}` ({one.location})" for one in (old, new)]
    if places[0] != places[1]:
        report.add("security-scheme-place-changed", *pointers, scheme=scheme, old=places[0], new=places[1])
    for before, after in _variables(old, new):
        report.add("security-scheme-env-changed", *pointers, scheme=scheme, old=before, new=after or "no variable")
    if old.optional_elsewhere != new.optional_elsewhere:
        name = "optional" if new.optional_elsewhere else "needed"
        report.add(f"security-scheme-{name}-elsewhere", *pointers, scheme=scheme)
    for field, before, after in _urls(old, new):
        name = "security-scheme-origin-added" if origin(before) != origin(after) else "security-scheme-url-changed"
        words = {"field": field, "old": before or "nothing", "new": after or "nothing"}
        report.add(name if after else "security-scheme-url-changed", *pointers, scheme=scheme, **words)
    _flows(report, old, new)


def _variables(old: SecurityScheme, new: SecurityScheme) -> Iterator[tuple[str, str]]:
    """The environment variables that are no longer read for what they were read for."""
    if old.env and old.env != new.env:
        yield old.env, new.env
    for server, variable in old.env_by_server.items():
        now = new.env_by_server.get(server, new.env)
        if now != variable:
            yield variable, now


def _urls(old: SecurityScheme, new: SecurityScheme) -> Iterator[tuple[str, str, str]]:
    pairs = [
        ("openIdConnectUrl", old.openid_connect_url, new.openid_connect_url),
        ("oauth2MetadataUrl", old.oauth2_metadata_url, new.oauth2_metadata_url),
    ]
    for name in old.flows.keys() & new.flows.keys():
        one, other = old.flows[name], new.flows[name]
        pairs += [(f"{word} ({name})", getattr(one, field), getattr(other, field)) for field, word in _URLS.items()]
    yield from (pair for pair in sorted(pairs) if pair[1] != pair[2])


def _flows(report: Report, old: SecurityScheme, new: SecurityScheme) -> None:
    pointers, scheme = (old.pointer, new.pointer), f"`{old.name}`"
    for name in dict.fromkeys((*old.flows, *new.flows)):
        if name not in old.flows or name not in new.flows:
            what = "added" if name in new.flows else "removed"
            report.add(f"security-scheme-flow-{what}", *pointers, scheme=scheme, flow=f"`{name}`")
        else:
            _scheme_scopes(report, scheme, old.flows[name], new.flows[name], pointers)


def _scheme_scopes(report: Report, scheme: str, old: Flow, new: Flow, pointers: tuple[str, str]) -> None:
    for name in dict.fromkeys((*old.scopes, *new.scopes)):
        if name not in old.scopes or name not in new.scopes:
            what = "added" if name in new.scopes else "removed"
        elif old.scopes[name] != new.scopes[name]:
            what = "changed"
        else:
            continue
        report.add(f"security-scheme-scope-{what}", *pointers, scheme=scheme, scope=f"`{name}`")
