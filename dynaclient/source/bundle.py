"""One document out of several files: every reference becomes local, ``#/...``, or stays a remote URL.

What a reference from another file names is placed under ``components`` (of Swagger 2.0: at the root), in the section of its kind, once, under the name that it has in its file
(made distinct where that is taken); the reference then names that place. Where the standard knows no reference but documents
use one (``paths: {$ref: paths.yaml}``, ``get: {$ref: get.yaml}``), the content takes the reference's place. ``$id`` and ``$anchor`` have
done their work then and are left out, since they would change what ``#/...`` means. The same walk gives text where the
standard says text (``info.version: 1.10``), see ``scalar``.
"""

from __future__ import annotations

import re
from collections import deque
from pathlib import PurePosixPath
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, urljoin, urlsplit

from dynaclient.errors import SpecError
from dynaclient.openapi.grammar import DATA, OPENAPI, TEXT, Layout, field_kind, refined
from dynaclient.openapi.pointer import UNRESOLVED, join
from dynaclient.source.files import SUFFIXES, MissingFileError
from dynaclient.source.limits import check_depth, measure
from dynaclient.source.place import SourceFile
from dynaclient.source.resolve import Resolver, pure_references
from dynaclient.source.resource import Resource, Scope, Target, Tokens, entered
from dynaclient.source.scalar import as_text, without_odd

# The steps from a context's node to the node at hand, as a linked list: cheap to extend, spelt out only when needed.
Trail = tuple["Trail", str | int] | None

_LINKS = ("uri", "target")
# What a JSON text holds that has something to settle; one pattern each, since a common literal start makes the search fast. The last is any
# ASCII character spelt as an escape, which may hide the others.
_FOREIGN = tuple(
    re.compile(pattern)
    for pattern in (
        rb'"\$ref"\s*:\s*"(?!#[/"])',
        rb'"\$id"',
        rb'"\$anchor"',
        rb'"mapping"\s*:\s*\{[^{}]*?"\s*:\s*"(?!#/)[^"]*[/.]',
        rb"\\u00[2-7]",
    )
)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Origin(NamedTuple):
    """That the node at ``pointer`` of the result came from ``source`` (a pointer) of the file with this name."""

    pointer: str
    file: str
    source: str


class _Context(NamedTuple):
    """Where the walk is: the file and scope, and the tokens there and in the result of the node that its trail begins at."""

    resource: Resource
    scope: Scope
    source: Tokens
    out: Tokens


def _spelt(trail: Trail) -> Tokens:
    steps: list[str | int] = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    return tuple(reversed(steps))


class Bundler:
    """Settles the references and scalars of one document.

    A reference to what is not there stays as it is written, with the reason beside it (``UNRESOLVED``): operations that
    do not need it can be called. ``complete`` is then False.

    Parameters
    ----------
    resolver:
        Finds what references name.
    layout:
        How the document is built.
    """

    def __init__(self, resolver: Resolver, layout: Layout = OPENAPI) -> None:
        self.resolver = resolver
        self.layout = layout
        self.root = resolver.root
        self.limits = resolver.limits
        self.origins: list[Origin] = []
        self.complete = True
        self._placed: dict[tuple[tuple[str, Tokens], str], str] = {}
        self._names: dict[str, set[str]] = {section: set() for section in layout.sections.values()}
        self._homes: dict[int, Target] = {}
        self._queue: deque[tuple[Target, str, str, str]] = deque()
        self._inlining: list[tuple[str, Tokens]] = []
        self._inlined = 0

    def bundle(self) -> dict[str, Any]:
        """The whole document; ``origins`` is complete afterwards.

        Raises
        ------
        SpecError
            Where a reference to a file cannot be followed, naming it and its place.
        """
        self._reserve()
        context = _Context(self.root, self.root.scope, (), ())
        result: dict[str, Any] = self.settle(self.root.data, self.layout.root, context, None)
        while self._queue:
            target, kind, section, name = self._queue.popleft()
            entries = result
            for token in (*self.layout.home, section):
                entries[token] = entries = entries.get(token) or {}
            entries[name] = self._settle_target(target, kind, (*self.layout.home, section, name))
        if len(self.resolver.resources) > 1:
            check_depth(result, self.root.name, self.limits)
        return result

    def settle(self, node: Any, kind: str, context: _Context, trail: Trail) -> Any:
        """A node of this kind as the result has it."""
        form = type(node)
        if form is str:
            return self._link(node, kind, context, trail) if kind in _LINKS else node
        if form is dict and kind not in (DATA, TEXT):
            return self._object(node, kind, context, trail)
        if form is list and (kind[0] == "[" or kind == "schema"):
            item_kind = kind if kind == "schema" else kind[1:-1]
            return [self.settle(item, item_kind, context, (trail, number)) for number, item in enumerate(node)]
        if kind == TEXT and context.resource.yaml:
            node = as_text(node)
        return without_odd(node) if context.resource.yaml else node

    def _object(self, node: dict[str, Any], kind: str, context: _Context, trail: Trail) -> Any:
        reference = node.get("$ref")
        if isinstance(reference, str) and (
            kind in self.layout.kinds or kind[0] == "[" or kind[1:-1] in self.layout.kinds
        ):
            return self._reference(node, reference, kind, context, trail)
        return self._fields(node, kind, context, trail)

    def _fields(self, node: dict[str, Any], kind: str, context: _Context, trail: Trail) -> dict[str, Any]:
        if kind[0] == "{":
            inner = kind[1:-1]
            return {key: self.settle(value, inner, context, (trail, key)) for key, value in node.items()}
        if kind not in self.layout.kinds:
            return node if not context.resource.yaml else without_odd(node)
        named = kind == "schema" and context.resource.ids
        if named and "$id" in node:
            scope = entered(context.scope, node, context.source + _spelt(trail))
            context = context._replace(scope=scope)
        if context.resource.yaml:
            kind = refined(kind, node, self.layout.kinds)
        links = kind in ("batch", "discriminator")
        result = {
            key: value
            if type(value) is str and not links
            else self.settle(value, field_kind(kind, key, self.layout.kinds), context, (trail, key))
            for key, value in node.items()
        }
        if named:
            result.pop("$id", None)
            result.pop("$anchor", None)
        return result

    def _reference(self, node: dict[str, Any], reference: str, kind: str, context: _Context, trail: Trail) -> Any:
        inner = self._entered(node, kind, context, trail)
        if self._stays(reference, inner):
            return self._fields(node, kind, context, trail)
        target = self._homes.get(id(node))
        if target is not None:
            return self._settle_target(target, kind, context.out + _spelt(trail))
        try:
            target = self._resolve(reference, inner, trail)
        except MissingFileError as error:
            if kind not in (*self.layout.sections, *self.layout.deferred):
                self._fail(_unfollowed(reference, error), inner, trail)
            self.complete = False
            return {**self._fields(node, kind, context, trail), UNRESOLVED: str(error)}
        if target is None:
            fields = self._fields(node, kind, context, trail)
            fields["$ref"] = urljoin(inner.scope.base, reference)
            return fields
        if kind not in self.layout.sections:
            return self._inline(node, target, kind, context, trail)
        fields = self._fields(node, kind, context, trail)
        fields["$ref"] = self._place(target, kind)
        return fields

    def _entered(self, node: dict[str, Any], kind: str, context: _Context, trail: Trail) -> _Context:
        """The context with the scope of the node's own ``$id``, beside which a ``$ref`` is relative to it."""
        if kind != "schema" or not context.resource.ids or "$id" not in node:
            return context
        return context._replace(scope=entered(context.scope, node, context.source + _spelt(trail)))

    def _stays(self, reference: str, context: _Context) -> bool:
        """Whether a reference is right as it is: local to the document, and under no ``$id``."""
        local = reference == "#" or reference.startswith("#/")
        return local and context.resource is self.root and not context.scope.top

    def _resolve(self, reference: str, context: _Context, trail: Trail) -> Target | None:
        try:
            return self.resolver.resolve(reference, context.resource, context.scope)
        except MissingFileError:
            raise
        except SpecError as error:
            self._fail(_unfollowed(reference, error), context, trail)

    def _resolve_if_there(self, reference: str, context: _Context, trail: Trail) -> Target | None:
        """As `_resolve`; None also if what the reference names is not there."""
        try:
            return self._resolve(reference, context, trail)
        except MissingFileError:
            self.complete = False
            return None

    def _fail(self, message: str, context: _Context, trail: Trail) -> NoReturn:
        resource = context.resource
        pointer = join("", *context.source, *_spelt(trail))
        content = self.resolver.library.contents.get(resource.uri)
        file = SourceFile(resource.name, content.raw if content else b"", yaml=resource.yaml)
        place = file.place(f"{pointer}/$ref")
        raise SpecError(message, source=resource.name, pointer=pointer, line=place.line, column=place.column) from None

    def _inline(self, node: dict[str, Any], target: Target, kind: str, context: _Context, trail: Trail) -> Any:
        """The target in the reference's place; keys beside the reference win."""
        if target.key in self._inlining:
            self._fail(
                f"the reference {node['$ref']!r} leads in a circle where its content must take its place",
                context,
                trail,
            )
        self._inlined += measure(target.node)[0]
        if self._inlined > self.limits.alias_nodes:
            self._fail(self.limits.exceeded("alias_nodes", "references expand to more values than"), context, trail)
        self._inlining.append(target.key)
        value = self._settle_target(target, kind, context.out + _spelt(trail))
        self._inlining.pop()
        if len(node) > 1 and type(value) is dict:
            own = self._fields({key: item for key, item in node.items() if key != "$ref"}, kind, context, trail)
            return value | own
        return value

    def _settle_target(self, target: Target, kind: str, out: Tokens) -> Any:
        resource = target.resource
        self.origins.append(Origin(join("", *out), resource.name, target.pointer))
        context = _Context(resource, resource.scope_at(target.tokens), target.tokens, out)
        return self.settle(target.node, kind, context, None)

    def _place(self, target: Target, kind: str) -> str:
        """The local reference to a target, which gets its place under ``components`` the first time it is asked for."""
        section = self.layout.sections[kind]
        known = self._placed.get((target.key, section))
        if known is not None:
            return known
        if target.resource is self.root:
            return _local(*target.tokens)
        name = self._name(target, section)
        place = self._placed[target.key, section] = _local(*self.layout.home, section, name)
        self._queue.append((target, kind, section, name))
        return place

    def _name(self, target: Target, section: str) -> str:
        last = target.tokens[-1] if target.tokens else ""
        stem = _clean(PurePosixPath(urlsplit(target.resource.uri).path).stem)
        name = _clean(last) if isinstance(last, str) and _clean(last) else f"{stem}_{last}".rstrip("_")
        taken = self._names[section]
        if name in taken and name != stem:
            name = f"{stem}_{name}"
        distinct, number = name, 2
        while distinct in taken:
            distinct, number = f"{name}_{number}", number + 1
        taken.add(distinct)
        return distinct

    def _reserve(self) -> None:
        """Learn the names in the sections, and which of them are nothing but the home of another file's content."""
        components = Target(self.root, (), self.root.data)
        for token in self.layout.home:
            components = self._opened(Target(self.root, (token,), self.root.data.get(token)))
        for section in self.layout.sections.values():
            inner = components.node.get(section) if type(components.node) is dict else None
            entries = self._opened(Target(components.resource, (*components.tokens, section), inner))
            if type(entries.node) is dict:
                if type(inner) is dict:
                    self._names[section].update(inner)
                self._names[section].update(entries.node)
                self._reserve_section(entries, section)

    def _reserve_section(self, entries: Target, section: str) -> None:
        resource = entries.resource
        if resource is not self.root:
            for name in entries.node:
                key = (resource.uri, (*entries.tokens, name))
                self._placed.setdefault((key, section), _local(*self.layout.home, section, name))
        for name, reference in pure_references(entries.node):
            tokens = (*entries.tokens, name)
            context = _Context(resource, resource.scope_at(tokens), tokens, tokens)
            if self._stays(reference, context):
                continue
            target = self._resolve_if_there(reference, context, None)
            if target is not None and target.resource is not self.root and (target.key, section) not in self._placed:
                self._placed[target.key, section] = _local(*self.layout.home, section, name)
                self._homes[id(entries.node[name])] = target

    def _opened(self, target: Target) -> Target:
        """A section, or what stands in another file where its place holds a reference."""
        node = target.node
        reference = node.get("$ref") if type(node) is dict else None
        if not isinstance(reference, str):
            return target
        context = _Context(target.resource, target.resource.scope_at(target.tokens), target.tokens, target.tokens)
        return target if self._stays(reference, context) else self._resolve_if_there(reference, context, None) or target

    def _link(self, text: str, kind: str, context: _Context, trail: Trail) -> str:
        """A reference that stands as plain text; where a name may stand too, a schema of that name comes first (OpenAPI 3.1, 4.8.25)."""
        if self._stays(text, context):
            return text
        if kind == "target":
            schemas = (*self.layout.home, self.layout.sections["schema"])
            own, roots = (_schema_names(resource, schemas) for resource in (context.resource, self.root))
            if text in own and context.resource is not self.root:
                text = _local(*schemas, text)
            elif text in roots or not ("#" in text or "/" in text or text.endswith(SUFFIXES)):
                return text
        try:
            target = self._resolve(text, context, trail)
        except MissingFileError as error:
            if kind != "target":  # a mapping's value only: its branch may be known by its name
                self._fail(_unfollowed(text, error), context, trail)
            self.complete = False
            return text
        return urljoin(context.scope.base, text) if target is None else self._place(target, "schema")


def _unfollowed(reference: str, error: SpecError) -> str:
    return f"the reference {reference!r} cannot be followed: {error}"


def _local(*tokens: str | int) -> str:
    return "#" + quote(join("", *tokens), safe="/~!$&'()*+,;=:@-._")


def _clean(text: str) -> str:
    return _UNSAFE.sub("_", text).strip("_")


def _schema_names(resource: Resource, section: tuple[str, ...]) -> Any:
    node = resource.data
    for token in section:
        node = node.get(token) if type(node) is dict else None
    return node if type(node) is dict else ()


def needs_bundling(data: Any, raw: bytes) -> bool:
    """Whether a document read from JSON may hold a reference that is not local, or names of its own for schemas.

    The text is asked first, since that takes a tenth of the time. Examples count too, which does no harm.
    """
    if b"\0" not in raw[:4] and not any(pattern.search(raw) for pattern in _FOREIGN):  # in UTF-16 the bytes differ
        return False
    level = [data]
    while level:
        children: list[Any] = []
        for node in level:
            if type(node) is dict:
                if _leads_out(node):
                    return True
                children.extend(node.values())
            else:
                children.extend(node)
        level = [child for child in children if type(child) is dict or type(child) is list]
    return False


def _leads_out(node: dict[str, Any]) -> bool:
    if "$id" in node or "$anchor" in node:
        return True
    reference = node.get("$ref")
    if isinstance(reference, str) and reference[:2] != "#/" and reference != "#":
        return True
    mapping = node.get("mapping")
    values = mapping.values() if type(mapping) is dict else ()
    return any(
        isinstance(value, str) and value[:2] != "#/" and ("/" in value or value.endswith(SUFFIXES)) for value in values
    )
