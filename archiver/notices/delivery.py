"""Delivers a notification by all ways that are set, at the same time and within ten seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archiver.notices import apprises, commands, mail, ntfy
from archiver.notices.notice import Notice
from archiver.store.results import shown

LONGEST = 10.0
"""Seconds that delivery takes at most: a finished run must not hang on a server that does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Ways to send a notification; an empty one is not used."""

    command: str = ""
    """Command for the shell; gets the text on standard input, the rest in variables."""
    ntfy: str = ""
    """URL of a topic."""
    apprise: tuple[str, ...] = ()
    """URLs as Apprise has them."""
    email: tuple[str, ...] = ()
    """Addresses."""
    smtp: str = "smtp://localhost"
    """URL of the server that takes e-mail, `smtps://user@host`."""
    sender: str = ""
    """Address the e-mail is from; the first of its recipients if empty."""
    password_file: Path | None = None
    """File with the password for that server; None to take that of the environment."""

    def __bool__(self) -> bool:
        return bool(self.command or self.ntfy or self.apprise or self.email)

    def senders(self) -> dict[str, Callable[[Notice], None]]:
        """Return functions that send a notification, by the name of the way; each raises an exception on failure."""
        found: dict[str, Callable[[Notice], None]] = {}
        if self.command:
            found["command"] = lambda notice: commands.send(notice, self.command, LONGEST)
        if self.ntfy:
            found["ntfy"] = lambda notice: ntfy.send(notice, self.ntfy, LONGEST)
        if self.email:
            server = mail.MailServer(self.smtp, self.sender or self.email[0], self.password_file)
            found["e-mail"] = lambda notice: mail.send(notice, self.email, server, LONGEST)
        if self.apprise:
            found["Apprise"] = lambda notice: apprises.send(notice, self.apprise)
        return found


def deliver(notice: Notice, ways: Ways) -> list[str]:
    """Send a notification by all ways; return a sentence for each way that failed, which stops nothing else."""
    failures: dict[str, str] = {}

    def attempt(name: str, send: Callable[[Notice], None]) -> None:
        try:
            send(notice)
            failures.pop(name)
        except Exception as error:  # a run must never fail because of a notification
            failures[name] = f"{error}" or type(error).__name__

    senders = ways.senders()
    failures |= dict.fromkeys(senders, f"no result within {LONGEST:g} s")
    until = time.monotonic() + LONGEST
    threads = [threading.Thread(target=attempt, args=each, daemon=True) for each in senders.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [
        f"expected to send a notification by {name}, found: {shown(' '.join(why.split()))}"
        for name, why in dict(failures).items()
    ]
