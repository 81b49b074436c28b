"""SIGINT and SIGTERM while Scrapy runs: either stops the crawl, whenever it comes."""

from __future__ import annotations

import signal
from typing import Self

from archiver.interrupts import SIGNALS


class Interrupts:
    """A context, for the main thread, that notes the signals that come before Scrapy's handlers are in place.

    While it starts, Twisted catches KeyboardInterrupt like any exception. The handlers that Scrapy leaves behind ask a
    reactor that no longer runs, so the former ones are put back at the end.
    """

    def __init__(self) -> None:
        self._noted = False
        self._scrapys: object = None

    def __enter__(self) -> Self:
        """Take over the signals; one that is ignored, as SIGINT is after `nohup` or `&`, stays so."""
        self._before = {each: signal.getsignal(each) for each in SIGNALS}
        for each, handler in self._before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(each, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Put the former handlers back."""
        for each, handler in self._before.items():
            signal.signal(each, handler or signal.SIG_DFL)

    @property
    def seen(self) -> bool:
        """Whether a signal came: Scrapy's handler, when it is called, puts another one in its place."""
        return self._noted or self._scrapys not in (None, signal.getsignal(signal.SIGTERM))

    def hand_over(self) -> None:
        """Leave the signals to Scrapy's handlers, in place once the reactor runs, and pass on one that came before."""
        self._scrapys = signal.getsignal(signal.SIGTERM)
        if self._before[signal.SIGINT] is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self._noted:
            signal.raise_signal(signal.SIGTERM)

    def _note(self, *_signal: object) -> None:
        self._noted = True
