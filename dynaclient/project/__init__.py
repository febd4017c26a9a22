"""Documents of a project: which ones it uses, from where, with which amendments, and what became of them.

``dynaclient.toml`` is written by people, ``dynaclient.lock`` by dynaclient; both, and the documents beside them, belong under version control::

    import dynaclient
    from dynaclient import project

    client = dynaclient.Client(project.document("store"))
"""

from dynaclient.project.files import Entry, Lock, Project, find_project, project_document
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
