"""Does a value fit a schema of the document? Accept fast, explain slowly.

A compiled validator (jsonschema-rs) says yes in microseconds. What it refuses is shown to openapi-core, which has the last word and
whose errors are put into words. Both see the same settled schemas, the same formats and the same regular expressions, and
neither can fetch anything. This module is the only door to jsonschema-rs and openapi-core.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from dynaclient.errors import Problem, SpecError, UnsupportedError
from dynaclient.openapi.dialect import Direction, Translation, bundle, is_endless, translate
from dynaclient.openapi.formats import PREDICATES, TEXTS
from dynaclient.openapi.keywords import Keywords, Shortcut
from dynaclient.openapi.lenient import LENIENT
from dynaclient.openapi.schemas import Schemas
from dynaclient.openapi.validator import REFUSED, Accepts, Validator

if TYPE_CHECKING:
    from dynaclient.openapi.settle import Schema

__all__ = ["Checker", "Validator"]


class Checker:
    """The validators of one document, each compiled when it is first asked for. Safe to share between threads.

    Parameters
    ----------
    document:
        The whole document; only its local references are followed.
    version:
        ``"3.0"``, ``"3.1"`` or ``"3.2"``.
    warn:
        Is told of schemas of replies that cannot be applied.
    """

    def __init__(
        self, document: Mapping[str, Any], version: str, warn: Callable[[SpecError], object] = lambda _error: None
    ) -> None:
        self._warn = warn
        self._schemas = Schemas(document, version, lambda pattern: _regex(pattern) is not None)
        self._lock = threading.RLock()
        self._validators: dict[tuple[str, str], Validator] = {}
        self._translations: dict[tuple[str, str], Translation] = {}
        self._authorities: dict[tuple[str, bool], _Authority] = {}

    @property
    def version(self) -> str:
        """The version of the document, ``"3.0"``, ``"3.1"`` or ``"3.2"``."""
        return self._schemas.version

    def validator(self, pointer: str, direction: Direction) -> Validator:
        """The validator of the schema at a place.

        Parameters
        ----------
        pointer:
            The JSON Pointer (RFC 6901) of the schema, ``/components/schemas/X``.
        direction:
            ``"request"`` or ``"reply"``: whether required properties may be missing because they are ``readOnly`` or ``writeOnly``.

        Raises
        ------
        SpecError
            Where no schema stands there, or a reference within it leads nowhere or out of the document.
        UnsupportedError
            Where ``unevaluatedProperties`` or ``unevaluatedItems`` stand in a schema that leads back to itself for the same value.
        """
        found = self._validators.get((pointer, direction))
        if found is None:
            with self._lock:
                found = self._validators.get((pointer, direction))
                if found is None:
                    key = self._schemas.key(pointer)
                    found = self._validators[pointer, direction] = self._make(key, pointer, direction)
        return found

    def of_reply(self, pointer: str) -> Validator:
        """The validator of a reply's schema; of one that cannot be applied, a validator that accepts everything.

        A fault of the document must not cost a reply that came, and may have been paid. It is told once.
        """
        try:
            return self.validator(pointer, "reply")
        except SpecError as error:
            with self._lock:
                found = self._validators.get((pointer, "reply"))
                if found is None:
                    found = self._validators[pointer, "reply"] = self._accepting(pointer)
                    self._warn(SpecError(f"{error.message}; what comes here is not checked", pointer=error.pointer))
            return found

    def _accepting(self, pointer: str) -> Validator:
        return Validator(lambda _value: True, "", partial(self._authority, "reply"), lambda: self._accepting(pointer))

    def tolerated(self) -> tuple[str, ...]:
        """What was let through in the schemas compiled so far, one line each: ``<pointer>: <what>``."""
        with self._lock:
            return self._schemas.tolerated()

    def _make(self, key: str, pointer: str, direction: Direction) -> Validator:
        root = translate({"$ref": f"#/$defs/{key}"}, self.version, direction)
        translated = partial(self._translated, direction)
        made = bundle(root, translated)
        if made is None and is_endless(root, translated):
            raise UnsupportedError(
                "unevaluated... in a schema that leads back to itself for the same value has no end", pointer=pointer
            )
        lenient = partial(self._lenient, key, pointer, direction)
        return Validator(self._compile(made), key, partial(self._authority, direction), lenient)

    def _lenient(self, key: str, pointer: str, direction: Direction) -> Validator:
        with self._lock:
            return self._make(LENIENT + key.removeprefix(LENIENT), pointer, direction)

    def _translated(self, direction: Direction, key: str) -> Translation:
        known = self._translations.get((key, direction))
        if known is None:
            schema = self._schemas.schema(key)
            known = self._translations[key, direction] = translate(schema, self.version, direction)
        return known

    def _compile(self, schema: Schema | None) -> Accepts | None:
        return None if schema is None else _compiled(schema, self.version)

    def _part(self, direction: Direction, schema: Schema) -> Accepts | None:
        """The compiled validator of a part of a settled schema, by which openapi-core passes over what is good."""
        with self._lock:
            root = translate(schema, self.version, direction)
            return self._compile(bundle(root, partial(self._translated, direction)))

    def _authority(self, direction: Direction, *, whole: bool = False) -> _Authority:
        with self._lock:
            found = self._authorities.get((direction, whole))
            if found is None:
                part = None if whole else partial(self._part, direction)
                found = _Authority(self._schemas, self._lock, direction, part)
                self._authorities[direction, whole] = found
            return found


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> Accepts | None:
    """Whether a string holds a match of an ECMA-262 expression; None where the expression cannot be read."""
    return _compiled({"pattern": pattern, "type": "string"}, "3.1")


def _compiled(schema: Schema, version: str) -> Accepts | None:
    import jsonschema_rs

    draft = jsonschema_rs.Draft4Validator if version == "3.0" else jsonschema_rs.Draft202012Validator
    try:
        return draft(schema, formats=dict(TEXTS), validate_formats=True, offline=True).is_valid
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, *REFUSED):
        return None


def _search(pattern: str, text: str) -> bool:
    """The one meaning of ``pattern`` for both validators; one that cannot be read matches everything."""
    accepts = _regex(pattern)
    try:
        return accepts is None or accepts(text)
    except REFUSED:
        return False


class _Defs(dict[str, Any]):
    """``$defs`` of the document that openapi-core sees: a schema is settled when it is first looked up."""

    def __init__(self, find: Callable[[str], Any], lock: threading.RLock) -> None:
        super().__init__()
        self._find, self._lock = find, lock

    def __missing__(self, name: str) -> Any:
        with self._lock:
            found = self[name] = self._find(name)
        return found


class _Refusal(dict[str, Any]):
    """Handlers for every scheme there is, all of which refuse: nothing is ever fetched."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Any:
        raise LookupError("references out of the document are not followed")


class _Authority:
    """openapi-core, asked about values of one direction.

    ``part`` gives the compiled validator of a part of a schema, by which parts of a value that are good are passed over; that changes no
    verdict, as the compiled validator accepts nothing that openapi-core refuses. None: it looks at everything.
    """

    def __init__(
        self,
        schemas: Schemas,
        lock: threading.RLock,
        direction: Direction,
        part: Callable[[Schema], Accepts | None] | None,
    ) -> None:
        from jsonschema_path import SchemaPath
        from openapi_core.validation.schemas.factories import SchemaValidatorsFactory

        self._schemas = schemas
        self._advise = direction == "request"
        document = {
            "openapi": f"{schemas.version}.0",
            "$defs": _Defs(self._definition, lock),
        }
        self._path = SchemaPath.from_dict(document, handlers=_Refusal())
        self._factory = SchemaValidatorsFactory(_class(schemas.version, direction, part))
        self._validators: dict[str, Any] = {}

    def _definition(self, name: str) -> Any:
        if name.startswith("root "):
            return {"allOf": [{"$ref": f"#/$defs/{name.removeprefix('root ')}"}]}
        if not name.removeprefix(LENIENT).isdigit():
            raise KeyError(name)
        return self._schemas.schema(name)

    def errors(self, key: str, value: Any) -> tuple[Any, ...]:
        """openapi-core's errors; ``()`` where the value fits. RecursionError where value or schema is nested too deeply for Python."""
        from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

        validator = self._validators.get(key)
        try:
            if validator is None:
                schema = self._path / "$defs" / f"root {key}"
                validator = self._factory.create(self._path, schema, format_validators=dict(PREDICATES))
                self._validators[key] = validator
            validator.validate(value)
        except InvalidSchemaValue as error:
            return tuple(error.schema_errors)
        except (SpecError, RecursionError):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:200]
            pointer = self._schemas.pointer(key)
            raise SpecError(f"this schema cannot be applied to a value: {reason}", pointer=pointer) from error
        return ()

    def problems(self, key: str, value: Any, where: str) -> tuple[Problem, ...]:
        """openapi-core's errors in words."""
        from dynaclient.openapi.explain import explain

        return explain(self.errors(key, value), where, self._schemas.places, _search, advise=self._advise)


@lru_cache(maxsize=16)
def _base_class(version: str) -> Any:
    import openapi_schema_validator as classes

    if version == "3.0":
        return classes.OAS30Validator
    return classes.OAS31Validator if version == "3.1" else classes.OAS32Validator


def _class(version: str, direction: Direction, part: Callable[[Schema], Accepts | None] | None) -> Any:
    """openapi-core's validator class with those keywords that must mean the same to the compiled validator."""
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
    from jsonschema.validators import extend  # type: ignore[import-untyped]

    base = _base_class(version)
    keywords = Keywords(ValidationError, _search, partial(_is_multiple, version), Shortcut(part, REFUSED))
    types = base.TYPE_CHECKER.redefine("array", lambda _checker, value: isinstance(value, (list, tuple)))
    return extend(base, keywords.table(base.VALIDATORS, version, direction), type_checker=types)


def _is_multiple(version: str, value: Any, factor: float) -> bool:
    accepts = _multiple(factor, version)
    return accepts is None or accepts(value)


@lru_cache(maxsize=256)
def _multiple(factor: float, version: str) -> Accepts | None:
    return _compiled({"multipleOf": factor}, version)
