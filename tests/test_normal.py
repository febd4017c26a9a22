"""What callers pass -> plain JSON values."""

import array
import collections
import copy
import datetime
import decimal
import enum
import fractions
import io
import json
import math
import pathlib
import pickle
import uuid
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.openapi.normal import OMIT, NoFormError, normal
from dynaclient.value import Record, Vector

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Color(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):  # noqa: UP042 - its str() is not its value
    ONE = "one"


class Number(enum.IntEnum):
    TWO = 2


class Loud(str):
    def __str__(self):
        return self.upper()


class Count(int):
    pass


class Share(float):
    pass


@dataclass
class Inner:
    when: datetime.date
    extra: object = OMIT


@dataclass
class Outer:
    inner: Inner
    tags: tuple = ()
    more: dict = field(default_factory=dict)


class Model:
    def model_dump(self, *, mode, by_alias, exclude_unset):
        assert (mode, by_alias, exclude_unset) == ("json", True, True)
        return {"a": (1, 2)}


VALUES = [
    ("tuple", (1, "a", None), [1, "a", None]),
    ("named tuple", collections.namedtuple("Pair", "a b")(1, 2), [1, 2]),
    ("deque", collections.deque([1, 2]), [1, 2]),
    ("generator", (n * n for n in range(3)), [0, 1, 4]),
    ("set", {7}, [7]),
    ("frozen set", frozenset({"a"}), ["a"]),
    ("range", range(3), [0, 1, 2]),
    ("view", {"a": 1}.keys(), ["a"]),
    ("map", map(str, [1, 2]), ["1", "2"]),
    ("nested", ({"a": ({"b": {1}},)},), [{"a": [{"b": [1]}]}]),
    ("array of the stdlib", array.array("i", [1, 2]), [1, 2]),
    ("array of doubles", array.array("d", [0.1]), [0.1]),
    ("vector", Vector("f", [0.5, 2]), [0.5, 2.0]),
    ("numpy 1-d", np.array([1, 2], np.int64), [1, 2]),
    ("numpy 2-d", np.array([[0.5], [1.0]]), [[0.5], [1.0]]),
    ("numpy bool", np.array([True, False]), [True, False]),
    ("numpy 0-d", np.array(5), 5),
    ("numpy empty", np.array([]), []),
    ("numpy float32", np.array([0.1], np.float32), [0.10000000149011612]),
    ("numpy float32 scalar", np.float32(0.1), 0.10000000149011612),
    ("numpy float16 scalar", np.float16(0.5), 0.5),
    ("numpy float64 scalar", np.float64(0.1), 0.1),
    ("numpy int64 scalar", np.int64(-3), -3),
    ("numpy uint64 scalar", np.uint64(2**64 - 1), 2**64 - 1),
    ("numpy bool scalar", np.bool_(True), True),
    ("numpy string", np.str_("a"), "a"),
    ("numpy strings", np.array(["a", "bc"]), ["a", "bc"]),
    ("numpy objects", np.array([(1,), {"a": {2}}], dtype=object), [[1], {"a": [2]}]),
    ("numpy date", np.datetime64("2024-02-29"), "2024-02-29"),
    ("numpy time of nanoseconds", np.datetime64("2024-02-29T01:02:03.000000004"), "2024-02-29T01:02:03.000000004"),
    ("enum", Color.RED, "red"),
    ("string enum", Word.ONE, "one"),
    ("integer enum", Number.TWO, 2),
    ("string subclass", Loud("a"), "a"),
    ("integer subclass", Count(3), 3),
    ("float subclass", Share(0.5), 0.5),
    ("UUID", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("date", datetime.date(2024, 2, 29), "2024-02-29"),
    ("datetime", datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.UTC), "2024-02-29T01:02:03+00:00"),
    ("time", datetime.time(1, 2), "01:02:00"),
    ("Decimal of a whole number", decimal.Decimal("12345678901234567890"), 12345678901234567890),
    ("Decimal of a fraction", decimal.Decimal("0.1"), 0.1),
    ("Decimal with trailing zeros", decimal.Decimal("1.50"), 1.5),
    ("Decimal with an exponent", decimal.Decimal("1E+3"), 1000),
    ("dataclass", Outer(Inner(datetime.date(2024, 1, 1)), (1,)), {"inner": {"when": "2024-01-01"}, "tags": [1], "more": {}}),
    ("mapping proxy", MappingProxyType({"a": (1,)}), {"a": [1]}),
    ("ordered dict", collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    ("record", Record(a=Record(b=1)), {"a": {"b": 1}}),
    ("model", Model(), {"a": [1, 2]}),
    ("path", pathlib.PurePosixPath("/a/b"), "/a/b"),
    ("bytes", b"\xff", b"\xff"),
    ("bytearray", bytearray(b"ab"), b"ab"),
    ("memoryview", memoryview(b"ab"), b"ab"),
    ("OMIT in a mapping", {"a": 1, "b": OMIT, "c": {"d": OMIT}}, {"a": 1, "c": {}}),
    ("keys", {1: "a", Word.ONE: "b", uuid.UUID(int=2): "c", np.int64(5): "d"},
     {"1": "a", "one": "b", "00000000-0000-0000-0000-000000000002": "c", "5": "d"}),
]  # fmt: skip


@pytest.mark.parametrize("value, plain", [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_values(value, plain):
    """Values of Python life become what they stand for, of plain types only."""
    found = normal(value)
    assert found == plain
    assert_plain(found)
    if not isinstance(found, bytes):
        assert json.loads(json.dumps(found)) == plain


def assert_plain(value):
    assert type(value) in (dict, list, str, int, float, bool, type(None), bytes)
    for item in value.values() if type(value) is dict else value if type(value) is list else ():
        assert_plain(item)
    if type(value) is dict:
        assert {type(key) for key in value} <= {str}


@given(JSON)
def test_plain_values_are_unchanged(value):
    """What is JSON already stays the same, and nothing in it is changed."""
    before = copy.deepcopy(value)
    assert normal(value) == before == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_is_exact(number):
    """A float32 becomes the one double that has its value."""
    assert normal(np.float32(number)) == number
    assert normal(np.array([number], np.float32)) == [number]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_are_exact_or_refused(number):
    """A Decimal is sent as the number that it is, or refused; never rounded."""
    try:
        found = normal(number)
    except NoFormError:
        return
    assert decimal.Decimal(repr(found)) == number


def selfish_list():
    found = []
    found.append(found)
    return found


def selfish_dict():
    found = {}
    found["a"] = [found]
    return found


REFUSED = [
    ("NaN", math.nan, "nan has no form in JSON"),
    ("infinity in a list", {"a": [1.0, math.inf]}, r"a\[1\]: inf has no form"),
    ("NaN of numpy", [np.array([[1.0], [math.nan]])], r"\[0\]\[1\]\[0\]: nan"),
    ("a list in itself", selfish_list(), "contains itself"),
    ("a dict in itself", selfish_dict(), "contains itself"),
    ("inexact Decimal", decimal.Decimal("0.12345678901234567890123"), "no exact form"),
    ("enormous Decimal", decimal.Decimal("1E+999999"), "no exact form"),
    ("Decimal NaN", decimal.Decimal("NaN"), "no exact form"),
    ("Fraction", fractions.Fraction(1, 3), r"fractions\.Fraction"),
    ("complex", 1j, r"builtins\.complex"),
    ("complex of numpy", np.array([1j]), r"builtins\.complex"),
    ("long double", np.longdouble(1), "numbers of the type"),
    ("time span of numpy", np.timedelta64(5, "ns"), "numbers of the type"),
    ("time span", datetime.timedelta(1), "timedelta"),
    ("object", {"a": {"b": object()}}, r"a\.b: a builtins\.object"),
    ("class", Outer, "builtins.type"),
    ("function", normal, "function"),
    ("file", io.StringIO("a"), r"\.read\(\)"),
    ("OMIT in a list", [OMIT], "Omit"),
    ("None as a key", {None: 1}, "a key of an object is a string, not NoneType"),
    ("bool as a key", {True: 1}, "not bool"),
    ("float as a key", {1.5: 1}, "not float"),
    ("tuple as a key", {(1, 2): 1}, "not tuple"),
    ("keys that become one", {1: "a", "1": "b"}, "two of its keys are '1'"),
]


@pytest.mark.parametrize("value, reason", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(value, reason):
    """What stands for nothing in JSON is refused, with its place."""
    with pytest.raises(NoFormError, match=reason):
        normal(value)


def test_the_place_is_given_apart():
    """The place of what has no form can be put behind the name of an argument."""
    with pytest.raises(NoFormError) as caught:
        normal([{"a": math.nan}])
    assert (caught.value.where, caught.value.reason) == ("[0].a", "nan has no form in JSON")


def test_omit():
    """OMIT is one false value, in copies and pickles too, and says its name."""
    assert not OMIT
    assert pickle.loads(pickle.dumps(OMIT)) is copy.deepcopy(OMIT) is OMIT
    assert repr(OMIT) == "OMIT"


def test_pydantic():
    """A pydantic model is dumped by its aliases."""
    pydantic = pytest.importorskip("pydantic")

    class Item(pydantic.BaseModel):
        item_id: int = pydantic.Field(alias="itemId")
        when: datetime.date
        note: str | None = None

    assert normal([Item(itemId=1, when="2024-01-01")]) == [{"itemId": 1, "when": "2024-01-01"}]
