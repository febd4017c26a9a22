"""The embedded server without its sockets: an Api, and a function from requests to replies."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from random import Random
from typing import TYPE_CHECKING, Any

from dynaclient.errors import (
    ConnectionLostError,
    ProtocolError,
    SpecError,
    TimeoutExpiredError,
    TransportError,
)
from dynaclient.frozen import Struct, evolve
from dynaclient.local.answers import Answer, error_response, json_response
from dynaclient.local.embeddings import Handler, handler_for
from dynaclient.local.faults import IN_THE_BODY, Fault, Faults
from dynaclient.local.hashing import MODEL
from dynaclient.local.incoming import Incoming, Judge, RejectedError, read_request
from dynaclient.local.models import Catalog
from dynaclient.local.pages import Pages, pages_of
from dynaclient.local.replies import Replies, preference, success
from dynaclient.local.routes import Match, Routes
from dynaclient.local.weights import PACKAGES, Package
from dynaclient.openapi.media import decode_json, is_json
from dynaclient.openapi.model import Api, Operation, OperationKey, Server
from dynaclient.openapi.read import operation as read_operation
from dynaclient.wire import Headers, Request, Response

if TYPE_CHECKING:
    from dynaclient.openapi.check import Checker

_HTML = b"<!doctype html>\n<title>Sign in</title>\n<h1>Sign in to continue</h1>\n"


class _Endpoint(Struct, frozen=True):
    operation: Operation
    handler: Handler | None
    pages: Pages | None = None


class App:
    """Answers requests as a service that keeps to a document would.

    Parameters
    ----------
    api:
        What ``dynaclient.openapi.read.read`` made of the document.
    require_bearer:
        The token that every operation asks for, or None.
    aliases:
        More names of the model ``hash-384``.
    faults:
        What shall go wrong.
    vary:
        A seed: replies differ from call to call, by chance, within what the document allows. None: the same reply each time.
    packages:
        The models that are served where they are installed.
    further:
        Servers below whose base paths the operations are served too, beside those of the document.
    """

    def __init__(
        self,
        api: Api,
        *,
        require_bearer: str | None = None,
        aliases: Iterable[str] = (),
        faults: Faults | None = None,
        vary: int | None = None,
        packages: Iterable[Package] = PACKAGES,
        further: Iterable[Server] = (),
    ) -> None:
        self.api = api
        self.faults = faults or Faults()
        self._token = None if require_bearer is None else require_bearer.encode()
        self._catalog = Catalog(tuple(aliases), tuple(packages))
        self._routes = Routes(api, tuple(further))
        self._varies = vary is not None
        self._replies = Replies(api.document, self._check, None if vary is None else Random(vary))
        self._endpoints: dict[str, _Endpoint] = {}
        self._made: dict[tuple[str, str], Response] = {}
        self._checker: Checker | None = None

    def handle(self, request: Request) -> Response:
        """The reply to a request.

        Raises
        ------
        TransportError
            Where a fault is planned that only a socket can show; the class is the one that a client would see.
        """
        answer = self.answer(request)
        if answer.fault:
            raise broken(answer)
        return answer.response

    def answer(self, request: Request) -> Answer:
        """The reply to a request, how long it shall take, and what the socket shall do to it."""
        found = self._routes.find(request.target)
        if not found:
            return Answer(self._no_path(request))
        meant = [match for match in found if match[0].key.method == request.method]
        if not meant:
            return self._no_method(request, found)
        matches = [match for match in meant if match[0].shape == meant[0][0].shape]
        fault = self.faults.take()
        if fault is not None and fault.status:
            response = error_response(
                fault.status,
                f"This {fault.status} was asked for.",
                kind="server_error" if fault.status >= 500 else "requests",
                headers=self.faults.headers(fault.status),
            )
            return Answer(response, self.faults.delay)
        return _spoilt(self._perform(request, matches), fault, self.faults.delay)

    def _no_path(self, request: Request) -> Response:
        path = request.target.partition("?")[0]
        if path == "/" and request.method in ("GET", "HEAD"):
            return _for_method(request, self._index())
        if path == "*" and request.method == "OPTIONS":
            return Response(204)
        nearest = ", ".join(self._routes.nearest(path))
        return error_response(
            404,
            f"There is no path {path[:200]} in the document; nearest: {nearest}. GET / lists all.",
            code="not_found",
        )

    def _index(self) -> Response:
        operations = [f"{key.method} {key.path} {name}" for name, key in self.api.index.items()]
        return json_response({"document": self.api.title, "model": MODEL, "operations": operations})

    def _no_method(self, request: Request, found: list[Match]) -> Answer:
        """HEAD as GET without the body (RFC 9110, 9.3.2), OPTIONS, else 405."""
        methods = sorted({match[0].key.method for match in found})
        if request.method == "HEAD" and "GET" in methods:
            answer = self.answer(evolve(request, method="GET"))
            return evolve(answer, response=_for_method(request, answer.response))
        allow = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
        if request.method == "OPTIONS":
            return Answer(Response(204, Headers([("Allow", allow)])))
        response = error_response(
            405, f"{request.method} is not declared for this path; {allow} are.", headers={"Allow": allow}
        )
        return Answer(response)

    def _perform(self, request: Request, matches: list[Match]) -> Response:
        refused = self._unauthorized(request)
        if refused is not None:
            return refused
        rejected: Response | None = None
        try:
            for endpoint, path_values in self._meant(request, matches):
                try:
                    incoming = read_request(
                        self.api.document, endpoint.operation, request, path_values, self._request_judge
                    )
                    return self._run(endpoint, incoming)
                except RejectedError as error:
                    rejected = rejected or _rejection(endpoint.operation, error)
        except SpecError as error:
            return error_response(501, f"The document does not allow to answer this: {error}", kind="not_implemented")
        return rejected or Response(500)

    def _meant(self, request: Request, matches: list[Match]) -> list[tuple[_Endpoint, dict[str, str]]]:
        """The operations of one method and path, which differ in its fragment (``#stream``): those first whose reply is asked for by Accept."""
        found = [(self._endpoint(route.key), values) for route, values in matches]
        if len(found) > 1:
            rank = preference(accept_of(request))

            def place(entry: tuple[_Endpoint, dict[str, str]]) -> int:
                reply = success(entry[0].operation)
                return min((rank(media)[0] for media in reply.content), default=99) if reply else 99

            found.sort(key=place)
        return found

    def _run(self, endpoint: _Endpoint, incoming: Incoming) -> Response:
        if endpoint.handler is not None:
            return endpoint.handler(incoming)
        accept = accept_of(incoming.request)
        page = endpoint.pages.answer(incoming) if endpoint.pages is not None and _takes_json(accept) else None
        if page is not None:
            return page
        made = self._made.get((endpoint.operation.pointer, accept))
        if made is None:
            made = self._replies.make(endpoint.operation, accept)
            if len(self._made) < 4096 and not self._varies:
                self._made[endpoint.operation.pointer, accept] = made
        return made

    def _unauthorized(self, request: Request) -> Response | None:
        if self._token is None:
            return None
        headers = request.headers if isinstance(request.headers, Headers) else Headers(request.headers)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = scheme.lower() == "bearer"
        if given and compare_digest(token.strip().encode(), self._token):
            return None
        return error_response(
            401,
            "The API key is not the one that this server asks for."
            if given
            else "This server asks for an API key: send it as `Authorization: Bearer ...`.",
            code="invalid_api_key",
            headers={"WWW-Authenticate": 'Bearer realm="dynaclient"' + (', error="invalid_token"' if given else "")},
        )

    def _endpoint(self, key: OperationKey) -> _Endpoint:
        found = self._endpoints.get(key.pointer)
        if found is None:
            operation = read_operation(self.api, key)
            handler = handler_for(self.api, operation, self._replies, self._catalog)
            pages = None
            if handler is None and not self._varies:
                pages = pages_of(self.api.document, operation, self._replies)
            found = self._endpoints[key.pointer] = _Endpoint(operation, handler, pages)
        return found

    def _check(self) -> Checker:
        if self._checker is None:
            from dynaclient.openapi.check import Checker

            self._checker = Checker(self.api.document, self.api.version)
        return self._checker

    def _request_judge(self, pointer: str) -> Judge:
        return self._check().validator(pointer, "request")


def accept_of(request: Request) -> str:
    """The request's Accept field."""
    headers = request.headers
    return (headers if isinstance(headers, Headers) else Headers(headers)).get("accept", "")


def _takes_json(accept: str) -> bool:
    return not accept or "json" in accept or "*/*" in accept or "application/*" in accept


def broken(answer: Answer) -> TransportError:
    """The error by which a client without a socket learns of a fault on the socket."""
    if answer.fault == "stall":
        return TimeoutExpiredError("no reply came: the embedded server was told to stall")
    if answer.fault == "garbage":
        return ProtocolError("what came back is not HTTP: the embedded server was told to send garbage")
    if answer.fault == "half":
        body = answer.response.body
        return ConnectionLostError("the reply broke off in the middle of its body", partial=body[: len(body) // 2])
    return ConnectionLostError("the connection was reset before a reply came")


def _rejection(operation: Operation, error: RejectedError) -> Response:
    """The reply to a request that does not fit: 400, or 422 where only that is declared."""
    declared = {reply.status for reply in operation.replies}
    status = error.status or (422 if "422" in declared and "400" not in declared else 400)
    headers = {"Accept-Encoding": error.accept} if error.accept else None
    return error_response(status, error.message, param=error.param, headers=headers)


def _for_method(request: Request, response: Response) -> Response:
    """The reply as it is, or for HEAD without its body but with its length."""
    if request.method != "HEAD":
        return response
    headers = Headers([*response.headers.pairs, ("Content-Length", str(len(response.body)))])
    return evolve(response, headers=headers, body=b"")


def _spoilt(response: Response, fault: Fault | None, delay: float) -> Answer:
    """A reply with a fault applied to it; faults in the body leave a reply as it is that is an error already."""
    if fault is None or (fault.kind in IN_THE_BODY and response.status >= 400):
        return Answer(response, delay)
    if fault.kind == "html":
        return Answer(Response(200, Headers([("Content-Type", "text/html; charset=utf-8")]), _HTML), delay)
    if fault.kind == "null-data":
        error = {"message": "The backend failed.", "type": "server_error", "param": None, "code": None}
        return Answer(json_response({"object": "list", "data": None, "error": error}), delay)
    if fault.kind in ("few", "shuffle"):
        return Answer(_rearranged(response, fault.kind), delay)
    return Answer(response, delay, fault.kind)


def _rearranged(response: Response, kind: str) -> Response:
    value: Any = decode_json(response.body) if is_json(response.headers.get("content-type", "")) else None
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        return response
    data = value["data"]
    value["data"] = data[:-1] if kind == "few" else data[1:][::-1] + data[:1]
    return json_response(value, response.status)
