"""What the shared options said; no help page needs it."""

from __future__ import annotations

from collections.abc import Mapping

from dynaclient.frozen import Struct, field


class Settings(Struct, frozen=True):
    """What the shared options add up to; None or empty where nothing was said. ``timeout`` is in seconds.

    ``origin`` maps the name of a setting to what gave it: the option or the variable.
    """

    spec: str | None = None
    overlay: tuple[str, ...] = ()
    profile: str | None = None
    server: str | None = None
    server_variable: tuple[str, ...] = ()
    timeout: float | None = None
    retries: str | None = None
    validate: str | None = None
    content_type: str | None = None
    settings: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    query_param: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    bearer_auth: str | None = None
    credential: tuple[str, ...] = ()
    proxy: str | None = None
    ca_bundle: str | None = None
    cert: str | None = None
    key: str | None = None
    dry_run: bool = False
    curl: bool = False
    written_as: str | None = None
    stream: bool = False
    all: bool = False
    pages: bool = False
    max_items: int | None = None
    split: bool | int | None = None
    output_file: str | None = None
    drift: str | None = None
    output: str | None = None
    query: str | None = None
    verbose: bool = False
    no_color: bool = False
    no_pager: bool = False
    error_format: str = "text"
    origin: Mapping[str, str] = field(default_factory=dict)
