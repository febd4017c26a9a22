"""``--query``: a JMESPath expression, checked before anything is sent. The only door to jmespath."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from dynaclient.errors import ArgumentError, Problem


class Query:
    """A JMESPath expression.

    Raises
    ------
    ArgumentError
        Where it is not JMESPath, or calls a function that JMESPath does not have or gives it too few or too many arguments.
    """

    def __init__(self, expression: str) -> None:
        import jmespath
        from jmespath.exceptions import JMESPathError

        self._expression = expression
        try:
            self._compiled = jmespath.compile(expression)
        except JMESPathError as error:
            raise self._bad(f"is not JMESPath: {' '.join(str(error).split())}") from None
        for message in _misused(self._compiled.parsed):
            raise self._bad(message)

    def search(self, value: Any) -> Any:
        """What the expression finds in plain data.

        Raises
        ------
        ArgumentError
            Where it cannot be applied: a function gets a value of another type.
        """
        from jmespath.exceptions import JMESPathError

        try:
            return self._compiled.search(value)
        except JMESPathError as error:
            raise self._bad(f"cannot be applied to what came back: {error}") from None

    def _bad(self, message: str) -> ArgumentError:
        problem = Problem("--query", f"{self._expression[:80]!r} {message}", hint="see https://jmespath.org")
        return ArgumentError("the result cannot be searched", problems=(problem,))


def _misused(node: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the functions that an expression calls."""
    from jmespath.functions import Functions

    known: Mapping[str, Mapping[str, Any]] = Functions.FUNCTION_TABLE
    children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
    if node.get("type") == "function_expression":
        name, count = str(node["value"]), len(children)
        if name not in known:
            close = get_close_matches(name, known, 1)
            yield f"calls {name}(), which is no function of JMESPath" + (
                f"; did you mean {close[0]}()?" if close else ""
            )
        else:
            signature = known[name]["signature"]
            variadic = bool(signature) and bool(signature[-1].get("variadic"))
            if count < len(signature) or (count > len(signature) and not variadic):
                more = "at least " if variadic else ""
                yield f"calls {name}() with {_arguments(count)}; it takes {more}{_arguments(len(signature))}"
    for child in children:
        yield from _misused(child)


def _arguments(count: int) -> str:
    return f"{count} argument{'' if count == 1 else 's'}"
