"""XML -> values, by the hints of a document (OpenAPI 3.2, 4.26; 3.1.1, 4.8.26).

It is read by the standard library's expat with every document type declaration refused, which attacks by entities need (RFC 7303, 10): no entity can be declared, so
none can be expanded or fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dynaclient.openapi.cast import Caster
from dynaclient.openapi.media import charset
from dynaclient.openapi.shape import properties, types
from dynaclient.openapi.xml import INSTANCE
from dynaclient.openapi.xmlhints import Hint, Hints

_DEEPEST = 200


@dataclass(slots=True)
class Node:
    """One element that was read: ``content`` holds its texts and elements in order, ``marked`` what stands in its CDATA sections."""

    name: str
    namespace: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[str | Node] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text that stands directly in it."""
        return "".join(part for part in self.content if isinstance(part, str))

    @property
    def elements(self) -> list[Node]:
        """The elements that stand directly in it."""
        return [part for part in self.content if isinstance(part, Node)]

    @property
    def nil(self) -> bool:
        """Whether it says that it is null (``xsi:nil``)."""
        return self.attributes.get(f"{INSTANCE} nil") in ("true", "1")


def parse_xml(data: bytes, content_type: str = "") -> Node:
    """The root element of an XML document.

    Raises
    ------
    ValueError
        Where it is not well formed, is nested more than 200 deep, or declares a document type.
    """
    from xml.parsers import expat

    builder = _Tree()
    encoding = charset(content_type) if "charset" in content_type.lower() else None
    try:
        parser = expat.ParserCreate(encoding, " ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
        parser.CharacterDataHandler = builder.characters
        parser.StartCdataSectionHandler, parser.EndCdataSectionHandler = builder.mark, builder.unmark
        for start in range(0, len(data), 65536):  # piece by piece, so that what is refused is not read on
            parser.Parse(data[start : start + 65536])
        parser.Parse(b"", True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    except LookupError as error:
        raise ValueError(f"its charset is not known: {error}") from None
    assert builder.root is not None
    return builder.root


def _refuse(*_: Any) -> None:
    raise ValueError("a document type declaration is refused: it could declare entities")


class _Tree:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._marked = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} deep")
        namespace, _, local = name.rpartition(" ")
        node = Node(local, namespace, attributes)
        if self._open:
            self._open[-1].content.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, data: str) -> None:
        self._open[-1].content.append(data)
        if self._marked:
            self._open[-1].marked.append(data)

    def mark(self) -> None:
        self._marked = True

    def unmark(self) -> None:
        self._marked = False


def read_xml(caster: Caster, schema: str | None, data: bytes, content_type: str = "") -> Any:
    """An XML document as the value that a schema describes.

    Parameters
    ----------
    caster:
        The document, and the validators that decide what a text means.
    schema:
        The pointer of the schema.
    data, content_type:
        The document, and the type that it came with: its ``charset`` wins over what the document says of itself (RFC 7303, 3).

    Raises
    ------
    ValueError
        Where it is not XML.
    """
    root = parse_xml(data, content_type)
    try:
        return _Reader(caster).value(Hint(schema, "element", root.name), root)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


class _Reader:
    def __init__(self, caster: Caster) -> None:
        self._caster = caster
        self._hints = Hints(caster.document)

    def value(self, hint: Hint, node: Node) -> Any:
        """The value of an element."""
        if node.nil:
            return None
        schema = hint.schema
        if schema is None:
            return _anything(node)
        if self._hints.is_object(schema):
            return self._object(schema, node)
        if self._hints.is_array(schema):
            return self._array(Hint(schema, "element", node.name), node)
        if not types(self._caster.document, schema) and (node.elements or node.attributes):
            return _anything(node)
        return self._scalar(schema, node.text)

    def _scalar(self, schema: str | None, found: str) -> Any:
        stripped = found.strip()
        value = self._caster.scalar(schema, stripped)
        return found if isinstance(value, str) else value

    def _array(self, hint: Hint, node: Node) -> list[Any]:
        """The items of an array that has an element of its own."""
        if not self._hints.is_sequence(hint.schema):
            item = self._hints.item(hint)
            return [self.value(item, element) for element in node.elements]
        parts = [part for part in node.content if isinstance(part, Node) or part.strip()]
        found = []
        for number, part in enumerate(parts):
            item = self._hints.item(hint, number)
            found.append(self._scalar(item.schema, part) if isinstance(part, str) else self.value(item, part))
        return found

    def _object(self, schema: str, node: Node) -> dict[str, Any]:
        """The declared members of an element, and what else stands in it."""
        taken: set[int] = set()
        found = self._members(schema, node, taken)
        strangers: dict[str, Any] = {}
        for element in node.elements:
            if id(element) not in taken:
                _gather(strangers, element.name, _anything(element))
        return {**strangers, **found} if strangers else found

    def _members(self, schema: str, node: Node, taken: set[int]) -> dict[str, Any]:
        """The declared members of an element; their elements are added to ``taken``."""
        found: dict[str, Any] = {}
        required = {item.name for item in properties(self._caster.document, schema) if item.required}
        for name, hint in self._hints.members(schema):
            value = self._member(hint, node, taken, required=name in required)
            if value is not _ABSENT:
                found[name] = value
        return found

    def _member(self, hint: Hint, node: Node, taken: set[int], *, required: bool) -> Any:
        if hint.node == "attribute":
            name = f"{hint.namespace} {hint.name}" if hint.namespace else hint.name
            if name in node.attributes:
                return self._scalar(hint.schema, node.attributes[name])
            nullable = hint.schema is not None and "null" in types(self._caster.document, hint.schema)
            return None if nullable and required else _ABSENT  # OpenAPI 3.2, 4.26.4
        if hint.node in ("text", "cdata"):
            found = node.text if not node.elements else node.text.strip()
            if hint.node == "cdata" and node.marked:
                found = "".join(node.marked)
            return self._scalar(hint.schema, found) if found or required else _ABSENT
        if hint.node == "none":
            return self._inline(hint, node, taken, required=required)
        elements = _named(node, hint)
        taken.update(map(id, elements))
        return self.value(hint, elements[-1]) if elements else _ABSENT

    def _inline(self, hint: Hint, node: Node, taken: set[int], *, required: bool) -> Any:
        """A property without an element of its own: an array's items, or an object's members, stand in that of its parent."""
        if hint.schema is not None and self._hints.is_object(hint.schema) and not self._hints.is_array(hint.schema):
            return self._members(hint.schema, node, taken)
        item = self._hints.item(hint)
        elements = _named(node, item)
        taken.update(map(id, elements))
        if not elements:
            return [] if required else _ABSENT
        return [self.value(item, element) for element in elements]


_ABSENT = object()


def _named(node: Node, hint: Hint) -> list[Node]:
    """The elements that a hint names; one without a namespace of its own is found in any."""
    found = [element for element in node.elements if element.name == hint.name]
    return [element for element in found if not hint.namespace or element.namespace == hint.namespace]


def _anything(node: Node) -> Any:
    """An element of which the document says nothing: an object of what stands in it, or its text."""
    if node.nil:
        return None
    if not node.elements and not node.attributes:
        return node.text
    found: dict[str, Any] = {name.rpartition(" ")[2]: value for name, value in node.attributes.items()}
    for element in node.elements:
        _gather(found, element.name, _anything(element))
    if node.text.strip():
        found["#text"] = node.text.strip()
    return found


def _gather(found: dict[str, Any], name: str, value: Any) -> None:
    """What comes twice is an array."""
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]
