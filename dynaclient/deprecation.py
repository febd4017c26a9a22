"""Tells, once, that an operation or an argument which is called is deprecated (OpenAPI 3.1, 4.8.10 and 4.8.12)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from dynaclient.openapi.arguments import Bound
from dynaclient.openapi.model import Operation, Parameter


class Deprecations:
    """Remembers what was told. Safe among threads: at worst a line is written twice."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def note(self, operation: Operation, fields: Iterable[Parameter], bound: Bound) -> None:
        """Tell on the logger ``dynaclient`` what of a call is deprecated and was not told before.

        Parameters
        ----------
        operation:
            What is called.
        fields:
            Its arguments that are deprecated.
        bound:
            The arguments of the call.
        """
        if operation.deprecated:
            self._tell(operation.dotted, "", f"{operation.dotted} is deprecated")
        body = bound.body if isinstance(bound.body, dict) else {}
        for field in fields:
            if field.name in body if field.location == "body" else field.python_name in bound.parameters:
                name = field.python_name
                self._tell(operation.dotted, name, f"{operation.dotted}: the argument {name} is deprecated")

    def _tell(self, operation: str, name: str, text: str) -> None:
        if (operation, name) not in self._told:
            self._told.add((operation, name))
            logging.getLogger("dynaclient").warning("%s", text)
