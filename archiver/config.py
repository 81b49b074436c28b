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
_PASSWORD = re.compile(
    r"""((?:(?<=://)|(?<![^'"]))[^/@\s:'"]*):(?!//)[^'"\n]+(?=@)  # where a URL or the text begins: with spaces
    | ([^/@\s:'"]*):(?!//)[^\s'"]+(?=@)""",
    re.VERBOSE,
)
_PARAMETER = re.compile(
    r"([?&][\w.-]*(?:auth(?!or)|key(?!word)|pass|pwd|secret|(?<![a-z])sig|token)[\w.-]*=)[^&#\s'\"]+", re.IGNORECASE
)
"""A parameter that is named like a secret, such as `api_key`, `X-Amz-Signature`; `author` and `keyword` are none."""


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
    return _PARAMETER.sub(rf"\1{HIDDEN}", _PASSWORD.sub(lambda found: f"{found[1] or found[2] or ''}:{HIDDEN}", text))
