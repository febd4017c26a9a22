"""Operations of a document as tools of the Model Context Protocol, over the official SDK (the extra ``mcp``). The only door to it.

The tools take the operations' own arguments and nothing else: no server, no header, no time-out; those are the client's, and its credentials are never shown. A result is
structured content; an error is an error of the tool, in the words of the service.
"""

from __future__ import annotations

import binascii
import itertools
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynaclient.client import Client
from dynaclient.errors import ArgumentError, DynaclientError, Problem, UnsupportedError
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.tools import Tool, choose, tools
from dynaclient.stream import ItemStream
from dynaclient.value import plain
from dynaclient.version import VERSION

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

_MOST_ITEMS = 1000
"""How many items of a stream one result holds."""


def serve(client: Client, operations: Sequence[str] = (), *, writes: bool = False) -> None:
    """Serve operations as tools over standard input and output, until the input ends.

    Parameters
    ----------
    client:
        Makes the calls, with its server, credentials and options.
    operations:
        Dotted names and groups; see `dynaclient.openapi.tools.choose`. Without them, and of groups, only those whose method changes nothing.
    writes:
        Serve the others too.

    Raises
    ------
    ArgumentError
        Where a name is unknown, or nothing is left to serve.
    UnsupportedError
        Where the SDK is not installed.
    """
    found = tools(client.api, choose(client.api, operations, writes=writes))
    if not found:
        hint = "name operations, or allow writes"
        problem = Problem("operations", "none of the document's changes nothing, so that there are no tools", hint=hint)
        raise ArgumentError("nothing to serve", problems=(problem,))
    server = make_server(client, found)
    import anyio
    from mcp.server.stdio import stdio_server

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)


def make_server(client: Client, found: Sequence[Tool]) -> Server[Any]:
    """A server of the SDK with these tools, for any of its transports.

    Raises
    ------
    UnsupportedError
        Where the SDK is not installed.
    """
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError:
        raise UnsupportedError("tools are served by the MCP SDK: pip install 'dynaclient[mcp]'") from None
    from anyio.to_thread import run_sync

    known = {tool.name: tool for tool in found}
    shown = [
        types.Tool(
            name=tool.name,
            title=tool.title or None,
            description=tool.description,
            input_schema=dict(tool.schema),
            annotations=types.ToolAnnotations(
                title=tool.title or None,
                read_only_hint=tool.read_only,
                destructive_hint=not tool.read_only,
                idempotent_hint=tool.idempotent,
                open_world_hint=True,
            ),
        )
        for tool in found
    ]

    async def list_tools(_context: object, _parameters: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=shown)

    async def call_tool(_context: object, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            tool = known.get(parameters.name)
            if tool is None:
                raise ArgumentError("no such tool", problems=(Problem("name", f"there are {', '.join(known)}"),))
            value = await run_sync(call, client, tool, parameters.arguments or {}, abandon_on_cancel=True)
        except DynaclientError as error:
            return types.CallToolResult(content=[types.TextContent(type="text", text=str(error))], is_error=True)
        text = value if isinstance(value, str) else encode_json(value).decode()
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)], structured_content=structured(value)
        )

    name = client.api.title or "dynaclient"
    return Server(name, version=VERSION, on_list_tools=list_tools, on_call_tool=call_tool)


def call(client: Client, tool: Tool, arguments: Mapping[str, Any]) -> Any:
    """Call the operation of a tool and give its value as plain data.

    Raises
    ------
    DynaclientError
        Whatever goes wrong; an argument that the tool does not have, call options among them, is refused.
    """
    offered = tool.schema["properties"]
    unknown = [name for name in arguments if name not in offered]
    if unknown:
        hint = f"it takes {', '.join(offered)}" if offered else "it takes none"
        problems = tuple(Problem(name, "is not an argument of this tool", hint=hint) for name in unknown)
        raise ArgumentError(f"{tool.name} was not called", problems=problems, operation=tool.operation)
    given = {name: _bytes(name, value) if name in tool.binary else value for name, value in arguments.items()}
    return shown(client[tool.operation](**given))


def _bytes(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise ArgumentError("the tool was not called", problems=(Problem(name, "is not base64"),)) from None


def shown(value: Any) -> Any:
    """A value as plain JSON data: bytes as base64, the items of a stream as a list, of which the first thousand are taken."""
    if isinstance(value, ItemStream):
        with value:
            return [shown(item) for item in itertools.islice(value, _MOST_ITEMS)]
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    return plain(value)


def structured(value: Any) -> dict[str, Any]:
    """Plain data as structured content, which is an object: any other value stands in its field ``result``."""
    return value if isinstance(value, dict) else {"result": value}
