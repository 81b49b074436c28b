"""SIGINT and SIGTERM while Scrapy runs: each of them stops the crawl, whenever it comes."""

from __future__ import annotations

import signal
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes the signals that come before Scrapy's handlers are in place; as a context, for the main thread.

    Twisted catches KeyboardInterrupt as it does any exception while it starts, and the handlers that Scrapy leaves
    behind ask a reactor that runs no more: at the end, whoever handled the signals before does so again.
    """

    def __init__(self) -> None:
        self._noted = False
        self._scrapys: object = None

    def __enter__(self) -> Self:
        """Take over the signals that are not ignored, as SIGINT is after `nohup` or `&`."""
        self._before = {each: signal.getsignal(each) for each in SIGNALS}
        for each, handler in self._before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(each, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for each, handler in self._before.items():
            signal.signal(each, handler or signal.SIG_DFL)

    @property
    def seen(self) -> bool:
        """Whether a signal came: Scrapy's handler puts another in its place when it is called."""
        return self._noted or self._scrapys not in (None, signal.getsignal(signal.SIGTERM))

    def hand_over(self) -> None:
        """Leave the signals to Scrapy's handlers, which are in place once the reactor runs, with what came before."""
        self._scrapys = signal.getsignal(signal.SIGTERM)
        if self._before[signal.SIGINT] is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self._noted:
            signal.raise_signal(signal.SIGTERM)

    def _note(self, *_signal: object) -> None:
        self._noted = True
