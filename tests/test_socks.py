"""SOCKS proxies."""

import importlib.util
import sys

import pytest
from loopback import CERTIFICATE, Loopback
from socksserver import ADDRESS, NAME, SocksServer

from dynaclient.errors import ArgumentError, ConnectError
from dynaclient.transport.http import Urllib3Transport
from dynaclient.transport.proxies import proxy_for
from dynaclient.wire import Request, Timeout

TIMEOUT = Timeout(connect=5.0, read=5.0)
needs_socks = pytest.mark.skipif(importlib.util.find_spec("socks") is None, reason="PySocks is not installed")


def get(server, host="127.0.0.1"):
    return Request("GET", f"{'https' if server.tls else 'http'}://{host}:{server.port}", "/v1?a=b")


@needs_socks
@pytest.mark.parametrize(
    ("scheme", "host", "kind"),
    [("socks5", "127.0.0.1", ADDRESS), ("socks5", "localhost", ADDRESS), ("socks5h", "api.test", NAME)],
)
def test_a_request_goes_through(server, scheme, host, kind):
    """The request arrives as it is without a proxy; with socks5h the proxy looks up the name, with socks5 this machine does."""
    with SocksServer() as proxy, Urllib3Transport(proxy=f"{scheme}://127.0.0.1:{proxy.port}") as transport:
        assert [transport.send(get(server, host), TIMEOUT).status for _ in range(2)] == [200, 200]
        assert proxy.asked == [(kind, "api.test" if kind == NAME else "127.0.0.1", server.port)]
    assert server.requests[0].target == "/v1?a=b"
    assert "proxy-authorization" not in server.requests[0].headers
    assert server.connections == 1


@needs_socks
def test_tls_runs_end_to_end():
    """The certificate that counts is that of the service."""
    secure = Loopback(tls=True)
    with SocksServer() as proxy:
        address = f"socks5h://127.0.0.1:{proxy.port}"
        with Urllib3Transport(proxy=address, ca_bundle=CERTIFICATE) as transport:
            assert transport.send(get(secure), TIMEOUT).status == 200
    secure.close()


@needs_socks
@pytest.mark.parametrize("name", ["all_proxy", "ALL_PROXY", "http_proxy"])
def test_the_environment_names_it(server, monkeypatch, name):
    """ALL_PROXY and its like may name a SOCKS proxy, with user and password, where NO_PROXY does not cover the host."""
    with SocksServer(login=("me", "p@ss")) as proxy:
        monkeypatch.setenv(name, f"socks5h://me:p%40ss@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "other.test")
        with Urllib3Transport() as transport:
            assert transport.send(get(server), TIMEOUT).status == 200
        assert proxy.logins == [("me", "p@ss")]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with Urllib3Transport() as transport:
            assert transport.send(get(server), TIMEOUT).status == 200
        assert len(proxy.asked) == 1


@needs_socks
def test_a_proxy_that_refuses(server):
    """A refused connection or login is a ConnectError that names the proxy, and no password."""
    for proxy, address in (
        (SocksServer(refuse=5), "127.0.0.1"),
        (SocksServer(login=("me", "right")), "me:canary@127.0.0.1"),
    ):
        with proxy, Urllib3Transport(proxy=f"socks5://{address}:{proxy.port}") as transport:
            with pytest.raises(ConnectError, match=f"through the proxy socks5://127.0.0.1:{proxy.port}") as caught:
                transport.send(get(server), TIMEOUT)
            assert not caught.value.sent
            assert "canary" not in str(caught.value)
    assert server.connections == 0


def test_without_the_package(server, monkeypatch):
    """Without PySocks the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    transport = Urllib3Transport(proxy="socks5://127.0.0.1:1")
    with transport, pytest.raises(ArgumentError, match=r"pip install 'dynaclient\[socks\]'"):
        transport.send(get(server), TIMEOUT)


def test_the_address():
    """The port is 1080 unless said otherwise, and no repr shows a password."""
    found = proxy_for("https://a.test", "socks5://u:canary@h", {})
    assert (found.url, found.user, found.password, found.authorization) == ("socks5://h:1080", "u", "canary", "")
    assert "canary" not in repr(found)
    with pytest.raises(ArgumentError, match="socks5h://host:port"):
        proxy_for("https://a.test", "socks4://h", {})
