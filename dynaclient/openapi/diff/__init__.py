"""What changed from one OpenAPI document to another, and whether it breaks a client: pure, documents in, changes out.

``compare`` walks both documents side by side; ``words`` and ``rules`` are the catalogue of all changes; ``view`` makes one flat view of a schema, so
that two ways to write the same thing look the same; ``schemas``, ``keywords`` and ``alternatives`` compare two views; ``walk`` goes from there to all
that is below, circles included; ``same`` knows what needs no comparison; ``render`` writes.

Whether a value is lost by a change is decided by ``containment``, and ``weigh`` turns that into what a finding is
worth: ``clauses`` resolves a schema into a union of plain keywords, ``facts`` reads these, ``inside`` compares two,
``samples`` makes values to the contrary, and ``accepts`` judges values.
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
