"""Is a request body what the document takes? Judged as a value, before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import Problem
from dynaclient.openapi.check import Checker, Validator
from dynaclient.openapi.model import MediaType, Operation
from dynaclient.openapi.parts import Attachment, file_paths, judged
from dynaclient.openapi.shape import types

_WITH_BYTES = frozenset({"multipart", "form", "xml"})


class BodyJudge:
    """Judges the bodies of one operation in one media type; made once, used for every call, safe among threads.

    Parameters
    ----------
    operation, media, kind:
        What is judged, and how it is written (``bodies.kind_of``).
    document:
        The document; without it readOnly is not looked at.
    checker:
        The validators of the document.
    """

    def __init__(
        self, operation: Operation, media: MediaType, kind: str, document: Mapping[str, Any], checker: Checker
    ) -> None:
        self._operation, self._media, self._kind = operation, media, kind
        self._document, self._checker = document, checker
        self._validator: Validator | None = None
        self._read_only: bool | None = None

    def problems(self, body: Any, *, partial: bool) -> list[Problem]:
        """All that is wrong with a body; ``partial``: something is missing already, so only the parts that are there are judged.

        What is ready to send (bytes, a file, text where the media type is not JSON) is not judged.
        """
        if self._kind in ("lines", "sequence") and isinstance(body, list):
            return list(self._items(body))
        if self._media.schema is None or self._is_ready(body):
            return []
        if partial and isinstance(body, dict):
            return [*self._parts(body)]
        value = judged(body) if self._kind in _WITH_BYTES else body
        validator = self._validator
        if validator is None:
            validator = self._validator = self._checker.validator(self._media.schema, "request")
        return [] if validator.accepts(value) else self._unexcused(validator.problems(value), body)

    def _is_ready(self, body: Any) -> bool:
        if self._kind in ("binary", "lines", "sequence"):
            return True
        if isinstance(body, (bytes, Attachment)):
            return self._kind != "json"
        if self._kind == "text":
            kinds = types(self._document, self._media.schema) if self._document and self._media.schema else ("object",)
            return isinstance(body, str) and bool(kinds) and "string" not in kinds
        return isinstance(body, str) and self._kind != "json"

    def _items(self, body: list[Any]) -> Iterator[Problem]:
        """The items of a sequential media type (OpenAPI 3.2, 4.14.2): each by ``itemSchema``, the whole by ``schema``."""
        if self._media.schema is not None:
            yield from self._checker.validator(self._media.schema, "request").problems(body)
        if self._media.item_schema is not None:
            validator = self._checker.validator(self._media.item_schema, "request")
            for number, item in enumerate(body):
                yield from validator.problems(item, f"$[{number}]")

    def _parts(self, body: dict[str, Any]) -> Iterator[Problem]:
        for field in self._operation.arguments:
            if field.location != "body" or field.name not in body or field.schema is None:
                continue
            item = body[field.name]
            value = judged(item) if self._kind in _WITH_BYTES else item
            validator = self._checker.validator(field.schema, "request")
            if not validator.accepts(value):
                yield from self._unexcused(validator.problems(value, field.python_name), item, field.python_name)

    def _unexcused(self, problems: tuple[Problem, ...], body: Any, where: str = "$") -> list[Problem]:
        """The problems without those of a file's text: a file stands for a string, whose text nobody has seen."""
        if self._kind not in _WITH_BYTES:
            return list(problems)
        from dynaclient.openapi.explain import place

        places = {place(where, path) for path in file_paths(body)}
        return [problem for problem in problems if problem.where not in places or problem.pointer.endswith("/type")]

    def notes(self, body: Any) -> Iterator[Problem]:
        """The properties in a body that are the service's to set: they are sent, and it may ignore or refuse them."""
        if self._read_only is False or self._media.schema is None or self._is_ready(body):
            return iter(())
        from dynaclient.openapi.annotate import has_read_only, read_only

        if self._read_only is None:
            self._read_only = bool(self._document) and has_read_only(self._document, self._media.schema)
        return read_only(self._document, self._media.schema, body) if self._read_only else iter(())
