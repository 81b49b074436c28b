"""Errors of the archiver, each with the exit code the command line ends with.

The tree::

    ArchiverError                 1   anything that failed
    ├── UsageError                2   what was asked for makes no sense
    │   └── ProfileInvalid            a site's profile does not say what it should
    ├── ArchiveDamaged            4   fixity check found damage
    ├── ArchiveLocked             5   another run holds the archive
    ├── RateLimited               7   the site said stop
    ├── Refused                   7   its robots.txt forbids everything
    ├── Unreachable               7   no answer came from it at all
    ├── DiskFull                  8   no room to write
    ├── StorageUnreachable        1   the object storage that has the records did not answer as it should
    ├── DatabaseTooNew            1   written by a newer version of this program
    ├── PageNotRecognised         1   one page is not what its address promises
    │   └── PageLeadsOn           1   one page has nothing but a way to another
    └── ResponseNotArchived       1   an offline request for something the archive does not have

A message says what was expected, what was found, where, and what to do.
"""

from __future__ import annotations

import errno
from enum import IntEnum

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Error numbers for a full disk."""


class ExitCode(IntEnum):
    """Exit codes of the `archiver` command; documented in README.md and docs/design.md."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    DAMAGED = 4
    LOCKED = 5
    MARKUP_CHANGED = 6
    RATE_LIMITED = 7
    DISK_FULL = 8
    INTERRUPTED = 130


class ArchiverError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = ExitCode.FAILED
    outcome = "failed"
    """Outcome of a run that the error ends, as in its row."""


class UsageError(ArchiverError):
    """An argument or setting is invalid."""

    exit_code = ExitCode.USAGE


class ProfileInvalid(UsageError):
    """A site's profile does not say what it should."""


class NotArchived(UsageError):
    """The archive does not hold what was asked for."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"expected {subject} in the archive, found none; `archiver gaps` lists what is missing")


class ArchiveDamaged(ArchiverError):
    """A file of the archive is not what was written."""

    exit_code = ExitCode.DAMAGED


class ArchiveLocked(ArchiverError):
    """Another process is writing to the archive."""

    exit_code = ExitCode.LOCKED


class RateLimited(ArchiverError):
    """The site refused further requests."""

    exit_code = ExitCode.RATE_LIMITED
    outcome = "rate limited"


class Refused(ArchiverError):
    """The site's rules forbid asking for anything."""

    exit_code = ExitCode.RATE_LIMITED
    outcome = "refused"


class Unreachable(ArchiverError):
    """No answer came from the site: no network, unknown host, no connection, or a timeout."""

    exit_code = ExitCode.RATE_LIMITED
    outcome = "unreachable"


class DiskFull(ArchiverError):
    """The disk has no room for what had to be written."""

    exit_code = ExitCode.DISK_FULL
    outcome = "disk full"


class StorageUnreachable(ArchiverError):
    """The object storage that has the records did not answer, or not as it should: what is there is not known."""


class DatabaseTooNew(ArchiverError):
    """The database was migrated by a newer version of this program."""


class PageNotRecognised(ArchiverError):
    """A page lacks what its kind of page must have; `url` and `missing` say which and what."""

    def __init__(self, url: str, missing: str) -> None:
        super().__init__(f"{url}: {missing}")
        self.url = url
        self.missing = missing


class PageLeadsOn(PageNotRecognised):
    """A page only leads to another, whose address is `to`."""

    def __init__(self, url: str, to: str) -> None:
        super().__init__(url, f"the page only leads on to {to}")
        self.to = to


class ResponseNotArchived(ArchiverError):
    """An offline request asked for an address the archive holds no capture of."""


FAILURES = {
    "CannotResolveHostError": "the host name was not found",
    "CertificateRefused": "the server's certificate was refused",
    "DNSLookupError": "the host name was not found",
    "DownloadCancelledError": "the answer is larger than the limit",
    "DownloadConnectionRefusedError": "the connection was refused",
    "DownloadFailedError": "the connection failed",
    "DownloadTimeoutError": "no whole answer came in time",
    "ResponseDataLossError": "the answer ended before it was whole",
}
"""What exceptions of a download mean, by name: Scrapy and Twisted do not name them alike in all versions."""


UNREACHABLE = frozenset(
    {"CannotResolveHostError", "ConnectError", "ConnectionRefusedError", "DNSLookupError", "NoRouteError"}
    | {"DownloadConnectionRefusedError", "DownloadTimeoutError", "TCPTimedOutError", "TimeoutError"}
)
"""Exceptions, by name, of downloads to which nobody answered at all."""


def is_unreachable(error: BaseException) -> bool:
    """Return whether a download failed because nobody answered."""
    return not UNREACHABLE.isdisjoint(each.__name__ for each in type(error).__mro__)


def in_words(error: BaseException) -> str:
    """Return what a failed download means, and what else the exception says, such as a malformed header."""
    reasons = getattr(error, "reasons", None) or getattr(error.__cause__, "reasons", None) or error.args
    texts = (str(getattr(reason, "value", reason)) for reason in reasons)
    detail = "; ".join(text for text in texts if text and not text.startswith("[<"))
    name = type(error).__name__
    return (FAILURES.get(name, name) + (f": {detail}" if detail else ""))[:300]
