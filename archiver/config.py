"""Settings files, in TOML: values of options that neither the command line nor the environment sets."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

from archiver.errors import UsageError

FILE = "config.toml"
"""Name of the file, in the folder of an archive and in the user's own."""

HIDDEN = "***"
"""Stands for what is secret."""

_FOLDER = "blog-archiver"
# Each part of a text is looked at once, however long it is: what people paste may be anything.
_APART = re.compile(r"""(['"\n])""")
_USER = re.compile(r"(?<![^/@\s:])[^/@\s:]*+:(?!//)")
_BLANK = re.compile(r"\s|\Z")
_PARAMETER = re.compile(r"[?&][\w.-]*+=")
_SECRET = re.compile(r"auth(?!or)|key(?!word)|pass|pwd|secret|(?<![a-z])sig|token", re.IGNORECASE)
"""What a parameter is named like that is a secret: `api_key`, `X-Amz-Signature`; `author` and `keyword` are none."""
_VALUE = re.compile(r"[^&#\s'\"]+")


def user_config_home() -> Path:
    """Return the folder of the user's configuration (XDG Base Directory Specification)."""
    # Without a home, as in a container run by a mere number, `~` stays as it is, and nothing is there.
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))  # noqa: PTH111


def user_file() -> Path:
    """Return where the user's own file is, which applies to all of the user's archives."""
    return user_config_home() / _FOLDER / FILE


def read(file: Path) -> dict[str, Any]:
    """Return what a file says, nothing where there is none.

    Raises UsageError for one that cannot be read or is not TOML.
    """
    import tomllib

    try:
        if file.exists() and not file.is_file():
            raise UsageError(f"{file}: expected a settings file, found a folder, pipe or device; move it away")
        return tomllib.loads(file.read_text("utf-8-sig"))  # with the mark that editors on Windows put first
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        if error.errno == errno.EACCES and not os.access(file.parent, os.X_OK):
            return {}  # the folder of another user, mistaken for our home
        raise UsageError(f"{file}: expected a settings file that can be read, found: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: expected TOML in UTF-8, found: {error}; save it as UTF-8") from error
    except RecursionError as error:
        raise UsageError(f"{file}: expected a settings file, found lists nested without end; fix it") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: expected TOML, found: {error}; fix it there, or move the file away") from error


def without_secrets(text: str) -> str:
    """Return text with passwords in URLs hidden, and what their queries call a secret, even in malformed ones."""
    before, hidden = "", []
    for part in _APART.split(text):
        hidden.append(_without_passwords(part, begins=before in ("", "'", '"')))
        before = part
    return _without_parameters("".join(hidden))


def _without_passwords(line: str, *, begins: bool) -> str:
    """Return a line with all between a user and the last @ hidden.

    Where a URL or, as `begins` says, the text begins, a password may have spaces in it.
    """
    last = line.rfind("@")
    kept, done, within, nearest = [], 0, 0, -1
    for user in _USER.finditer(line) if last >= 0 else ():
        start, end = user.span()
        if start < done:
            continue
        if end > within and (blank := _BLANK.search(line, end)):
            within = blank.start()
            nearest = line.rfind("@", end, within)
        is_first = line.endswith("://", 0, start) or (begins and start == 0)
        at = last if is_first else nearest
        if end < at:
            kept += [line[done:end], HIDDEN]
            done = at
    return "".join((*kept, line[done:]))


def _without_parameters(text: str) -> str:
    kept, done = [], 0
    for name in _PARAMETER.finditer(text):
        if name.start() >= done and _SECRET.search(name[0]) and (value := _VALUE.match(text, name.end())):
            kept += [text[done : name.end()], HIDDEN]
            done = value.end()
    return "".join((*kept, text[done:]))
