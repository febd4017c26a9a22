"""Ctrl-C and SIGTERM while rows are sent: the first ends the run in good order, the second at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Self

_NAMES = ("SIGINT", "SIGTERM")
_STOPPING = b"dynaclient: stopping: requests under way have 4 s to finish; once more ends it at once\n"


class Halt:
    """While a block runs, the first signal is noted, so that nothing new is begun; the second ends the process: what is written stays whole whenever that comes.

    Called, it says whether a signal came. A signal that whoever started the process chose to ignore (``nohup``, a job in the background) stays ignored.
    """

    def __init__(self) -> None:
        self.code = 0
        """The exit code of a process that the signal ended, 0 where none came."""
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether a signal came."""
        return bool(self.code)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
                before = signal.getsignal(number)
                if before not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _came(self, number: int, _frame: FrameType | None) -> None:
        if self.code:
            os._exit(128 + number)
        self.code = 128 + number
        with suppress(OSError, ValueError, AttributeError):
            # Not through sys.stderr, which may be in the middle of a line of its own.
            os.write(sys.stderr.fileno(), (b"\n" if sys.stderr.isatty() else b"") + _STOPPING)
