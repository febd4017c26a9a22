"""Values -> XML, by the hints of a document (OpenAPI 3.2, 4.26; 3.1.1, 4.8.26)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import UnsupportedError
from dynaclient.openapi.encoding import as_text, content_encoding
from dynaclient.openapi.shape import types
from dynaclient.openapi.style import text
from dynaclient.openapi.xmlhints import NAME, Hint, Hints

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
"""The namespace of ``xsi:nil``, by which an element says that it is null."""

_NIL = f' xmlns:xsi="{INSTANCE}" xsi:nil="true"'
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_IN_TEXT = re.compile("[&<>\r]")
_IN_ATTRIBUTE = re.compile('[&<>"\r\n\t]')


def is_structured(document: Mapping[str, Any], schema: str | None) -> bool:
    """Whether XML is read and written by a schema: one of objects or arrays, or one that has an XML Object. Else it is text, as it stands."""
    if schema is None:
        return False
    return not {"object", "array"}.isdisjoint(types(document, schema)) or bool(Hints(document).written(schema))


def write_xml(document: Mapping[str, Any], schema: str | None, value: Any) -> bytes:
    """A value as an XML document, UTF-8.

    Raises
    ------
    ValueError
        Where the value has no form in it: a control character, a property whose name is none for an element.
    UnsupportedError
        Where the document does not say enough: a root without a name.
    """
    writer = _Writer(Hints(document))
    try:
        return (_HEAD + writer.element(writer.hints.root(schema), value)).encode()
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None


class _Writer:
    def __init__(self, hints: Hints) -> None:
        self.hints = hints

    def element(self, hint: Hint, value: Any) -> str:
        head, inner = self._names(hint), ""
        if value is None:
            return f"<{head}{_NIL}/>"
        if isinstance(value, dict):
            attributes, inner = self._object(hint, value)
            head += attributes
        elif isinstance(value, list):
            inner = "".join(self._items(hint, value))
        else:
            inner = _escaped(self._text(hint, value))
        return f"<{head}>{inner}</{hint.qualified}>" if inner else f"<{head}/>"

    def _names(self, hint: Hint) -> str:
        if not hint.namespace:
            return hint.qualified
        declared = f"xmlns:{hint.prefix}" if hint.prefix else "xmlns"
        return f"{hint.qualified} {declared}={_quoted(hint.namespace)}"

    def _object(self, hint: Hint, value: dict[str, Any]) -> tuple[str, str]:
        """The attributes and the content of an object's element."""
        known = dict(self.hints.members(hint.schema)) if hint.schema is not None else {}
        attributes = ""
        nodes: list[str] = []
        for name, item in value.items():
            member = known.get(name) or self._extra(name)
            if member.node == "attribute":
                attributes += self._attribute(member, item)
            elif member.node == "none" and isinstance(item, dict):
                more, inner = self._object(member, item)
                attributes, nodes = attributes + more, [*nodes, inner]
            else:
                nodes.append(self.node(member, item))
        return attributes, "".join(nodes)

    def _extra(self, name: str) -> Hint:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is no name for an XML element")
        return Hint(None, "element", name)

    def _attribute(self, hint: Hint, value: Any) -> str:
        if value is None:  # OpenAPI 3.2, 4.26.4: a null attribute is left out
            return ""
        declared = f" xmlns:{hint.prefix}={_quoted(hint.namespace)}" if hint.prefix else ""
        return f"{declared} {hint.qualified}={_quoted(self._text(hint, value))}"

    def node(self, hint: Hint, value: Any) -> str:
        """A property or item, whatever stands for it."""
        if hint.node == "text":
            return _escaped(self._text(hint, value))
        if hint.node == "cdata":
            return "<![CDATA[" + _clean(self._text(hint, value)).replace("]]>", "]]]]><![CDATA[>") + "]]>"
        if hint.node == "none" and isinstance(value, list):
            return "".join(self._items(hint, value))
        if hint.node == "none" and isinstance(value, dict):
            attributes, inner = self._object(hint, value)
            if attributes:
                raise UnsupportedError(
                    "an item without an element has no place for attributes", pointer=hint.schema or ""
                )
            return inner
        if isinstance(value, list) and hint.schema is None:
            return "".join(self.element(hint, item) for item in value)
        return self.element(hint, value)

    def _items(self, hint: Hint, values: list[Any]) -> Iterator[str]:
        for number, item in enumerate(values):
            yield self.node(self.hints.item(hint, number), item)

    def _text(self, hint: Hint, value: Any) -> str:
        if isinstance(value, bytes):
            return as_text(value, content_encoding(self.hints.document, hint.schema))
        try:
            return text(value)
        except ValueError:
            raise ValueError(f"{hint.name}: an array or object cannot stand in {_article(hint.node)}") from None


def _article(node: str) -> str:
    return "an attribute" if node == "attribute" else "text"


def _clean(written: str) -> str:
    if _NOT_IN_XML.search(written):
        raise ValueError("it holds characters that cannot stand in XML (XML 1.0, 2.2)")
    return written


def _escaped(written: str) -> str:
    return _IN_TEXT.sub(lambda found: _ESCAPES[found[0]], _clean(written))


def _quoted(written: str) -> str:
    # Line breaks and tabs would be read back as spaces (XML 1.0, 3.3.3).
    return '"' + _IN_ATTRIBUTE.sub(lambda found: _ESCAPES.get(found[0]) or f"&#{ord(found[0])};", _clean(written)) + '"'
