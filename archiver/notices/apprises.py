"""A notification by one of the hundred services that Apprise knows."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from archiver import extras
from archiver.errors import ArchiverError, UsageError
from archiver.notices.notice import FAILED, Notice


def send(notice: Notice, urls: Sequence[str]) -> None:
    """Send a notice to each of the URLs.

    Raises UsageError without the extra, or for what Apprise takes for no URL; ArchiverError when one was not reached.
    No URL is in a message: it holds a password.
    """
    try:
        import apprise
    except ImportError as error:
        raise UsageError(extras.missing("notify")) from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs URLs, passwords and all
    services = apprise.Apprise()
    for number, url in enumerate(urls, 1):
        if not services.add(url):
            raise UsageError(f"expected Apprise URLs, found something else as number {number} of {len(urls)}")
    kind = apprise.NotifyType.FAILURE if FAILED in notice.events else apprise.NotifyType.INFO
    if not services.notify(title=notice.title, body=notice.text, notify_type=kind):
        raise ArchiverError("a service did not accept it")
