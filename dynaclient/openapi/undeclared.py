"""A reply that the document does not declare -> the declared one that it is read as, where that cannot mislead."""

from __future__ import annotations

from collections.abc import Sequence

from dynaclient.frozen import Struct
from dynaclient.openapi.departure import Departure
from dynaclient.openapi.media import essence, is_json, matching
from dynaclient.openapi.model import MediaType, Reply


class StandIn(Struct, frozen=True):
    """What lenient makes of a reply that is not declared.

    ``media`` is the declared media type by which the body is read and judged; None: it is decoded by its own
    Content-Type. ``departure`` is what is noted.
    """

    media: MediaType | None
    departure: Departure


def stand_in(replies: Sequence[Reply], reply: Reply | None, status: int, content_type: str) -> StandIn | None:
    """Return what a reply is read as whose status or media type is not declared; None where it is refused.

    Parameters
    ----------
    replies:
        The replies that the operation declares.
    reply:
        The one of them that is for this status, or None.
    status, content_type:
        Of the reply that came.
    """
    if reply is not None:
        media = _as_json(reply, content_type)
        if media is None:
            return None
        came = essence(content_type)[:100]
        message = f"the Content-Type {came}, where the document declares {media.name}"
        return StandIn(media, Departure("content", "Content-Type", message))
    if status // 100 != 2:
        return None
    departure = Departure("status", "status", "a status that the document does not declare")
    judges = [one for one in replies if one.status.startswith("2") and any(map(_is_judge, one.content))]
    if len(judges) != 1:
        return StandIn(None, departure)
    media = matching(judges[0].content, content_type) or _as_json(judges[0], content_type)
    return StandIn(media, departure) if media is not None else None


def _as_json(reply: Reply, content_type: str) -> MediaType | None:
    """The one declared JSON that a body of another Content-Type may be: whether it is, its text decides.

    HTML is refused whatever its text is: a page to log in at, of a proxy.
    """
    found = [media for media in reply.content if is_json(media.name)]
    return found[0] if len(found) == 1 and "html" not in content_type.lower() else None


def _is_judge(media: MediaType) -> bool:
    return media.schema is not None and is_json(media.name)
