"""Documents of several files: which references are settled and how, which stay, and which are refused."""

import json
from pathlib import Path

import pytest
import yaml

from dynaclient import Client
from dynaclient.errors import SpecError
from dynaclient.openapi.lint import lint
from dynaclient.source import Limits, load
from dynaclient.testing import FakeTransport, json_response

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "yaml_bundle.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    return folder


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "openapi.yaml"


def with_schema(schema, version="3.1.0"):
    return f"openapi: {version}\ncomponents:\n  schemas:\n    A: {schema}\n"


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_references_are_settled(folder, case):
    """The files of each case become the one document that it gives, read cold and from the cache, from YAML and from JSON."""
    for name, text in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    want = json.dumps(case["result"], sort_keys=True)
    for _ in range(2):
        assert json.dumps(load(folder / "openapi.yaml").data, sort_keys=True) == want
    root = folder / "openapi.yaml"
    root.write_text(json.dumps(yaml.safe_load(root.read_text(encoding="utf-8"))), encoding="utf-8")
    assert json.dumps(load(root).data, sort_keys=True) == want


def test_a_node_of_another_file_has_its_place_there(folder):
    """Places of placed and of inlined content are those of their own files."""
    root = write(
        folder,
        openapi_yaml="openapi: 3.1.0\npaths: {$ref: paths.yaml}\n",
        paths_yaml="/a:\n  get:\n    parameters:\n      - $ref: p.yaml#/limit\n",
        p_yaml="# limits\nlimit:\n  name: limit\n  in: query\n",
    )
    for document in (load(root, cache=False), load(root), load(root)):
        assert document.place("/paths/~1a/get") == (str(folder / "paths.yaml"), 2, 3)
        assert document.place("/components/parameters/limit/in") == (str(folder / "p.yaml"), 4, 3)
        assert document.place("/openapi") == (str(root), 1, 1)
        assert document.files == (str(root), str(folder / "paths.yaml"), str(folder / "p.yaml"))


def test_a_change_in_any_file_is_seen(folder):
    """The cache is asked with the content of every file, and the digest covers them all."""
    root = write(folder, openapi_yaml=with_schema("{$ref: b.yaml}"), b_yaml="type: string")
    first = load(root)
    write(folder, b_yaml="type: integer")
    second = load(root)
    assert [d.data["components"]["schemas"]["A"]["type"] for d in (first, second)] == ["string", "integer"]
    assert first.digest != second.digest
    (folder / "b.yaml").unlink()
    assert load(root).data["components"]["schemas"]["A"]["$ref"] == "b.yaml"
    write(folder, b_yaml="type: boolean")
    assert load(root).data["components"]["schemas"]["A"] == {"type": "boolean"}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("../outside.yaml", r"lies outside.*roots=\["),
        ("link.yaml", r"lies outside.*roots=\["),
        ("%2e%2e/outside.yaml", r"lies outside.*roots=\["),
        ("/etc/passwd", r"lies outside"),
        ("file:///etc/passwd", "file: addresses are not followed"),
        ("FILE:///etc/passwd", "file: addresses are not followed"),
        ("broken.yaml", r"broken\.yaml:1:5.*not YAML"),
        ("ftp://x/y", "may not refer to ftp"),
        ("sub", "folder"),
    ],
)
def test_a_refused_reference_is_named_with_its_place(folder, reference, message):
    """What may not or cannot be read is an error with the reference, its line and what to do."""
    (folder.parent / "outside.yaml").write_text("type: string", encoding="utf-8")
    (folder / "link.yaml").symlink_to(folder.parent / "outside.yaml")
    (folder / "sub").mkdir()
    root = write(folder, openapi_yaml=with_schema(f"{{$ref: '{reference}'}}"), b_yaml="{}", broken_yaml="a: b: c")
    with pytest.raises(SpecError, match="(?s)" + message) as caught:
        load(root)
    assert reference in str(caught.value)
    assert (caught.value.source, caught.value.line, caught.value.pointer) == (str(root), 4, "/components/schemas/A")


NEEDS_A_FILE = """\
openapi: 3.1.0
servers: [{url: http://h.test}]
paths:
  /good: {get: {operationId: good, responses: {"200": {description: ""}}}}
  /bad:
    get:
      operationId: bad
      parameters: [{$ref: "REFERENCE"}]
      responses: {"200": {description: ""}}
"""


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("bb.yaml", r"there is no such file; did you mean b\.yaml"),
        ("b.yaml#/nothing", "nothing stands at '#/nothing'"),
        ("b.yaml#anchor", "nothing stands at '#anchor'"),
    ],
)
def test_a_reference_to_nothing_concerns_only_what_needs_it(folder, reference, reason):
    """The other operations can be called; the one that needs the file, and `spec check`, say what is missing and where."""
    root = write(folder, openapi_yaml=NEEDS_A_FILE.replace("REFERENCE", reference), b_yaml="{}")
    client = Client(root, transport=FakeTransport(json_response({}), repeat=True))
    client.good()
    with pytest.raises(SpecError, match=reason) as caught:
        client.bad()
    assert reference in str(caught.value)
    assert caught.value.pointer.startswith("/paths/~1bad/get/parameters/0")
    found = [finding for finding in lint(client.api) if finding.id == "reference-unresolved"]
    assert len(found) == 1
    assert reference in found[0].message


def test_a_reference_of_a_mapping_concerns_only_what_needs_it():
    """A document without a folder can refer to a file, as long as nobody needs it."""
    api = Client(yaml.safe_load(NEEDS_A_FILE.replace("REFERENCE", "b.yaml")), transport=FakeTransport())
    with pytest.raises(SpecError, match="load it by its path"):
        api.bad()


def test_roots_widen_what_is_read(folder):
    """A folder in roots is read like the document's own, cold and warm; without it the cache opens nothing."""
    (folder.parent / "outside.yaml").write_text("type: string", encoding="utf-8")
    root = write(folder, openapi_yaml=with_schema("{$ref: ../outside.yaml}"))
    for _ in range(2):
        assert load(root, roots=[folder.parent]).data["components"]["schemas"]["A"] == {"type": "string"}
    with pytest.raises(SpecError, match="lies outside"):
        load(root)


def test_remote_references_stay(folder):
    """A reference to another origin stays as it is and hinders nothing."""
    schema = "{$ref: 'https://example.com/x.yaml#/A'}"
    assert load(write(folder, openapi_yaml=with_schema(schema))).data["components"]["schemas"]["A"] == {
        "$ref": "https://example.com/x.yaml#/A"
    }
    assert load(with_schema(schema)).data["components"]["schemas"]["A"]["$ref"].startswith("https://")


def test_one_origin_is_read_through_fetch():
    """For a URL, neighbours of the same origin are read, others stay; a way to another origin is refused."""
    pages = {
        "https://a.example/v1/openapi.yaml": with_schema(
            "{properties: {x: {$ref: ../b.yaml}, y: {$ref: 'https://b.example/c.yaml'}}}"
        ),
        "https://a.example/b.yaml": "type: string",
    }

    def fetch(url):
        return pages[url].encode(), url, "text/yaml"

    schemas = load("https://a.example/v1/openapi.yaml", fetch=fetch).data["components"]["schemas"]
    assert schemas["A"]["properties"] == {
        "x": {"$ref": "#/components/schemas/b"},
        "y": {"$ref": "https://b.example/c.yaml"},
    }
    assert schemas["b"] == {"type": "string"}

    def elsewhere(url):
        return pages[url].encode(), url.replace("a.example/b", "evil.example/b"), "text/yaml"

    with pytest.raises(SpecError, match="another origin"):
        load("https://a.example/v1/openapi.yaml", fetch=elsewhere, cache=False)


def test_the_number_of_files_is_limited(folder):
    """More files than the limit are refused, and so are more bytes in all of them."""
    root = write(
        folder, openapi_yaml=with_schema("{allOf: [{$ref: b.yaml}, {$ref: c.yaml}]}"), b_yaml="{}", c_yaml="{}"
    )
    assert load(root, limits=Limits(files=3)).files[0] == str(root)
    with pytest.raises(SpecError, match=r"files.*Limits\(files=4\)"):
        load(root, limits=Limits(files=2))
    with pytest.raises(SpecError, match="bytes"):
        load(root, limits=Limits(bytes=root.stat().st_size + 1))


def test_a_circle_of_inlined_content_is_refused(folder):
    """Where content must take a reference's place a circle is an error; a bomb of such references is one too."""
    root = write(folder, openapi_yaml="openapi: 3.1.0\npaths: {$ref: p.yaml}\n", p_yaml="$ref: p.yaml\n")
    with pytest.raises(SpecError, match="circle"):
        load(root)
    write(folder, openapi_yaml=with_schema("{properties: {$ref: m0.yaml}}"))
    for number in range(12):
        following = f"{{properties: {{$ref: m{number + 1}.yaml}}}}"
        (folder / f"m{number}.yaml").write_text("".join(f"p{i}: {following}\n" for i in range(4)), encoding="utf-8")
    (folder / "m12.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(SpecError, match="alias_nodes"):
        load(root, limits=Limits(alias_nodes=10_000))


def test_references_in_3_0_know_no_ids(folder):
    """In OpenAPI 3.0, $id and $anchor mean nothing and stay."""
    schema = "{$id: 'https://x.example/', $anchor: here, items: {$ref: '#/components/schemas/A'}}"
    want = {"$id": "https://x.example/", "$anchor": "here", "items": {"$ref": "#/components/schemas/A"}}
    assert load(with_schema(schema, "3.0.3")).data["components"]["schemas"]["A"] == want
