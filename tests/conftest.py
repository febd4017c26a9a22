"""Fixtures that several test files share, and what keeps the machine's own settings out of the tests."""

import os

import pytest
from hypothesis import settings
from loopback import Loopback

# How long an example takes says nothing of what holds: machines are slow at times.
settings.register_profile("dynaclient", deadline=None)
settings.load_profile("dynaclient")


@pytest.fixture(autouse=True, scope="session")
def _apart(tmp_path_factory):
    """A cache of the session's own, and none of the variables that the machine's user may have set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("DYNACLIENT_") or name.lower().endswith("_proxy"):
                patch.delenv(name)
        for name in ("ATOMASDK_BEARER_AUTH", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.setenv("DYNACLIENT_CONFIG", str(tmp_path_factory.mktemp("config") / "config.toml"))
        yield


@pytest.fixture
def server():
    """A scriptable server on the loopback interface."""
    server = Loopback()
    yield server
    server.close()
