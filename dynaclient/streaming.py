"""Calls whose reply is read while it comes: item by item, or block by block into a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import DynaclientError, UndeclaredReplyError, UnsupportedError
from dynaclient.exchange import Prepared, Shipment, failed, head, opened, told, watching
from dynaclient.frozen import evolve
from dynaclient.openapi.items import ItemReader, is_sequential
from dynaclient.openapi.media import essence
from dynaclient.openapi.model import Api
from dynaclient.openapi.shape import types
from dynaclient.stream import ItemStream
from dynaclient.wire import Response, Stream

if TYPE_CHECKING:
    from dynaclient.core import Core
    from dynaclient.save import Progress, Saved
    from dynaclient.watch import Watch


def asking(prepared: Prepared, api: Api, arguments: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The arguments and the Accept field that ask an operation for a stream.

    Raises
    ------
    UnsupportedError
        Where the document declares no reply that is one.
    """
    operation = prepared.operation
    offered = [media.name for reply in operation.replies for media in reply.content if is_sequential(media.name)]
    if not offered:
        raise UnsupportedError(
            f"{operation.dotted} declares no reply that comes item by item (text/event-stream, application/jsonl ...); call it without `stream`",
            source=api.source,
            pointer=operation.pointer,
            operation=operation.dotted,
        )
    switch = next((field for field in operation.arguments if field.name == "stream" and field.schema), None)
    if (
        switch is not None
        and switch.python_name not in arguments
        and "boolean" in types(api.document, switch.schema or "")
    ):
        arguments = {**arguments, switch.python_name: True}
    return arguments, ", ".join(dict.fromkeys(offered))


def item_stream(
    core: Core, shipment: Shipment, stream: Stream, watch: Watch | None, *, streamed: bool
) -> ItemStream | None:
    """The items of an open reply, or None where it is to be read whole.

    Raises
    ------
    UndeclaredReplyError
        Where a stream was asked for and something else has come.
    """
    response = head(stream)
    content_type = response.headers.get("content-type", "")
    media = shipment.prepared.parser.media(stream.status, content_type)
    if media is None or not is_sequential(content_type):
        if not streamed:
            return None
        with stream:
            response = evolve(response, body=stream.read())
        raise UndeclaredReplyError(
            f"{shipment.name}: a stream was asked for, and {essence(content_type) or 'a body of no stated type'} has come",
            response=response,
            operation=shipment.name,
        )

    def reader(response: Response) -> ItemReader:
        reading = core.reading(media, response.headers.get("content-type", ""))
        mode = shipment.way.reply_mode
        operation = shipment.prepared.operation
        return ItemReader(
            operation, media, core.api.document, core.checker, mode, core.warn, response, reading, core.note
        )

    def reopen(last: str) -> tuple[Stream, Response]:
        extra = {"Last-Event-ID": last} if last else {}
        again, attempts = opened(core, shipment, None, extra)
        if isinstance(again, Response):
            raise told(core, shipment, failed(core, shipment, again, attempts))
        return again, head(again)

    events = essence(content_type) == "text/event-stream"
    if watch is not None:
        watch.keep()
    return ItemStream(
        stream,
        reader(response),
        response,
        reopen=reopen if events else None,
        renew=reader,
        explain=lambda error: told(core, shipment, error),
        sleep=core.world.sleep,
        closed=watch.done if watch is not None else None,
    )


def save(core: Core, shipment: Shipment, path: str | os.PathLike[str], progress: Progress | None) -> Saved:
    """Write the body of a call's reply to a file; see `dynaclient.save.save`."""
    from dynaclient.save import save as save_to

    way, world = shipment.way, core.world

    with watching(core, shipment) as watch:

        def send(extra: Mapping[str, str]) -> Stream:
            reply, attempts = opened(core, shipment, watch, extra)
            if isinstance(reply, Response):
                raise failed(core, shipment, reply, attempts)
            return reply

        try:
            return save_to(
                send,
                path,
                url=shipment.plain.redacted().url,
                method=shipment.plain.method,
                policy=way.policy,
                deadline=world.clock() + (way.timeout.total or way.policy.max_elapsed_time / 1000),
                progress=progress,
                clock=world.clock,
                sleep=world.sleep,
                rng=world.rng,
                now=world.now,
            )
        except DynaclientError as error:
            raise told(core, shipment, error) from None
