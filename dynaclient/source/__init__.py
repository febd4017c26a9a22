"""Load, settle and remember documents: a path, text or URL goes in, one plain mapping with local references comes out."""

from dynaclient.source.document import Document
from dynaclient.source.limits import DEFAULT_LIMITS, Limits
from dynaclient.source.load import SHIPPED, bundled, load, load_value
from dynaclient.source.place import Place

__all__ = ["DEFAULT_LIMITS", "SHIPPED", "Document", "Limits", "Place", "bundled", "load", "load_value"]
