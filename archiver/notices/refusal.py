"""Why a server did not take a notice, in a sentence that says what to do."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError, URLError

from archiver.errors import ArchiverError

_LONGEST = 1_000  # bytes of an answer that are read for its reason
_MOST = 200  # characters of a reason that are shown


@contextmanager
def explained(server: str) -> Iterator[None]:
    """Turn what urllib, smtplib and the network raise while the block asks a server into one of our errors."""
    try:
        yield
    except HTTPError as error:
        with error:
            raise ArchiverError(f"{server} answered {of_status(error.code, _reason(error))}") from error
    except smtplib.SMTPException as error:
        raise ArchiverError(f"{server} {_of_mail(error)}") from error
    except HTTPException as error:
        raise ArchiverError(f"{server} gave no answer in HTTP; check scheme and port of the URL") from error
    except OSError as error:
        reason = error.reason if isinstance(error, URLError) and isinstance(error.reason, OSError) else error
        raise ArchiverError(f"{server}: {_of_network(reason)}") from error


def of_status(code: int, reason: str = "") -> str:
    """Return the status of an HTTP response in words, and what to do; `reason` is what the server says of it."""
    with suppress(ValueError):
        phrase = HTTPStatus(code).phrase
        return f"{code} {phrase}{f' ({reason})' if reason else ''}; {_advice(code)}"
    return f"{code}; {_advice(code)}"


def _advice(code: int) -> str:
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "check the name and password, or the token, in the URL, and what they may do"
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return "it takes no more for now: try again later, or use another server"
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "try again later, or ask whoever runs it"
    if code < HTTPStatus.BAD_REQUEST:
        return "no redirect is followed: use the URL that it leads to"
    return "check the URL"


def _reason(error: HTTPError) -> str:
    """Return what a server says of its refusal: ntfy answers with JSON."""
    if error.code < HTTPStatus.BAD_REQUEST:
        return error.headers.get("Location", "")[:_MOST]
    with suppress(OSError, HTTPException, ValueError, AttributeError, RecursionError):
        return str(json.loads(error.read(_LONGEST)).get("error", ""))[:_MOST]
    return ""


def _of_mail(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        address, (code, said) = next(iter(error.recipients.items()))
        return f"answered {_said(code, said)} to {address}; {_try_again(code) or 'check that address'}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        found = _said(error.smtp_code, error.smtp_error)
        return f"answered {found}; {_try_again(error.smtp_code) or 'check the user in its URL, and the password'}"
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        found = _said(error.smtp_code, error.smtp_error)
        return f"answered {found}; {_try_again(error.smtp_code) or 'check the sender, or ask whoever runs it'}"
    if isinstance(error, (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException)):
        return "closed the connection; try again later, or ask whoever runs it"
    return f"cannot do what is needed: {error}; check its URL: without a user, no password is sent"


def _said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"[:_MOST].rstrip()


def _try_again(code: int) -> str:
    return "try again later" if code < 500 else ""  # RFC 5321, 4.2.1: 4yz is transient


def _of_network(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); check the name in the URL, and the certificate"
        )
    if isinstance(error, ssl.SSLError):
        return f"no TLS with it ({error.reason or error}); check scheme and port of the URL"
    if isinstance(error, TimeoutError):
        return "no answer in time; check the address, and that the server runs"
    return f"no connection ({error.strerror or error}); check the address, and that the server runs"
