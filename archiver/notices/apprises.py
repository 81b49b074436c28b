"""A notification by one of the hundred services that Apprise knows."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from archiver import extras
from archiver.errors import ArchiverError, UsageError
from archiver.notices import refusal
from archiver.notices.notice import FAILED, Notice


def send(notice: Notice, urls: Sequence[str]) -> None:
    """Send a notice to each of the URLs.

    Raises UsageError without the extra, or for what Apprise takes for no URL; ArchiverError when one did not take it.
    No URL is in a message: it holds a password.
    """
    try:
        import apprise
    except ImportError as error:
        raise UsageError(extras.missing("notify")) from error
    statuses = _Statuses()
    log = logging.getLogger("apprise")
    log.addFilter(statuses)
    try:
        services = apprise.Apprise()
        for number, url in enumerate(urls, 1):
            if not services.add(url):
                raise UsageError(f"expected Apprise URLs, found something else as number {number} of {len(urls)}")
        kind = apprise.NotifyType.FAILURE if FAILED in notice.events else apprise.NotifyType.INFO
        taken = services.notify(title=notice.title, body=notice.text, notify_type=kind)
    finally:
        log.removeFilter(statuses)
    if not taken:
        answers = [f"a service answered {refusal.of_status(code)}" for code in sorted(statuses.found)]
        raise ArchiverError(". ".join(answers) or "a service was not reached; check its URL, and that its server runs")


class _Statuses(logging.Filter):
    """Takes the statuses of refusals out of what Apprise logs, its only word of them, and lets none of that through.

    It logs URLs, passwords and all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: set[int] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the status of a message such as `Failed to send: Forbidden, error=403.`; drop the message."""
        if stated := _STATUS.search(record.getMessage()):
            self.found.add(int(stated[1]))
        return False


_STATUS = re.compile(r"error=(\d{3})\b")
