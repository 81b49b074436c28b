"""Units for systemd: a timer, the crawl it starts, and the alarm when that fails; and the reader.

By default for the user's own manager (`systemctl --user`), where no administrator is needed; with an account, for the
whole system. Sources: systemd.service(5), systemd.exec(5), systemd.timer(5), systemd.syntax(7), as of version 252.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from pathlib import Path

from archiver.errors import ArchiverError, UsageError
from archiver.schedule.durations import format_duration
from archiver.schedule.plan import TOLERATED, Schedule, database_file

SERVICE = "archiver-crawl.service"
TIMER = "archiver-crawl.timer"
FAILURE = "archiver-failure@.service"
READER = "archiver-reader.service"

MARKER = "# archiver schedule: "
"""The beginning of the first line of our units; the archive's folder follows."""

LONGEST = timedelta(days=1)
"""Time for one run. A first crawl, some thousand requests three seconds apart, takes hours and resumes the next day."""

SPREAD = timedelta(hours=1)
"""How much later a run may start, so that not all the world's archives ask at midnight."""

PROMPT = timedelta(minutes=5)
"""The same, if a time was named."""

TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - named to tell whether the archive is there
"""Folders that a service with PrivateTmp= sees empty."""

LINGERING = Path("/var/lib/systemd/linger")
"""Folder with a file for each account whose manager runs without a login."""

HARDENED = """\
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=read-only
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM"""
"""Also work in the user's manager. ProtectHome=read-only, as `true` would hide a program or archive in /home."""

HARDENED_USER = """\
# Without it a user's manager may not build the view of the file system that the others ask for. Where the kernel gives
# users no namespaces the unit ends with status 217; a drop-in with PrivateUsers=false runs it without that view.
PrivateUsers=true"""

HARDENED_SYSTEM = """\
CapabilityBoundingSet=
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true"""
"""Settings that a user's manager cannot apply: each gives up capabilities, which it does not have (status 218)."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]*")


def systemd_units(settings: Schedule) -> dict[str, str]:
    """Return the text of each unit by its name: service, timer, and service for the alarm.

    Raises UsageError for a period or a path that systemd cannot express, and for an impossible account name.
    """
    if settings.account and not _ACCOUNT.fullmatch(settings.account):
        raise UsageError(f"expected the name of an account for the service, found {settings.account!r}")
    return _headed(
        {SERVICE: _service(settings), TIMER: _timer(settings), FAILURE: _failure(settings)},
        settings,
    )


def reader_unit(settings: Schedule) -> dict[str, str]:
    """Return the text of the unit that serves the reader, by its name.

    Raises as `systemd_units` does.
    """
    return _headed({READER: _reader(settings)}, settings)


def _headed(bodies: dict[str, str], settings: Schedule) -> dict[str, str]:
    edit = f"systemctl{'' if settings.account else ' --user'} edit"
    advice = f"# Change it with `{edit}`, which creates a drop-in: --install overwrites this file."
    return {name: f"{_marker(settings)}\n{advice}\n\n{body}" for name, body in bodies.items()}


def _marker(settings: Schedule) -> str:
    return f"{MARKER}{settings.home}"


def _service(settings: Schedule) -> str:
    # RuntimeMaxSec= has no effect on a oneshot service; TimeoutStartSec= is its limit, see systemd.service(5). A run
    # that ends well is followed by the check that not too many in a row ended less than complete.
    network = "Wants=network-online.target\nAfter=network-online.target\n" if settings.account else ""
    return f"""\
[Unit]
Description=Archive the blog
{network}OnFailure=archiver-failure@%n.service

[Service]
Type=oneshot
{_user(settings)}ExecStart={_command(settings.crawl)}
ExecStartPost={_command(settings.deadline)}
SuccessExitStatus={" ".join(str(int(code)) for code in TOLERATED)} SIGINT
TimeoutStartSec={_seconds(LONGEST)}
# The interrupt lets the crawl finish what is in flight: a page may take a minute.
KillMode=mixed
KillSignal=SIGINT
TimeoutStopSec=120
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
MemoryMax=1G
{_hardening(settings)}
"""


def _reader(settings: Schedule) -> str:
    # It fails while there is no archive yet, and when its port is taken: both pass.
    return f"""\
[Unit]
Description=Serve the reader of the archived blog
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={_command(settings.command("serve"))}
Restart=on-failure
RestartSec=60
{_hardening(settings)}

[Install]
WantedBy=default.target
"""


def _hardening(settings: Schedule) -> str:
    database = database_file(settings.db)
    folders = [settings.home, *([database.parent] if database else [])]
    hidden = [*folders, Path(settings.program[0])]
    private = not any(path.is_relative_to(temporary) for path in hidden for temporary in TEMPORARY)
    return "\n".join(
        [
            HARDENED,
            f"ReadWritePaths={' '.join(_folder(path) for path in folders)}",
            f"PrivateTmp={'true' if private else 'false'}",
            HARDENED_SYSTEM if settings.account else HARDENED_USER,
        ]
    )


def _timer(settings: Schedule) -> str:
    spread = min(PROMPT if settings.at else SPREAD, settings.every / 4)
    return f"""\
[Unit]
Description=Archive the blog every {format_duration(settings.every)}

[Timer]
OnCalendar={_calendar(settings)}
RandomizedDelaySec={_seconds(spread)}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _calendar(settings: Schedule) -> str:
    """Return the times of the runs in the notation of systemd.time(7)."""
    at = settings.at or time()
    if settings.period > 24:
        return f"Mon *-*-* {at:%H:%M}:00"
    if settings.period == 24:
        return f"*-*-* {at:%H:%M}:00"
    return f"*-*-* {at.hour % settings.period:02}/{settings.period}:{at.minute:02}:00"


def _failure(settings: Schedule) -> str:
    # A shell command gets the unit's name as $1, and from systemd 251 on $MONITOR_EXIT_STATUS.
    shell = ("/bin/sh", "-c", settings.on_failure, "archiver-failure")
    command = f"{_command(shell)} %i" if settings.on_failure else _command(settings.status)
    return f"""\
[Unit]
Description=Raise the alarm about %i

[Service]
Type=oneshot
{_user(settings)}ExecStart={command}
TimeoutStartSec=300
SyslogIdentifier=archiver-failure
SyslogLevel=err
"""


def _user(settings: Schedule) -> str:
    return f"User={settings.account}\n" if settings.account else ""


def _seconds(length: timedelta) -> str:
    return str(round(length.total_seconds()))


def _command(words: tuple[str, ...]) -> str:
    """Return a command line for ExecStart=.

    Raises UsageError for a program whose path has a `$`: systemd would not read `$$` as one there.
    """
    if "$" in words[0]:
        raise UsageError(f"expected a program without $ in its path, found {words[0]!r}; install it elsewhere")
    return " ".join(_word(word) for word in words)


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted.replace("%", "%%").replace("$", "$$")}"'


def _folder(path: Path) -> str:
    """Return a folder for ReadWritePaths=, where quotes count and backslashes do not, whatever the manual says."""
    text = str(path)
    quote = "'" if '"' in text else '"'
    if quote in text or "\\" in text:
        raise UsageError(f"expected a folder that systemd can name in ReadWritePaths=, found {text!r}; rename it")
    return f"{quote}{text.replace('%', '%%')}{quote}"


def install_systemd(settings: Schedule, config_home: Path) -> list[Path]:
    """Write the units into `systemd/user` of the user's configuration folder; return where they are.

    Each file is replaced atomically. `enable_systemd` starts the timer. Raises UsageError for a unit that somebody else
    wrote or that schedules another archive, ArchiverError when the disk refuses.
    """
    if settings.account:
        raise UsageError("expected units of your own to install; print those for an account and have root install them")
    return _install(systemd_units(settings), settings, config_home)


def install_reader(settings: Schedule, config_home: Path) -> list[Path]:
    """Write the unit of the reader as `install_systemd` does the crawl's, and raise the same; return its path."""
    return _install(reader_unit(settings), settings, config_home)


def _install(texts: dict[str, str], settings: Schedule, config_home: Path) -> list[Path]:
    folder = folder_of_units(config_home)
    units = {folder / name: text for name, text in texts.items()}
    with _disk():
        for path in units:
            refuse_foreign(path, settings)
        # The service cannot start, status 226, while a folder of ReadWritePaths= is missing.
        settings.home.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in units.items():
            _replace(path, text)
    return list(units)


def enable_systemd(unit: str = TIMER) -> list[str]:
    """Start a unit if the user's manager can be reached; return the commands left for the user to run.

    Raises ArchiverError when systemctl refuses.
    """
    steps = [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", unit]]
    # The user's manager ends with the last login unless it lingers, see loginctl(1).
    linger = "loginctl enable-linger"
    if not _answered(steps):
        return [*(" ".join(step) for step in steps), linger]
    return [] if (LINGERING / getpass.getuser()).exists() else [linger]


def uninstall_systemd(settings: Schedule, config_home: Path) -> list[Path]:
    """Stop the timer and remove the units; return those that were there. A crawl under way ends by itself.

    Raises UsageError for a unit that somebody else wrote or that schedules another archive.
    """
    return _uninstall(TIMER, (TIMER, SERVICE, FAILURE), settings, config_home)


def uninstall_reader(settings: Schedule, config_home: Path) -> list[Path]:
    """Stop the reader and remove its unit; return it if it was there. Raises as `uninstall_systemd` does."""
    return _uninstall(READER, (READER,), settings, config_home)


def _uninstall(started: str, names: tuple[str, ...], settings: Schedule, config_home: Path) -> list[Path]:
    folder = folder_of_units(config_home)
    with _disk():
        units = [path for path in (folder / name for name in names) if path.exists()]
        for path in units:
            refuse_foreign(path, settings)
        if units:
            _answered([["systemctl", "--user", "disable", "--now", started]])
            # What `disable` removes if the manager answers.
            for wants in folder.glob("*.target.wants"):
                (wants / started).unlink(missing_ok=True)
        for path in units:
            path.unlink()
    if units:
        _answered([["systemctl", "--user", "daemon-reload"]])
    return units


def folder_of_units(config_home: Path) -> Path:
    """Return the folder of the units of the user's own manager."""
    return config_home / "systemd" / "user"


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiverError(f"expected to write units, found {error.strerror}: {error.filename}") from error


def refuse_foreign(path: Path, settings: Schedule) -> None:
    """Raise UsageError for a unit that somebody else wrote or that is for another archive."""
    if not path.exists():
        return
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    if not first.startswith(MARKER):
        raise UsageError(f"{path}: expected a unit of ours or none, found another one; move it away first")
    if first != _marker(settings):
        other = first.removeprefix(MARKER)
        raise UsageError(f"{path}: expected a schedule of {settings.home}, found that of {other}; uninstall it first")


def _replace(path: Path, text: str) -> None:
    # Only the owner may read the file, as the database's URL may hold a password.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _answered(steps: list[list[str]]) -> bool:
    """Run commands of systemctl; return False, without any of them, when the user's manager cannot be reached."""
    if not shutil.which("systemctl") or _run(["systemctl", "--user", "show", "--property=Version"]).returncode:
        return False
    for step in steps:
        done = _run(step)
        if done.returncode:
            raise ArchiverError(f"expected {' '.join(step)} to succeed, found: {done.stderr.strip()}")
    return True


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArchiverError(f"expected {' '.join(command)} to answer, found: {error}") from error
