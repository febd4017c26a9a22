"""The description of an operation as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynaclient.cli.options import option_name


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The lines.

    Parameters
    ----------
    told:
        What `dynaclient.cli.describe.description` gives.
    """
    yield f"{told['name']}  {told['method']} {told['path']}{'  (deprecated)' if told['deprecated'] else ''}"
    yield f"    {told['place']}"
    if told["url"]:
        yield f"  {told['method']} {told['url']}"
    yield from _wrapped(told["summary"], "  ")
    if told["description"] != told["summary"]:
        yield from _wrapped(told["description"], "  ")
    for heading, location in (("Arguments", False), ("Body", True)):
        fields = [field for field in told["arguments"] if (field["in"] == "body") is location]
        yield from _section(heading, _body_lines(told["body"], fields) if location else _field_lines(fields))
    yield from _section("Replies", _reply_lines(told["replies"]))
    yield from _section("Errors", _reply_lines(told["errors"]))
    yield from _section("Servers", _server_lines(told["servers"]))
    yield from _section("Credentials", _security_lines(told["security"]))
    if told["profile"]:
        yield from _section("Profile", _profile_lines(told["profile"]))
    if told["streams"]:
        kinds = ", ".join(told["streams"])
        yield from _section("Stream", [f"  {kinds}: --stream asks for it; each item is printed as it comes"])
    if told["paging"]:
        yield from _section("Pages", _paging_lines(told["paging"]))
    yield from _section("Timeout", [f"  {told['timeout']['seconds']:g} s for an attempt ({told['timeout']['from']})"])
    yield from _section("Retries", _retry_lines(told["retries"]))
    if told["batch"]:
        yield from _section("Batch", _batch_lines(told["batch"]))


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield heading
        yield from found


def _wrapped(text: str, margin: str) -> Iterator[str]:
    import textwrap

    for paragraph in text.splitlines():
        if paragraph.strip():
            yield from textwrap.wrap(paragraph.strip(), 96, initial_indent=margin, subsequent_indent=margin)


def _body_lines(body: Mapping[str, Any] | None, fields: list[dict[str, Any]]) -> Iterator[str]:
    if body is None:
        return
    kinds = ", ".join(media["type"] for media in body["content"])
    yield f"  {kinds or 'no media type'}{', required' if body['required'] else ''}"
    yield f"      {body['place']}"
    yield from _wrapped(body["description"], "      ")
    yield from _field_lines(fields)


def _field_lines(fields: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for field in sorted(fields, key=lambda field: not field["required"]):
        option = option_name(field["python_name"])
        marks = [field["in"], "required" if field["required"] else "", "deprecated" if field["deprecated"] else ""]
        if field["default"] is not None:
            marks.append(f"service's default: {field['default']}")
        yield f"  {option} {field['type']}  ({', '.join(filter(None, marks))})"
        yield f"      {field['place']}"
        yield from _wrapped(field["description"], "      ")
        for part in field["parts"]:
            mark = "  (required)" if part["required"] else ""
            yield f"      {part['option']} {part['type']}{mark}"
            yield f"          {part['place']}"
            yield from _wrapped(part["description"], "          ")


def _reply_lines(replies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for reply in replies:
        kinds = ", ".join(media["type"] for media in reply["content"]) or "no body"
        yield f"  {reply['status']}  {kinds}"
        yield f"      {reply['place']}"
        yield from _wrapped(reply["description"], "      ")
        for link in reply["links"]:
            given = ", ".join(f"{name} = {value}" for name, value in link["parameters"].items())
            yield f"      link {link['name']} to {link['to']}{f' with {given}' if given else ''}"
            yield f"          {link['place']}"


def _server_lines(servers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for number, server in enumerate(servers):
        mark = "  (default)" if number == 0 else ""
        yield f"  {server['id'] + '  ' if server['id'] else ''}{server['url']}{mark}"
        yield f"      {server['place']}"
        yield from _wrapped(server["description"], "      ")
    yield "  local  the embedded server: no network, no account"


def _security_lines(alternatives: list[list[Mapping[str, Any]]]) -> Iterator[str]:
    if not alternatives:
        yield "  none needed"
    for number, alternative in enumerate(alternatives):
        yield from ["  or"] if number else []
        if not alternative:
            yield "  none needed"
        for scheme in alternative:
            if scheme.get("missing"):
                yield f"  {scheme['scheme']}: the document does not define this scheme"
                continue
            ways = [*scheme["environment"], scheme["option"]]
            where = f" at the server {scheme['server']}" if scheme["server"] else ""
            state = "set" if scheme["set"] else "not set"
            yield f"  {scheme['scheme']} ({scheme['type']}){where}: {' or '.join(ways) or 'no variable'} ({state})"
            yield f"      {scheme['place']}"
            yield from _wrapped(scheme["description"], "      ")
            if scheme["scopes"]:
                yield f"      needs the scopes {', '.join(scheme['scopes'])}"
            for flow in scheme["flows"]:
                urls = [
                    flow[name] for name in ("authorization_url", "device_authorization_url", "token_url") if flow[name]
                ]
                yield f"      {flow['flow']}: {', '.join(urls) or 'no URL'}"
            if scheme["openid_connect_url"]:
                yield f"      {scheme['openid_connect_url']}"
            if scheme["login"]:
                yield f"      sign in: dynaclient login {scheme['scheme']}"


def _profile_lines(profile: Mapping[str, Any]) -> Iterator[str]:
    held = ", ".join(profile["credentials"]) or "none"
    yield f"  {profile['name']}: server {profile['server'] or 'of the document'}, credentials {held}"
    yield f"      {profile['file']}"


def _paging_lines(paging: Mapping[str, Any]) -> Iterator[str]:
    if paging["type"] == "none":
        yield "  none: the document says that the reply is the whole list"
        yield f"      {paging['place']}"
        return
    inputs = ", ".join(f"{item['name']} ({item['type']})" for item in paging["inputs"])
    yield f"  {paging['type']}{f' by {inputs}' if inputs else ''}; --all prints the items of all pages, --pages the pages"
    if paging["inferred"]:
        yield from _wrapped(f"inferred: {paging['why']}. `dynaclient spec infer` writes it as an overlay.", "  ")
    named = ("results", "num_pages", "next_cursor", "next_url", "has_more", "total", "page")
    found = [f"{name.replace('_', ' ')} at {paging[name]}" for name in named if paging[name]]
    if found:
        yield f"  {', '.join(found)}"
    yield f"      {paging['place']}"


def _retry_lines(retries: Mapping[str, Any]) -> Iterator[str]:
    if not retries["on"]:
        yield "  none" if retries["declared"] else "  none declared: sent again only where nothing had been sent"
        return
    also = ", and connection errors" if retries["connection_errors"] else ""
    but = f" except {' and '.join(retries['except_statuses'])}" if retries["except_statuses"] else ""
    yield f"  on {', '.join(retries['statuses'])}{but}{also}"
    if retries["never"]:
        yield from _wrapped(f"never if the error says {', '.join(retries['never'])}", "  ")
    limits = [f"at most {retries['attempts']} attempts" if retries["attempts"] is not None else ""]
    limits.append(f"within {retries['seconds']:g} s" if retries["seconds"] is not None else "")
    yield "  " + (", ".join(filter(None, limits)) or "without a limit")
    waits = [_wait(low, high) for low, high in retries["waits"]]
    if waits:
        more = retries["attempts"] is None or retries["attempts"] - 1 > len(waits)
        yield f"  waits: {', '.join(waits)}{', ...' if more else ''}; a longer Retry-After is kept"
    if retries["place"]:
        yield f"      {retries['place']}"


def _wait(low: float, high: float) -> str:
    return f"{high:.3g} s" if low == high else f"{low:.3g} to {high:.3g} s"


def _batch_lines(batch: Mapping[str, Any]) -> Iterator[str]:
    yield f"  a list in {batch['input']} gives as many results in {batch['output']}" + (
        f", in the order of {batch['order']}" if batch["order"] else ""
    )
    limits = [f"at most {batch[key]} {key.removeprefix('max_')}" for key in ("max_items", "max_tokens") if batch[key]]
    if limits:
        yield f"  {' and '.join(limits)} in one request"
    yield f"      {batch['place']}"
