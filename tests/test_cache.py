"""The cache: what is kept, when it is believed, and that it never fails a call."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynaclient.source import cache, load

TINY = "openapi: 3.1.0\ninfo: {title: Tiny, version: '1'}\npaths: {}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(folder))
    monkeypatch.delenv("DYNACLIENT_CACHE", raising=False)
    return folder


def entries(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_value_comes_back(folder):
    """What was put is got: by kind and key, integers of any size included."""
    value = {"a": [1, 1.0, None, True, "é", 10**30], "b": {}}
    cache.put("index", "k", value)
    assert cache.get("index", "k") == value
    assert cache.get("other", "k") is None
    assert cache.get("index", "other") is None


def test_any_text_is_a_key(folder):
    """A key that is no file name, however odd, stays inside the folder."""
    cache.put("index", "../../é\n" * 50, 1)
    assert cache.get("index", "../../é\n" * 50) == 1
    assert len(entries(folder)) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_entries_are_private(folder):
    """Folders are 0700 and files 0600, whatever the umask."""
    old = os.umask(0)
    try:
        cache.put("index", "k", 1)
    finally:
        os.umask(old)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "index", folder / "index" / "k.json")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("damage", [b"", b"00000000\n1", b"garbage", None])
def test_damage_is_seen_and_repaired(folder, damage):
    """An entry that is cut or changed is as if it were not there, and is written anew."""
    load(TINY)
    (path,) = entries(folder)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Tiny", b"Tina") if damage is None else damage)
    assert load(TINY).data["info"]["title"] == "Tiny"
    assert path.read_bytes() == whole


def test_an_entry_of_another_form_is_ignored(folder):
    """A well formed entry that is no document does no harm."""
    load(TINY)
    (path,) = entries(folder)
    cache.put("document", path.stem, {"data": 1})
    assert load(TINY).data["info"]["title"] == "Tiny"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_an_entry_that_others_can_write_is_not_believed(folder):
    """Only files of this user that nobody else may write are read."""
    cache.put("index", "k", 1)
    (folder / "index" / "k.json").chmod(0o666)
    assert cache.get("index", "k") is None
    (folder / "index" / "k.json").unlink()
    (folder / "index" / "k.json").symlink_to(folder / "elsewhere.json")
    assert cache.get("index", "k") is None


def test_it_can_be_turned_off(folder, monkeypatch):
    """DYNACLIENT_CACHE=off and cache=False write nothing."""
    load(TINY, cache=False)
    monkeypatch.setenv("DYNACLIENT_CACHE", "off")
    load(TINY)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_cache(folder):
    """Where the folder is a file, loading works as without a cache."""
    folder.write_text("")
    assert load(TINY).data["info"]["title"] == "Tiny"
    assert load(TINY).data["info"]["title"] == "Tiny"


def test_a_value_without_json_form_is_not_kept(folder):
    """What JSON cannot hold is not written, silently."""
    cache.put("index", "k", {"a": object()})
    assert cache.get("index", "k") is None


def test_the_size_is_bounded(folder):
    """Eviction removes what was not used for longest, and only as much as it must."""
    for number in range(4):
        cache.put("index", str(number), "x" * 1000)
        os.utime(folder / "index" / f"{number}.json", (number + 1, number + 1))
    assert cache.get("index", "0") is not None  # used now, so no longer the oldest
    cache.evict(2100)
    assert [path.stem for path in entries(folder)] == ["0", "3"]


def test_many_writers_leave_one_whole_entry(folder):
    """Writers of one key at once leave an entry that reads well, and no rests."""

    def work(number):
        cache.put("index", "k", [number] * 2000)
        got = cache.get("index", "k")
        return got is not None and len(set(got)) == 1

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))
    assert len(entries(folder)) == 1


def test_warm_and_cold_agree(folder):
    """A document from the cache equals the parsed one, in data, digest, files and places."""
    text = "openapi: 3.1\ninfo: {version: 1.10}\nx: [1.10, 1, 1.0, null, é]\n"
    cold, warm = load(text), load(text)
    assert (repr(warm.data), warm) == (repr(cold.data), cold)
    assert warm.place("/x/1") == cold.place("/x/1") == ("<text>", 3, 11)


def test_limits_are_part_of_the_key(folder):
    """A document that was loaded under wide limits is not found under narrow ones."""
    from dynaclient.errors import SpecError
    from dynaclient.source import Limits

    load(TINY)
    with pytest.raises(SpecError, match="depth"):
        load(TINY, limits=Limits(depth=1))


def test_a_warm_load_needs_neither_yaml_nor_platformdirs(folder):
    """What a warm start does not use it does not import."""
    code = "import sys; from dynaclient.source import load; load(); print([n for n in ('yaml', 'platformdirs', 'urllib.request') if n in sys.modules])"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[1] == "[]\n"


def test_without_a_variable_the_platform_has_its_say(monkeypatch, tmp_path):
    """Without DYNACLIENT_CACHE_DIR the folder is the one that platformdirs names."""
    import platformdirs

    monkeypatch.delenv("DYNACLIENT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.user_cache_dir() == platformdirs.user_cache_path("dynaclient", appauthor=False)
