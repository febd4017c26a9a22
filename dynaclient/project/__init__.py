"""Documents of a project: which ones it uses, from where, with which amendments, and what became of them.

``dynaclient.toml`` is written by people, ``dynaclient.lock`` by dynaclient; both, and the documents beside them, belong under version control::

    import dynaclient
    from dynaclient import project

    client = dynaclient.Client(project.document("store"))

What fetches and compares is imported when it is first used: to open a document costs no more than a file does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynaclient.project.files import Entry, Lock, Project, find_project, project_document

if TYPE_CHECKING:
    from dynaclient.project.keep import add, roll_back
    from dynaclient.project.update import Update, accept, prepare

document = project_document

__all__ = [
    "Entry",
    "Lock",
    "Project",
    "Update",
    "accept",
    "add",
    "document",
    "find_project",
    "prepare",
    "project_document",
    "roll_back",
]

_LATE = {"add": "keep", "roll_back": "keep", "Update": "update", "accept": "update", "prepare": "update"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"dynaclient.project.{_LATE[name]}"), name)
    return found
