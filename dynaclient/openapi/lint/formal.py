"""Whether a document is what the specification says it is: the door to openapi-spec-validator. It is slow, and asked for only by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.model import Api
from dynaclient.openapi.pointer import join

_MOST = 200


class _Refusal(dict[str, Any]):
    """Handlers for every scheme there is, all of which refuse: nothing is ever fetched."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Any:
        raise LookupError("references out of the document are not followed")


def formal_findings(api: Api) -> Iterator[Finding]:
    """What breaks the specification, as openapi-spec-validator sees it; 200 findings at most.

    Parameters
    ----------
    api:
        The document, its references local.
    """
    from jsonschema_path import SchemaPath
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

    classes = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator, "3.2": OpenAPIV32SpecValidator}
    validator = classes[api.version](SchemaPath.from_dict(_plain(api.document), handlers=_Refusal()))
    try:
        for number, error in enumerate(validator.iter_errors()):
            if number == _MOST:
                return
            yield Finding("formal", join("", *_steps(error)), _message(error))
    except Exception as error:  # noqa: BLE001 - a document that its validator cannot follow is told of, not raised
        yield Finding("formal", "", f"openapi-spec-validator cannot go on: {type(error).__name__}: {str(error)[:200]}")


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    return dict(document)


def _steps(error: Any) -> tuple[str | int, ...]:
    return tuple(getattr(error, "absolute_path", ()))


def _message(error: Any) -> str:
    text = " ".join(str(getattr(error, "message", "") or error).split())
    return text if len(text) <= 300 else f"{text[:297]}..."
