"""A SOCKS5 proxy on the loopback interface (RFC 1928, RFC 1929), for tests: every name is this machine."""

import contextlib
import socket
import threading

NAME, ADDRESS = 3, 1


class SocksServer:
    """Passes connections on. ``asked`` holds the address type, host and port of each; ``login`` is the user and password that it asks for, or None."""

    def __init__(self, login=None, refuse=0):
        self.login, self.refuse = login, refuse
        self.asked = []
        self.logins = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, contextlib.suppress(OSError), sock.makefile("rb") as file:
            file.read(file.read(2)[1])
            if self.login is not None:
                sock.sendall(b"\x05\x02")
                file.read(1)
                user, password = (file.read(file.read(1)[0]).decode() for _ in range(2))
                self.logins.append((user, password))
                sock.sendall(b"\x01" + (b"\x00" if (user, password) == self.login else b"\x01"))
                if (user, password) != self.login:
                    return
            else:
                sock.sendall(b"\x05\x00")
            kind = file.read(4)[3]
            host = file.read(file.read(1)[0]).decode() if kind == NAME else socket.inet_ntoa(file.read(4))
            port = int.from_bytes(file.read(2), "big")
            self.asked.append((kind, host, port))
            sock.sendall(b"\x05" + bytes([self.refuse]) + b"\x00\x01" + bytes(6))
            if self.refuse:
                return
            with socket.create_connection(("127.0.0.1", port)) as far:
                self._open.append(far)
                threading.Thread(target=_pump, args=(far, sock), daemon=True).start()
                _pump(sock, far)


def _pump(one, other):
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
