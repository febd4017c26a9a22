"""Fixtures that several test files share."""

import pytest
from loopback import Loopback


@pytest.fixture
def server():
    """A scriptable server on the loopback interface."""
    server = Loopback()
    yield server
    server.close()
