from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ArchiverError, UsageError
from archiver.schedule import (
    READER,
    Schedule,
    enable_systemd,
    install_reader,
    install_systemd,
    reader_unit,
    systemd,
    systemd_units,
    uninstall_reader,
    uninstall_systemd,
)

Stub = Callable[[str, str], Path]
ANALYZE = shutil.which("systemd-analyze")
AWKWARD = ("数 学", "100%", "%h", "$HOME", "${X}$$", 'a"b', "o'brien", "\\", "\\n", ";", "", "#", "-", "@/x", "　")
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


def plan(home: str = "/srv/blog", **changes: object) -> Schedule:
    return Schedule(home=Path(home), **{"program": ("/opt/archiver",), **changes})  # type: ignore[arg-type]


def setting(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def as_systemd_reads(line: str) -> list[str]:
    """Split a command line by systemd.syntax(7), "Quoting", then undo specifiers and dollars by systemd.service(5)."""
    return [word.replace("%%", "%").replace("$$", "$") for word in _items(line)]


def _items(line: str) -> Iterator[str]:
    rest = line
    while rest := rest.lstrip(" \t"):
        if rest[0] in "\"'":
            found = re.match(r"""(["'])((?:\\.|(?!\1)[^\\])*)\1(?=[ \t]|$)""", rest)
            assert found, f"a quoted item has to end before white space: {rest}"
            item = found[2]
        else:
            found = re.match(r"[^ \t\"']+", rest)
            assert found
            item = found[0]
            assert item != ";", "a lone semicolon begins another command"
        assert not re.search(r"(?<!%)(?:%%)*%(?!%)", item), f"a specifier: {item}"
        assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", item), f"a variable: {item}"
        yield re.sub(r"\\(.)", lambda escape: {"\\": "\\", '"': '"', "'": "'"}[escape[1]], item)
        rest = rest[found.end() :]


@given(st.lists(words))
def test_arguments_reach_the_program_as_they_are(arguments: list[str]) -> None:
    units = systemd_units(plan(arguments=("--category", *arguments)))
    (line,) = setting(units["archiver-crawl.service"], "ExecStart")
    assert as_systemd_reads(line) == ["/opt/archiver", "--home", "/srv/blog", "crawl", "--category", *arguments]


@given(words.filter(bool))
def test_a_shell_command_for_the_alarm_reaches_the_shell_as_it_is(command: str) -> None:
    (line,) = setting(systemd_units(plan(on_failure=command))["archiver-failure@.service"], "ExecStart")
    assert line.endswith(" archiver-failure %i")
    assert as_systemd_reads(line.removesuffix(" %i")) == ["/bin/sh", "-c", command, "archiver-failure"]


@pytest.mark.parametrize("home", ["/home/我/博 客 100%", "/home/o'brien/blog", '/srv/"blog"', "/srv/$HOME"])
def test_the_archive_can_be_anywhere(home: str) -> None:
    service = systemd_units(plan(home))["archiver-crawl.service"]
    assert as_systemd_reads(setting(service, "ExecStart")[0])[1:3] == ["--home", home]
    (folder,) = setting(service, "ReadWritePaths")
    assert folder[0] == folder[-1] != "\\"
    assert folder[1:-1].replace("%%", "%") == home
    assert folder[0] not in home


@pytest.mark.parametrize("home", ["/srv/both'and\"", "/srv/back\\slash"])
def test_but_not_where_systemd_has_no_name_for(home: str) -> None:
    with pytest.raises(UsageError, match="expected a folder that systemd can name in ReadWritePaths=, found"):
        systemd_units(plan(home))


def test_a_program_with_a_dollar_in_its_path_is_refused() -> None:
    with pytest.raises(UsageError, match=r"expected a program without \$ in its path, found '/opt/\$x'"):
        systemd_units(plan(program=("/opt/$x",)))


def test_the_database_elsewhere_can_be_written_to() -> None:
    service = systemd_units(plan(db="sqlite:////srv/other place/a.db?timeout=5"))["archiver-crawl.service"]
    assert setting(service, "ReadWritePaths") == ['"/srv/blog" "/srv/other place"']


@pytest.mark.parametrize(("home", "private"), [("/srv/blog", "true"), ("/tmp/blog", "false"), ("/var/tmp/b", "false")])
def test_an_archive_in_a_temporary_folder_is_not_hidden(home: str, private: str) -> None:
    assert setting(systemd_units(plan(home))["archiver-crawl.service"], "PrivateTmp") == [private]


def test_what_is_no_failure_and_what_limits_a_run() -> None:
    service = systemd_units(plan())["archiver-crawl.service"]
    assert setting(service, "SuccessExitStatus") == ["3 5 130 SIGINT"]
    assert setting(service, "ExecStartPost") == ["/opt/archiver --home /srv/blog status --max-age 3d"]
    assert setting(service, "OnFailure") == ["archiver-failure@%n.service"]
    assert "RuntimeMaxSec" not in service, "has no effect on a oneshot service"
    assert setting(service, "TimeoutStartSec") == ["86400"]
    assert setting(service, "KillSignal") == ["SIGINT"]


def test_units_of_a_user_ask_for_nothing_that_takes_privileges() -> None:
    service = systemd_units(plan())["archiver-crawl.service"]
    assert setting(service, "PrivateUsers") == ["true"]
    for name in ("User", "CapabilityBoundingSet", "ProtectKernelModules", "PrivateDevices", "ProtectClock"):
        assert not setting(service, name)
    assert "network-online.target" not in service, "the user's manager has no such unit"


def test_units_of_the_system_run_as_an_account() -> None:
    units = systemd_units(plan(account="blog"))
    assert setting(units["archiver-crawl.service"], "User") == setting(units["archiver-failure@.service"], "User")
    assert setting(units["archiver-crawl.service"], "CapabilityBoundingSet") == [""]
    assert setting(units["archiver-crawl.service"], "After") == ["network-online.target"]
    assert not setting(units["archiver-crawl.service"], "PrivateUsers")


@pytest.mark.parametrize("account", ["a b", "x\n[Service]", "%u", "Äpfel", "-"])
def test_an_account_is_a_name(account: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        systemd_units(plan(account=account))


@pytest.mark.parametrize(
    ("hours", "at", "calendar", "spread"),
    [
        (24, None, "*-*-* 00:00:00", "3600"),
        (24, time(4, 30), "*-*-* 04:30:00", "300"),
        (12, time(16, 30), "*-*-* 04/12:30:00", "300"),
        (1, None, "*-*-* 00/1:00:00", "900"),
        (168, time(4, 5), "Mon *-*-* 04:05:00", "300"),
    ],
)
def test_the_timer_says_when(hours: int, at: time | None, calendar: str, spread: str) -> None:
    timer = systemd_units(plan(every=timedelta(hours=hours), at=at))["archiver-crawl.timer"]
    assert setting(timer, "OnCalendar") == [calendar]
    assert setting(timer, "RandomizedDelaySec") == [spread]
    assert setting(timer, "Persistent") == ["true"]


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not there to ask")
@pytest.mark.parametrize("account", ["", "daemon"])
@pytest.mark.parametrize("home", ["/srv/blog", "/home/我/博 客 100%/o'brien"])
def test_systemd_has_nothing_to_say_against_the_units(
    home: str, account: str, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    program = str(stub("archiver", "exit 0"))
    settings = plan(home, account=account, arguments=("--category", *AWKWARD), program=(program,))
    units = systemd_units(settings) | ({} if account else reader_unit(settings))
    paths = [tmp_path / name for name in units]
    for path in paths:
        path.write_text(units[path.name], encoding="utf-8")
    mode = "--system" if account else "--user"
    command = [str(ANALYZE), mode, "--man=no", "verify", *map(str, paths)]
    # Its exit code is 0 for an unknown setting, so what it says is what counts.
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in said.stderr.splitlines() if "archiver" in line]
    assert (ours, said.returncode) == ([], 0), said.stderr


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not there to ask")
@pytest.mark.parametrize("hours", [1, 8, 24, 168])
def test_systemd_reads_the_calendar_as_runs_that_far_apart(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    timer = systemd_units(plan(every=timedelta(hours=hours), at=time(17, 30)))["archiver-crawl.timer"]
    command = [str(ANALYZE), "calendar", "--iterations=2", "--base-time=2026-11-21 19:00:00"]
    said = subprocess.run([*command, *setting(timer, "OnCalendar")], capture_output=True, text=True, check=True).stdout
    first, second = (time.fromisoformat(found) for found in re.findall(r"(?:elapse|#2): .* (\S+) UTC", said))
    assert first.minute == second.minute == 30
    assert (second.hour - first.hour) % 24 == hours % 24


def test_units_are_installed_and_installed_again(tmp_path: Path) -> None:
    home, config = tmp_path / "data", tmp_path / "config"
    paths = install_systemd(plan(str(home)), config)
    assert {path.name: path.read_text() for path in paths} == systemd_units(plan(str(home)))
    assert {path.parent for path in paths} == {config / "systemd/user"}
    assert home.is_dir(), "the service cannot start without a folder it may write to"
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    install_systemd(plan(str(home), every=timedelta(hours=12)), config)
    assert "00/12:00:00" in (config / "systemd/user/archiver-crawl.timer").read_text()
    assert sorted(path.name for path in (config / "systemd/user").iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize("name", ["archiver-crawl.service", "archiver-crawl.timer", "archiver-failure@.service"])
def test_the_unit_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    foreign = tmp_path / "systemd/user" / name
    foreign.parent.mkdir(parents=True)
    foreign.write_text("[Unit]\nDescription=mine\n")
    for act in (install_systemd, uninstall_systemd):
        with pytest.raises(UsageError, match=f"{name}: expected a unit of ours or none, found another one"):
            act(plan(str(tmp_path / "data")), tmp_path)
    assert [path.read_text() for path in foreign.parent.iterdir()] == ["[Unit]\nDescription=mine\n"]


def test_a_masked_unit_stays_masked(tmp_path: Path) -> None:
    masked = tmp_path / "systemd/user/archiver-crawl.timer"
    masked.parent.mkdir(parents=True)
    masked.symlink_to("/dev/null")
    with pytest.raises(UsageError, match="expected a unit of ours or none"):
        install_systemd(plan(str(tmp_path / "data")), tmp_path)
    assert masked.readlink() == Path("/dev/null")


def test_the_schedule_of_another_archive_is_left_alone(tmp_path: Path) -> None:
    install_systemd(plan(str(tmp_path / "one")), tmp_path)
    for act in (install_systemd, uninstall_systemd):
        with pytest.raises(
            UsageError, match=r"expected a schedule of .*/two, found that of .*/one; uninstall it first"
        ):
            act(plan(str(tmp_path / "two")), tmp_path)


def test_units_for_an_account_are_not_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="have root install them"):
        install_systemd(plan(account="blog"), tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "systemd").touch()
    with pytest.raises(ArchiverError, match=r"expected to write units, found .*: .*systemd"):
        install_systemd(plan(str(tmp_path / "data")), tmp_path)


def test_a_failed_write_leaves_the_old_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = install_systemd(plan(str(tmp_path / "data")), tmp_path)
    before = [path.read_text() for path in paths]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArchiverError, match="No space left on device"):
        install_systemd(plan(str(tmp_path / "data"), every=timedelta(hours=1)), tmp_path)
    assert [path.read_text() for path in paths] == before
    assert len(list((tmp_path / "systemd/user").iterdir())) == len(paths)


def test_uninstalled_is_what_was_installed(tmp_path: Path) -> None:
    settings = plan(str(tmp_path / "data"))
    paths = install_systemd(settings, tmp_path)
    wanted = tmp_path / "systemd/user/timers.target.wants/archiver-crawl.timer"
    wanted.parent.mkdir()
    wanted.symlink_to(tmp_path / "systemd/user/archiver-crawl.timer")
    drop_in = tmp_path / "systemd/user/archiver-crawl.service.d/mine.conf"
    drop_in.parent.mkdir()
    drop_in.touch()
    assert sorted(uninstall_systemd(settings, tmp_path)) == sorted(paths)
    assert [path for path in (tmp_path / "systemd").rglob("*") if not path.is_dir()] == [drop_in]
    assert not wanted.is_symlink()
    assert uninstall_systemd(settings, tmp_path) == []


COMMANDS = ["systemctl --user daemon-reload", "systemctl --user enable --now archiver-crawl.timer"]


def test_without_systemctl_the_commands_are_left_to_the_user() -> None:
    assert enable_systemd() == [*COMMANDS, "loginctl enable-linger"]


def test_so_they_are_where_the_manager_does_not_answer(stub: Stub) -> None:
    stub("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    assert enable_systemd() == [*COMMANDS, "loginctl enable-linger"]


def test_where_it_answers_they_are_run(stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "LINGERING", tmp_path)
    monkeypatch.setenv("LOGNAME", "me")
    stub("systemctl", f'echo "systemctl $*" >> {tmp_path}/calls')
    assert enable_systemd() == ["loginctl enable-linger"]
    assert (tmp_path / "calls").read_text().splitlines() == ["systemctl --user show --property=Version", *COMMANDS]
    (tmp_path / "me").touch()
    assert enable_systemd() == []


def test_the_timer_is_stopped_before_its_unit_is_removed(stub: Stub, tmp_path: Path) -> None:
    settings = plan(str(tmp_path / "data"))
    timer = install_systemd(settings, tmp_path)[1]
    calls = tmp_path / "calls"
    stub("systemctl", f'case "$*" in *disable*) [ -f {timer} ] && echo "$*";; *reload*) echo "$*";; esac >> {calls}')
    uninstall_systemd(settings, tmp_path)
    assert calls.read_text().splitlines() == ["--user disable --now archiver-crawl.timer", "--user daemon-reload"]


def test_what_systemctl_refuses_is_said(stub: Stub) -> None:
    stub("systemctl", 'case "$*" in *enable*) echo "Unit is masked." >&2; exit 1;; esac')
    with pytest.raises(ArchiverError, match=r"expected systemctl --user enable .* to succeed, found: Unit is masked"):
        enable_systemd()


def test_the_reader_has_a_unit_of_its_own_that_comes_and_goes_alone(tmp_path: Path) -> None:
    crawl = install_systemd(plan(str(tmp_path / "blog")), tmp_path)
    (unit,) = install_reader(plan(str(tmp_path / "blog")), tmp_path)
    (line,) = setting(unit.read_text("utf-8"), "ExecStart")
    assert as_systemd_reads(line) == ["/opt/archiver", "--home", str(tmp_path / "blog"), "serve"]
    assert enable_systemd(READER)[1] == "systemctl --user enable --now archiver-reader.service"
    with pytest.raises(UsageError, match="uninstall it first"):
        uninstall_reader(plan("/srv/other"), tmp_path)
    assert uninstall_reader(plan(str(tmp_path / "blog")), tmp_path) == [unit]
    assert not unit.exists()
    assert all(path.exists() for path in crawl)
