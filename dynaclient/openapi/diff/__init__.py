"""What changed from one OpenAPI document to another, and whether it breaks a client: pure, documents in, changes out.

``compare`` walks both documents side by side; ``words`` and ``rules`` are the catalogue of all changes; ``view`` makes one flat view of a schema, so
that two ways to write the same thing look the same; ``schemas``, ``keywords`` and ``alternatives`` compare two views; ``walk`` goes from there to all
that is below, circles included; ``same`` knows what needs no comparison; ``render`` writes.
"""

from dynaclient.openapi.diff.compare import diff
from dynaclient.openapi.diff.model import LEVELS, Change, Level, gravest
from dynaclient.openapi.diff.render import by_gravity, to_github, to_json, to_markdown
from dynaclient.openapi.diff.rules import TRUST, catalogue

__all__ = [
    "LEVELS",
    "TRUST",
    "Change",
    "Level",
    "by_gravity",
    "catalogue",
    "diff",
    "gravest",
    "to_github",
    "to_json",
    "to_markdown",
]
