"""A notification by a command."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

from archiver.errors import ArchiverError
from archiver.notices.notice import Notice

PREFIX = "NOTICE_"
"""Prefix of the names of the variables that the command gets."""


def send(notice: Notice, command: str, seconds: float) -> None:
    """Run a command of the shell with the text on its standard input, and the title and all facts in variables.

    Its output is dropped: our standard output is for results. Raises ArchiverError when it fails or takes
    too long; then it is killed.
    """
    facts = {"title": notice.title, "events": " ".join(sorted(notice.events)), "reader": notice.reader, **notice.facts}
    environment = os.environ | {PREFIX + name.upper(): value for name, value in facts.items()}
    with subprocess.Popen(  # noqa: S603  # the owner's own words
        ["/bin/sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        process_group=0,
    ) as child:
        try:
            _, said = child.communicate(f"{notice.text}\n".encode(errors="backslashreplace"), timeout=seconds)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            raise ArchiverError(f"it took more than {seconds:g} s") from error
    if child.returncode:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise ArchiverError(f"exit code {child.returncode}" + (f": {last}" if last else ""))
