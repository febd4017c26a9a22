"""The house holds: floors, doors, sizes, and that nothing outside the document knows one API."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "dynaclient"
MODULES = sorted(ROOT.rglob("*.py"))

# A module may import from its own floor and from those below it.
FLOORS = [
    {"frozen", "errors", "wire", "value", "version", "curl", "world", "events", "cancel", "folders"},
    {"openapi"},
    {"rate_limit", "retry", "retry_fields", "redirect", "resume"},
    {"source", "index", "auth", "transport", "fetch", "files", "save", "observe", "observers", "facts", "watch"},
    {
        "options",
        "profile",
        "drift",
        "deprecation",
        "tolerance",
        "project",
        "explain",
        "result",
        "exchange",
        "stream",
        "streaming",
        "pages",
        "call",
        "core",
        "group",
        "client",
        "bulk",
        "login",
    },
    {"local", "testing", "aio", "otel", "bundled", "mcp"},
    {"cli", "__main__"},
]
# The two places where a lower floor may look up, and only within a function, when it is needed.
LATE = {("core", "local"), ("transport", "version"), ("source", "version")}

DOORS = {
    "openapi_core": {"openapi/check.py"},
    "jsonschema": {"openapi/check.py", "openapi/explain.py"},
    "jsonschema_rs": {"openapi/check.py"},
    "openapi_spec_validator": {"openapi/lint/formal.py"},
    "openapi_schema_validator": {"openapi/check.py"},
    "yaml": {"source/"},
    "urllib3": {"transport/"},
    "click": {"cli/"},
    "jmespath": {"cli/"},
    "simdjson": {"openapi/simd.py"},
    "jsonpath_rfc9535": {"openapi/jsonpath.py"},
    "brotli": {"transport/"},
    "brotlicffi": {"transport/"},
    "backports": {"transport/"},
    "zstandard": {"transport/"},
    "msgspec": {"frozen.py", "openapi/media.py", "source/"},
    "opentelemetry": {"otel.py"},
    "platformdirs": {"source/", "folders.py"},
    "keyring": {"auth/keep.py"},
    "numpy": {"local/bert.py"},
    "safetensors": {"local/bert.py"},
    "tokenizers": {"local/minilm.py"},
    "mcp": {"mcp.py"},
    "mcp_types": {"mcp.py"},
}


def imports(path):
    """Every module that a file imports, with whether it does so at its top."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the floor"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "dynaclient"
                else [node.module]
            )
            yield from ((name, id(node) in top) for name in names)


def room(path):
    """The room that a file stands in: the first name below the package."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def floor(name):
    """The number of a room's floor."""
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downwards(path):
    """A module imports only from its own floor and from those below."""
    here = room(path)
    if here == "__init__":
        return
    for name, at_top in imports(path):
        parts = name.split(".")
        if parts[0] != "dynaclient" or len(parts) == 1:
            continue
        there = parts[1]
        if there == "__version__" or there == "__init__":
            continue
        late = (here, there) in LATE and not at_top
        assert late or floor(there) <= floor(here), f"{here} imports {name}"


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library):
    """A third-party library is imported in its one place only."""
    for path in MODULES:
        place = str(path.relative_to(ROOT))
        for name, _ in imports(path):
            if name.split(".")[0] == library:
                assert any(
                    place == door or (place.startswith(door) and door.endswith("/")) for door in DOORS[library]
                ), place


@pytest.mark.parametrize(
    "module",
    [
        "openapi",
        "rate_limit.py",
        "retry.py",
        "retry_fields.py",
        "redirect.py",
        "resume.py",
        "wire.py",
        "errors.py",
        "value.py",
        "events.py",
    ],
)
def test_the_core_is_pure(module):
    """What knows OpenAPI opens no file and no socket, and reads no clock."""
    forbidden = {
        "socket",
        "urllib3",
        "http.client",
        "time",
        "subprocess",
        "threading.Timer",
        "tempfile",
        "urllib.request",
    }
    root = ROOT / module
    for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
        for name, _ in imports(path):
            assert name not in forbidden, f"{path} imports {name}"
        assert not re.search(r"(?<![.\w])open\(|read_text\(|write_text\(", path.read_text()), path


def names_and_strings(path):
    """Every identifier and string of a file, its docstrings aside."""
    tree = ast.parse(path.read_text())
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node
        ):
            docstrings.add(id(node.body[0].value))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.add(id(node.value))  # the docstring of a constant
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize(
    "path", [path for path in MODULES if room(path) != "local"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_code_knows_one_api(path):
    """No identifier and no string outside ``local/`` names embeddings, a vendor or a model: all of that is in the document."""
    for text in names_and_strings(path):
        text = text.replace("embeddings.yaml", "")  # the file that ships
        assert not re.search(
            r"embed(?!ded)|atoma|openai(?!-)(?!_core|_schema)|token_ids|encoding_format", text, re.IGNORECASE
        ), text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_fit_in_a_head(path):
    """A module has at most 400 lines and a function at most 50."""
    text = path.read_text()
    assert text.count("\n") <= 420
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                size = (body[-1].end_lineno or 0) - body[0].lineno + 1
                assert size <= 50, f"{node.name} has {size} lines"


def test_every_error_has_its_place_in_the_tree():
    """The tree drawn in errors.py names every exception, with the exit code that it has."""
    from dynaclient import errors

    drawn = dict(re.findall(r"(\w+Error)\s+(\d+)", errors.__doc__))
    drawn["DynaclientError"] = "1"
    classes = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.DynaclientError) and not name.startswith("_")
    }
    assert set(drawn) == set(classes)
    for name, kind in classes.items():
        assert int(drawn[name]) == kind.exit_code, name
