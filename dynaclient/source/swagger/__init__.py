"""Swagger 2.0, read by translating it to OpenAPI 3.0.

Pure: plain data in, plain data out, with the place of each node.
"""

from dynaclient.source.swagger.document import translate
from dynaclient.source.swagger.grammar import SWAGGER

__all__ = ["SWAGGER", "translate"]
