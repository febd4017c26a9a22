"""The table of services in docs/connect.md, made from the overlays: ``python tests/vendorstable.py`` writes it anew."""

import re
from pathlib import Path

from dynaclient.cli.vendors import vendor_rows
from dynaclient.source import load

PAGE = Path(__file__).parent.parent / "docs" / "connect.md"
BEGIN, END = "<!-- vendors -->", "<!-- end of vendors -->"


def table():
    """The lines of the table, one for each overlay that ships."""
    lines = [
        "| `--server` | Address | Variable of the key | Variable of the address | Inputs | Tokens |",
        "|---|---|---|---|---|---|",
    ]
    for row in vendor_rows(load()):
        keys = ", ".join(f"`{name}`" for name in row["variables"]) + (" (optional)" if row["key"] == "optional" else "")
        address = f"`{row['address_variable']}`" if row["address_variable"] else ""
        limits = [f"{row[name]:,}" if row[name] else "" for name in ("max_items", "max_tokens")]
        lines.append(f"| `{row['name']}` | `{row['address']}` | {keys} | {address} | {limits[0]} | {limits[1]} |")
    return "\n".join(lines)


def written():
    """The table as it stands in the page."""
    found = re.search(f"{BEGIN}\n(.*?)\n{END}", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return found[1].strip() if found else None


def write():
    """Put the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    block = f"{BEGIN}\n\n{table()}\n\n{END}"
    text = re.sub(f"{BEGIN}(\n.*?{END})?", lambda _: block, text, count=1, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
