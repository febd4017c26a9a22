"""What is built carries the document that ships, and starts lean."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel made from the unpacked sdist, as ``pip install`` of a release would make it."""
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("built")
    sdist = Path(next(SdistBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    wheel = Path(next(WheelBuilder(str(unpacked)).build(directory=str(folder), versions=["standard"])))
    return sdist, wheel


def test_the_sdist_and_the_wheel_carry_the_document(built):
    """Both hold the document, byte for byte, and the marker that says that types ship."""
    sdist, wheel = built
    document = (ROOT / "spec" / "embeddings.yaml").read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("dynaclient/spec/embeddings.yaml") == document
        assert "dynaclient/py.typed" in archive.namelist()
        assert not any(name.startswith("tests") for name in archive.namelist())
    with tarfile.open(sdist) as archive:
        assert any(name.endswith("/spec/embeddings.yaml") for name in archive.getnames())


def test_the_wheel_runs_from_where_it_is_unpacked(built, tmp_path):
    """An installed wheel finds its document and answers from the local server."""
    with zipfile.ZipFile(built[1]) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import dynaclient, sys; assert 'site' in dynaclient.__file__;"
        "reply = dynaclient.Client(server='local').embeddings.create(input='a', model='hash-384');"
        "print(len(reply.data[0].embedding))"
    )
    environment = {"PYTHONPATH": str(tmp_path / "site"), "DYNACLIENT_CACHE_DIR": str(tmp_path / "cache"), "PATH": ""}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("384", "")


def loaded(code, tmp_path):
    """The modules that a fresh process has loaded after running this code."""
    environment = {"DYNACLIENT_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": ""}
    program = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.splitlines()[-1].split()}


HEAVY = {"openapi_core", "pydantic", "numpy", "requests", "jsonschema", "openapi_schema_validator", "httpx", "rich"}


def test_importing_is_lean(tmp_path):
    """``import dynaclient`` loads nothing of a third party."""
    found = loaded("import dynaclient", tmp_path)
    assert not found & (HEAVY | {"urllib3", "yaml", "click", "msgspec", "jsonschema_rs"})


def test_a_good_call_is_lean(tmp_path):
    """The first call of a good reply loads neither openapi_core nor pydantic, numpy or requests."""
    code = "import dynaclient\ndynaclient.Client(server='local').embeddings.create(input='a', model='hash-384')"
    assert not loaded(code, tmp_path) & HEAVY


def test_help_is_lean(tmp_path):
    """``dynaclient --help`` loads click and nothing else of a third party."""
    code = "import dynaclient.cli\ntry:\n    dynaclient.cli.main(['--help'])\nexcept SystemExit:\n    pass"
    found = loaded(code, tmp_path)
    assert "click" in found
    assert not found & (HEAVY | {"urllib3", "yaml", "msgspec", "jsonschema_rs"})
