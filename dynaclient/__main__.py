"""``python -m dynaclient``."""

from __future__ import annotations

import sys

from dynaclient.cli import main

if __name__ == "__main__":
    sys.exit(main())
