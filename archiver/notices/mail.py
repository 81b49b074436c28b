"""A notification by e-mail."""

from __future__ import annotations

import os
import platform
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archiver.config import without_secrets
from archiver.errors import UsageError
from archiver.notices import addresses, refusal
from archiver.notices.notice import Notice

PASSWORD = "ARCHIVER_SMTP_PASSWORD"  # noqa: S105  # the name of a variable
"""The variable with the password if there is no file."""

PORTS = {"smtp": 587, "smtps": 465}
"""Ports by scheme: submission with STARTTLS (RFC 6409), and with TLS from the start (RFC 8314)."""

_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that accepts e-mail, and the login."""

    url: str
    """`smtp://user@host:port`, or `smtps://` for TLS from the start; the port may be left out."""
    sender: str
    password_file: Path | None = None


def check(url: str) -> str:
    """Return the URL of a server for e-mail; raise UsageError if it is not one, or has a password in it."""
    parts = addresses.of_server(url, PORTS)
    if parts is None or parts.path.strip("/"):
        raise UsageError(f"expected a server such as smtps://me@mail.example.org, found {without_secrets(url)!r}")
    if parts.password is not None:
        raise UsageError(f"expected no password in the address of a server; put it into a file, or into ${PASSWORD}")
    return url


def send(notice: Notice, recipients: Sequence[str], server: MailServer, seconds: float) -> None:
    """Send a notification by e-mail.

    Raises UsageError where a password would go over a network in the clear, ArchiverError when the server does not
    take it.
    """
    parts = urlsplit(check(server.url))
    host, port = str(parts.hostname), parts.port or (25 if parts.hostname in _HERE else PORTS[parts.scheme])
    password = _password(server) if parts.username else ""
    if not (unquote(parts.username or "") + password).isascii():  # smtplib sends no other
        raise UsageError(f"{host}: expected a user and password in ASCII, found other characters")
    with refusal.explained(f"{host}:{port}"), _session(parts.scheme, host, port, seconds) as session:
        session.ehlo()
        encrypted = parts.scheme == "smtps"
        if not encrypted and session.has_extn("starttls"):
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
            encrypted = True
        if parts.username:
            if not encrypted and host not in _HERE:
                raise UsageError(f"{host}: expected TLS before a password, found none; try smtps://")
            session.login(unquote(parts.username), password)
        session.send_message(_message(notice, recipients, server.sender))


def _session(scheme: str, host: str, port: int, seconds: float) -> smtplib.SMTP:
    """Return a connection to a server: with TLS from the start, or without it so far."""
    if scheme == "smtps":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, _own_name(), timeout=seconds, context=trusted)
    return smtplib.SMTP(host, port, _own_name(), timeout=seconds)


def _own_name() -> str:
    """Return this machine's name for a server, as smtplib would, but without asking the network for it."""
    name = platform.node()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _password(server: MailServer) -> str:
    if server.password_file is None:
        if password := os.environ.get(PASSWORD):
            return password
        raise UsageError(f"expected the password for {server.url} in ${PASSWORD} or a password-file, found none")
    try:
        return server.password_file.expanduser().read_text("utf-8", "replace").rstrip("\r\n")
    except OSError as error:
        raise UsageError(
            f"{server.password_file}: expected a file with the password, found: {error.strerror}"
        ) from error


def _message(notice: Notice, recipients: Sequence[str], sender: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(notice.title.split())
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or None)
    # So that no vacation program answers (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text.encode(errors="backslashreplace").decode() + "\n")
    return message
