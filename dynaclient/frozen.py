"""Frozen values: the door to msgspec's structs, which are made in a thirtieth of the time that a frozen dataclass takes, and filled in a third.

``class Timeout(Struct, frozen=True)`` has what a frozen dataclass with slots has: fields by position or name, defaults, equality, hash, repr, pickling.
``evolve(value, name=...)`` gives the same value with other fields. A process imports some seventy such classes before its first call.
"""

from msgspec import Struct, field
from msgspec.structs import force_setattr
from msgspec.structs import replace as evolve

__all__ = ["Struct", "evolve", "field", "force_setattr"]
