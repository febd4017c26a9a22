"""What in a document will trouble a client: pure, a document in, findings out.

``finding`` is the catalogue; ``walk`` visits every object of the document once, knowing its kind; ``references``, ``operations``, ``access``,
``schemas``, ``examples`` and ``extensions`` each look for their own findings; ``run`` puts them together and leaves out what the document silences.
"""

from dynaclient.openapi.lint.finding import CATALOGUE, LEVELS, Finding, gravest
from dynaclient.openapi.lint.run import lint

__all__ = ["CATALOGUE", "LEVELS", "Finding", "gravest", "lint"]
