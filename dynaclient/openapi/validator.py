"""One schema's judge: accepts fast, says what is wrong slowly, and what is let pass where only the meaning counts.

A compiled validator has the first word and openapi-core the last one; `check` makes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from dynaclient.errors import Problem

if TYPE_CHECKING:
    from dynaclient.openapi.departure import Departure

Accepts = Callable[[Any], bool]

REFUSED = (ValueError, TypeError, OverflowError)
"""What jsonschema-rs raises for a value that is no JSON at all."""


class Authority(Protocol):
    """openapi-core, asked about a value by the key of a schema."""

    def errors(self, key: str, value: Any) -> tuple[Any, ...]:
        """Its errors; ``()`` where the value fits."""
        ...

    def problems(self, key: str, value: Any, where: str) -> tuple[Problem, ...]:
        """Its errors in words."""
        ...


class Judge(Protocol):
    """What says whether a value is good enough, and if not, why."""

    def accepts(self, value: Any) -> bool:
        """Whether a value passes."""
        ...

    def accepts_at_once(self, value: Any) -> bool:
        """Whether a value passes, as far as can be said fast."""
        ...

    def problems(self, value: Any, where: str = "$") -> tuple[Problem, ...]:
        """What is wrong with one that does not."""
        ...


class Validator:
    """Judges values by one schema, in one direction. Made by ``Checker.validator``; safe to share between threads."""

    __slots__ = ("_authority", "_compiled", "_key", "_lenient", "_make_lenient")

    def __init__(
        self,
        compiled: Accepts | None,
        key: str,
        authority: Callable[..., Authority],
        make_lenient: Callable[[], Validator],
    ) -> None:
        self._compiled, self._key, self._authority = compiled, key, authority
        self._lenient: Validator | None = None
        self._make_lenient = make_lenient

    @property
    def compiled(self) -> bool:
        """Whether there is a compiled validator; without one, openapi-core decides each time."""
        return self._compiled is not None

    def accepts(self, value: Any) -> bool:
        """Whether a value fits: plain JSON data (dict, list, str, int, float, bool, None), or bytes where the schema takes them."""
        if self._accepts_fast(value):
            return True
        try:
            return not (_unfit(value) or self._authority().errors(self._key, value))
        except RecursionError:
            return False

    def accepts_at_once(self, value: Any) -> bool:
        """As `accepts`, without asking openapi-core if there is a compiled validator: for many parts of a value that was refused."""
        return self._accepts_fast(value) if self._compiled is not None else self.accepts(value)

    def problems(self, value: Any, where: str = "$") -> tuple[Problem, ...]:
        """All that is wrong with a value, in the order of the value; ``()`` where it fits.

        Parameters
        ----------
        value:
            Plain JSON data.
        where:
            What the value is called in messages: ``$`` for a whole body, the name of an argument otherwise.

        Raises
        ------
        SpecError
            Where the schema itself cannot be applied.
        """
        if self._accepts_fast(value):
            return ()
        if unfit := _unfit(value, where):
            return unfit
        try:
            return self._authority().problems(self._key, value, where)
        except RecursionError:
            return (Problem(where, "does not fit; it, or its schema, is nested too deeply to say where"),)

    @property
    def lenient(self) -> Validator:
        """The validator of the schema without its harmless demands, see `lenient`; made when it is first asked for."""
        if self._lenient is None:
            self._lenient = self._make_lenient()
        return self._lenient

    def departures(self, value: Any, where: str = "$") -> tuple[Departure, ...] | None:
        """Return how a value departs from the schema, where that changes no meaning.

        Parameters
        ----------
        value, where:
            As for ``problems``.

        Returns
        -------
        tuple[Departure, ...] | None
            ``()`` where the value fits; None where it is refused even so: ``lenient_problems`` says why.
        """
        if self._accepts_fast(value):
            return ()
        lenient = self.lenient
        if lenient._accepts_fast(value):
            return self._departures(value, where)
        if self.accepts(value):
            return ()
        return self._departures(value, where) if lenient.accepts(value) else None

    def lenient_problems(self, value: Any, where: str = "$") -> tuple[Problem, ...]:
        """Return what is wrong with a value that ``departures`` refuses, without what is harmless.

        The words are those of the strict schema, because it has a place in the document.
        """
        wrong = self.lenient.problems(value, where)
        strict = self.problems(value, where)
        places = {problem.where for problem in wrong}
        worded = tuple(problem for problem in strict if problem.where in places)
        known = {problem.where for problem in worded}
        others = tuple(problem for problem in wrong if problem.where not in known)
        if all(problem.pointer for problem in others):
            return (*worded, *others)
        # Some of what lenient says is of no schema of the document: the limits between the alternatives of a union.
        harmless = {departure.where for departure in self._departures(value, where, accepted=False)}
        return tuple(problem for problem in strict if problem.where not in harmless) or strict

    def _departures(self, value: Any, where: str, *, accepted: bool = True) -> tuple[Departure, ...]:
        from dynaclient.openapi.departure import departures, of_authority, of_compiled

        if self._compiled is None:
            faults = map(of_authority, self._authority().errors(self._key, value))
        else:
            faults = map(of_compiled, _errors(self._compiled, value))
        return departures(faults, where, accepted=accepted)

    def verdicts(self, value: Any) -> tuple[bool | None, bool]:
        """What the two validators say, each on its own: the compiled one (None: there is none), and openapi-core. For tests."""
        fast = self._accepts_fast(value) if self.compiled else None
        return fast, not self._authority(whole=True).errors(self._key, value)

    def _accepts_fast(self, value: Any) -> bool:
        if self._compiled is None:
            return False
        try:
            return self._compiled(value)
        except REFUSED:
            return False


def _unfit(value: Any, where: str = "$") -> tuple[Problem, ...]:
    from dynaclient.openapi.explain import unfit

    return unfit(value, where)


class Lenient:
    """A validator in the mode ``lenient``: departures that change no meaning pass, and are noted.

    Parameters
    ----------
    validator:
        The validator of the schema.
    noted:
        The list to which departures are added.
    """

    __slots__ = ("_noted", "_validator")

    def __init__(self, validator: Validator, noted: list[Departure]) -> None:
        self._validator, self._noted = validator, noted

    def accepts(self, value: Any) -> bool:
        """Whether a value passes; how it departs from the schema is noted."""
        if self._validator._accepts_fast(value):
            return True
        found = self._validator.departures(value)
        if found:
            self._noted += found
        return found is not None

    def accepts_at_once(self, value: Any) -> bool:
        """As `accepts`, without asking openapi-core if there are compiled validators."""
        validator = self._validator
        if validator._accepts_fast(value):
            return True
        if validator.compiled and validator.lenient.compiled and not validator.lenient._accepts_fast(value):
            return False
        return self.accepts(value)

    def problems(self, value: Any, where: str = "$") -> tuple[Problem, ...]:
        """What is wrong with a value that does not pass."""
        return self._validator.lenient_problems(value, where)


def _errors(accepts: Accepts, value: Any) -> Iterator[Any]:
    """The errors of a compiled validator; only its ``is_valid`` is kept, because good values need nothing else."""
    found: Iterator[Any] = accepts.__self__.iter_errors(value)  # type: ignore[attr-defined]
    return found
