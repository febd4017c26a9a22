"""A service on the loopback interface that answers every text ``row N`` with the vector of N, refuses poison by name, and knows how often each text was paid for."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIMS = 8


def vector(number):
    """The vector of a row: its number, and numbers that float32 holds exactly."""
    return [float(number), *(float((number + place) % 64) / 64 for place in range(1, DIMS))]


class VectorServer:
    """The service, in threads of this process; a context manager.

    Parameters
    ----------
    poison:
        Text -> the status with which a request that holds it is refused.
    delay:
        Seconds that a reply takes.
    token:
        The bearer token that is asked for.
    """

    def __init__(self, poison=None, delay=0.0, token=None):
        self.poison, self.delay, self.token = poison or {}, delay, token
        self.paid, self.requests, self.down = Counter(), 0, False
        self.dims = lambda number: DIMS
        self._waiting = []
        self._lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if service.token and self.headers["Authorization"] != f"Bearer {service.token}":
                    status, reply = 401, {"error": {"message": "no token"}}
                else:
                    status, reply = service.answer(body["input"])
                data = json.dumps(reply).encode()
                head = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # a client that was killed
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, texts):
        """The status and the body for some texts."""
        texts = [texts] if isinstance(texts, str) else texts
        if self.delay:
            time.sleep(self.delay)
        bad = next((text for text in texts if text in self.poison), None)
        with self._lock:
            self.requests += 1
            status = 503 if self.down else self.poison[bad] if bad is not None else 200
            if status == 200:
                self.paid.update(texts)
            paid = self.paid.total()
            for rows, event in self._waiting:
                if paid >= rows:
                    event.set()
        if status != 200:
            return status, {"error": {"message": f"{bad!r} is refused"}}
        numbers = [int(text.split()[1]) for text in texts]
        data = [
            {"object": "embedding", "index": place, "embedding": vector(number)[: self.dims(number)]}
            for place, number in enumerate(numbers)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return 200, {"object": "list", "model": "m", "data": data, "usage": usage}

    def after(self, rows):
        """An event that is set when so many rows have been paid for."""
        event = threading.Event()
        with self._lock:
            self._waiting.append((rows, event))
        return event

    def twice(self):
        """How many rows were paid for again."""
        return sum(count - 1 for count in self.paid.values())

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
