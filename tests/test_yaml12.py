"""What YAML means to OpenAPI: the table of scalars, what is refused, and the limits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import SpecError
from dynaclient.source.limits import Limits
from dynaclient.source.scalar import Odd, plain_scalar, without_odd
from dynaclient.source.text import parse
from dynaclient.source.yaml12 import parse_yaml

CASES = Path(__file__).parent / "cases"
READ = json.loads((CASES / "yaml12.json").read_text(encoding="utf-8"))
REFUSED = json.loads((CASES / "yaml_refused.json").read_text(encoding="utf-8"))
BOMB = "a: &a [l,l,l,l,l,l,l,l,l]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def read(text, **options):
    return without_odd(parse_yaml(text, **options))


def typed(value):
    """The value with its types, since 1 == 1.0 == True."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("case", READ, ids=[case["why"] for case in READ])
def test_yaml_means_what_json_means(case):
    """Each text gives the value that OpenAPI means by it."""
    assert typed(read(case["yaml"])) == typed(case["value"])


@pytest.mark.parametrize("case", REFUSED, ids=[case["why"] for case in REFUSED])
def test_what_is_refused_names_its_place(case):
    """What has no JSON meaning is an error with line, column and what to do."""
    with pytest.raises(SpecError) as caught:
        read(case["yaml"], source="x.yaml")
    assert (caught.value.line, caught.value.column) == (case["line"], case["column"])
    assert case["message"] in str(caught.value)


def test_the_python_parser_reads_the_same(monkeypatch):
    """Without libyaml every case gives the same value."""
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert [typed(read(case["yaml"])) for case in READ] == [typed(case["value"]) for case in READ]


@given(json_values)
def test_every_json_text_is_read_unchanged(value):
    """JSON written by a JSON library comes back as the same value, numbers and all."""
    got, was_yaml = parse(json.dumps([value]).encode())
    assert not was_yaml
    assert typed(got) == typed([value])


@given(st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1))
def test_a_scalar_never_loses_its_text(text):
    """Of a plain scalar either the value or the Odd gives the text back."""
    value = plain_scalar(text)
    if isinstance(value, Odd):
        assert value.text == text
    elif value is not None:
        assert text == (value if isinstance(value, str) else json.dumps(value))


def test_an_alias_bomb_is_refused():
    """A few hundred bytes that expand to millions of values break the limit, which the error names with the way to raise it."""
    assert len(BOMB) < 300
    with pytest.raises(SpecError, match=r"alias_nodes.*Limits\(alias_nodes=2_000_000\)"):
        parse_yaml(BOMB)


def test_honest_aliases_are_counted_but_allowed():
    """The limit counts the values that aliases add, no others."""
    assert read("a: &a [1, 2]\nb: [*a, *a]", limits=Limits(alias_nodes=6)) == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
    with pytest.raises(SpecError, match="alias_nodes"):
        parse_yaml("a: &a [1, 2]\nb: [*a, *a]", limits=Limits(alias_nodes=5))


@pytest.mark.parametrize(
    "text", ["[" * 300 + "]" * 300, "[" * 200_000, '{"a":' * 200_000, "a: &a [[[[1]]]]\nb: &b [[*a]]\nc: [[[*b]]]"]
)
def test_depth_is_limited(text):
    """Nesting beyond the limit is an error, however deep and however it comes about, and never a crash."""
    with pytest.raises(SpecError, match="depth"):
        parse(text.encode(), limits=Limits(depth=9))


def test_an_alias_bomb_is_refused_in_little_memory():
    """The refusal comes before the expansion: the process needs no more than a few hundred megabytes."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))\n"
        "from dynaclient.source.yaml12 import parse_yaml\n"
        "from dynaclient.errors import SpecError\n"
        "try: parse_yaml(sys.stdin.read())\n"
        "except SpecError: print('refused')"
    )
    if sys.platform != "linux":
        pytest.skip("needs setrlimit")
    done = subprocess.run([sys.executable, "-c", code], input=BOMB, capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
