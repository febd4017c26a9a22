"""Load a document: find it, read it, settle it, remember it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct
from dynaclient.source import cache as store
from dynaclient.source.document import Document, check_kind, is_swagger, plain_mapping, with_text_versions
from dynaclient.source.limits import DEFAULT_LIMITS, Limits
from dynaclient.source.pieces import Origins, decode_entry
from dynaclient.source.place import SourceFile

if TYPE_CHECKING:
    from dynaclient.openapi.grammar import Layout
    from dynaclient.source.files import Content, Fetch, Library

    _Used = list[tuple[Content, bool]]  # the further files, and whether each was read as YAML

# Part of every cache key: raise it whenever the same text gives another outcome, or an entry has another form.
FORMAT = 2

SHIPPED = "embeddings.yaml (shipped with dynaclient)"
"""What the document that ships is called in messages, and by ``source`` of a document and an Api."""

Spec = str | bytes | os.PathLike[str] | Mapping[str, Any] | None


def bundled() -> Path:
    """The path of the document that ships with dynaclient.

    Raises
    ------
    SpecError
        Where the installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for path in (package / "spec" / "embeddings.yaml", package.parent / "spec" / "embeddings.yaml"):
        if path.is_file():
            return path
    raise SpecError(
        "the document that ships with dynaclient is missing from this installation; install dynaclient again"
    )


def load(
    spec: Spec = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    cache: bool = True,
    roots: Iterable[str | os.PathLike[str]] = (),
    fetch: Fetch | None = None,
) -> Document:
    """Load an OpenAPI document; all its references to files are settled, those to other origins stay.

    Swagger 2.0 is translated to OpenAPI 3.0: that is what ``data`` holds, and ``place`` still finds the lines as they are written.

    Parameters
    ----------
    spec:
        A path; a text (with a line break, or beginning with a brace); its bytes; a mapping; a URL (http, https), if ``fetch`` is
        given; None: the document that ships with dynaclient.
    limits:
        Bounds on what is read.
    cache:
        Whether the parsed form may be kept in the user's cache folder.
    roots:
        Folders, besides the document's own, whose files it may refer to.
    fetch:
        Reads a URL: ``(url) -> (bytes, final_url, content_type)``. Only the document's own origin is read.

    Raises
    ------
    SpecError
        Where it cannot be read or makes no sense, with place and what to do; UnsupportedError for other kinds and versions.
    """
    if isinstance(spec, Mapping):
        return _from_mapping(spec, limits)
    content = open_content(spec, limits, fetch)
    folders = tuple(Path(root).expanduser().resolve() for root in roots)
    reading = _Reading(content, limits, folders, fetch)
    if not cache:
        return reading.read()[0]
    document = reading.remembered()
    if document is None:
        document, entry = reading.read()
        if entry is None:  # a file that is missing today may be there tomorrow
            return document
        store.put("document", reading.key, entry)
    return replace(document, kept=True)


def load_value(spec: str | bytes | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Any YAML or JSON file or text as a plain value: an overlay, a request body. Nothing is checked but the limits.

    Raises
    ------
    SpecError
        Where it cannot be read.
    """
    from dynaclient.source.scalar import without_odd
    from dynaclient.source.text import parse

    content = open_content(spec, limits, None)
    value, yaml = parse(content.raw, content.name, limits)
    return without_odd(value) if yaml else value


def open_content(spec: str | bytes | os.PathLike[str] | None, limits: Limits, fetch: Fetch | None) -> Content:
    """The bytes behind a path, text or URL, with their name and address."""
    from dynaclient.source.files import Content, fetched, read_path

    if isinstance(spec, bytes | bytearray | memoryview):
        content = Content("", "<text>", bytes(spec))
    elif isinstance(spec, str) and ("\n" in spec or spec.removeprefix("\ufeff").lstrip()[:1] == "{"):
        content = Content("", "<text>", _encoded(spec))
    elif isinstance(spec, str) and spec.lower().startswith(("http://", "https://")):
        content = fetched(spec, fetch)
    elif spec is None or isinstance(spec, str | os.PathLike):
        path = Path(spec).expanduser() if spec is not None else bundled()
        name = os.fspath(spec) if spec is not None else SHIPPED
        if not str(name).strip():
            raise SpecError("the path of the document is empty")
        raw = read_path(path, str(name), limits.bytes)
        content = Content(path.resolve().as_uri(), str(name), raw)
    else:
        raise SpecError(f"a document is a path, a text, bytes, a mapping or a URL, not {type(spec).__name__}")
    if len(content.raw) > limits.bytes:
        raise SpecError(limits.exceeded("bytes", "it has more bytes than"), source=content.name)
    return content


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SpecError(
            f"the text holds half of a surrogate pair at character {error.start}, which is no character",
            source="<text>",
        ) from None


def _from_mapping(spec: Mapping[str, Any], limits: Limits) -> Document:
    from msgspec.json import encode

    from dynaclient.source.files import Content

    name = "<mapping>"
    data = plain_mapping(spec, name, limits.depth)
    reading = _Reading(Content("", name, encode(data)), limits, (), None)
    document, _ = reading.settle(data, yaml=False)
    return replace(document, texts={})


def _layout(*, swagger: bool) -> Layout:
    if swagger:
        from dynaclient.source.swagger import SWAGGER

        return SWAGGER
    from dynaclient.openapi.grammar import OPENAPI

    return OPENAPI


class _Reading(Struct, frozen=True, dict=True):
    """One document being read, with all that has a say in the outcome."""

    content: Content
    limits: Limits
    folders: tuple[Path, ...]
    fetch: Fetch | None

    @cached_property
    def key(self) -> str:
        """The key in the cache. The further files of the document are not part of it: they are checked with the entry."""
        from dynaclient.source.files import origin

        content = self.content
        options = (self.limits.key, origin(content.uri), str(self.fetch is not None), *map(str, self.folders))
        return sha256("\n".join((str(FORMAT), content.digest, *options)).encode()).hexdigest()

    def library(self) -> Library:
        from dynaclient.source.files import Library

        return Library(self.content, self.folders, self.fetch, self.limits)

    def read(self) -> tuple[Document, dict[str, Any] | None]:
        """The document, and its form in the cache; None if it must not be kept there."""
        from dynaclient.source.text import parse

        name = self.content.name
        try:
            data, yaml = parse(self.content.raw, name, self.limits)
            return self.settle(data, yaml=yaml)
        except RecursionError:
            raise SpecError("it nests too deeply to be read from where load was called", source=name) from None

    def settle(self, data: Any, *, yaml: bool) -> tuple[Document, dict[str, Any] | None]:
        from dynaclient.source.bundle import Bundler, needs_bundling
        from dynaclient.source.resolve import Resolver, root_resource

        content = self.content
        check_kind(data, content.name)
        data = data if yaml else with_text_versions(data)
        library = self.library()
        resolver = Resolver(root_resource(content, data, yaml=yaml), library, self.limits)
        origins: Sequence[tuple[str, str, str]] = ()
        complete = True
        swagger = is_swagger(data)
        if yaml or needs_bundling(data, content.raw):
            bundler = Bundler(resolver, _layout(swagger=swagger))
            data, origins, complete = bundler.bundle(), bundler.origins, bundler.complete
        if swagger:
            from dynaclient.source.swagger import translate

            data, moves = translate(data, self.limits)
            origins = moves.origins(origins, content.name)
        used = [(library.contents[uri], resolver.resources[uri].yaml) for uri in resolver.consulted]
        files = [{"address": library.relative(file.uri), "digest": file.digest, "yaml": form} for file, form in used]
        entry = {"data": data, "yaml": yaml, "origins": origins, "files": files}
        return self.document(data, used, origins, yaml=yaml), entry if complete else None

    def document(self, data: Any, used: _Used, origins: Iterable[Sequence[str]], *, yaml: bool) -> Document:
        content = self.content
        texts = {content.name: SourceFile(content.name, content.raw, yaml=yaml)}
        for file, form in used:
            texts.setdefault(file.name, SourceFile(file.name, file.raw, yaml=form))
        digests = [content.digest, *(file.digest for file, _ in used if file is not content)]
        digest = digests[0] if len(digests) == 1 else sha256(" ".join(digests).encode()).hexdigest()
        listed = origins if isinstance(origins, Origins) else tuple((one, file, there) for one, file, there in origins)
        return Document(data, content.name, digest, tuple(texts), texts, listed, address=content.uri)

    def remembered(self) -> Document | None:
        """The document from the cache, if all that it was made from is unchanged and may still be read."""
        entry = store.get("document", self.key, decode_entry)
        try:
            used = self._unchanged(entry["files"])
            return None if used is None else self.document(entry["data"], used, entry["origins"], yaml=entry["yaml"])
        except (KeyError, TypeError, ValueError):  # no entry, or none of this form
            return None

    def _unchanged(self, files: list[Any]) -> _Used | None:
        library = self.library()
        used = []
        for file in files:
            try:
                content = library.read(library.absolute(file["address"]))
            except SpecError:
                return None
            if content.digest != file["digest"]:
                return None
            used.append((content, bool(file["yaml"])))
        return used
