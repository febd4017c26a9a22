"""One operation of a small document, from arguments to the request that is sent."""

from documents import document

from dynaclient.errors import ArgumentError
from dynaclient.files import attach
from dynaclient.openapi.arguments import Binder
from dynaclient.openapi.bodies import choose
from dynaclient.openapi.build import Builder
from dynaclient.openapi.check import Checker
from dynaclient.openapi.read import operation, read, with_media

BOUNDARY = "BOUNDARY"


class Sender:
    """The operation `run` (POST /x) with a body of these media types: `{name: Media Type Object}`."""

    def __init__(self, content=None, version="3.1.0", parameters=(), required=False, **more):
        node = {"operationId": "run", "parameters": list(parameters), "responses": {}}
        if content is not None:
            node["requestBody"] = {"required": required, "content": content}
        self.document = {**document({"/x": {"post": node}}, **more), "openapi": version}
        self.api = read(self.document)
        self.operation = operation(self.api, self.api.index["run"])
        self.checker = Checker(self.document, version[:3])

    def bound(self, arguments, content_type=None, **options):
        """The operation as it is called, its media type, the sorted arguments, and all that is wrong with them."""
        body = self.operation.body
        media = choose(body, content_type, arguments) if body else None
        made = with_media(self.document, self.operation, media) if media else self.operation
        binder = Binder(made, self.checker, media, self.document, attach)
        found = binder.bind(arguments, **options)
        return made, media, found, [*found.problems, *binder.check(found)]

    def problems(self, content_type=None, **arguments):
        """What is wrong with the arguments: place and words."""
        return {problem.where: str(problem) for problem in self.bound(arguments, content_type)[3]}

    def notes(self, content_type=None, **arguments):
        """What is sent though the service may ignore it: place and words."""
        made, media, found, _ = self.bound(arguments, content_type)
        binder = Binder(made, Checker(self.document, str(self.document["openapi"])[:3]), media, self.document, attach)
        return {problem.where: str(problem) for problem in binder.notes(found)}

    def request(self, arguments, content_type=None, headers=(), **options):
        """The request, whose arguments are all good."""
        made, media, found, problems = self.bound(arguments, content_type, **options)
        if problems:
            raise ArgumentError("not sent", problems=tuple(problems))
        builder = Builder(made, media, self.document, lambda: BOUNDARY)
        return builder.build(found, "http://127.0.0.1", "", dict(headers))

    def sent(self, content_type=None, **arguments):
        """The body that is sent, whole."""
        return whole(self.request(arguments, content_type))


def whole(request):
    """The body of a request, whole."""
    return request.body if isinstance(request.body, bytes) else request.body.read()
