from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import ArchiverError, UsageError
from archiver.schedule import Schedule, cron_block, cron_line, install_cron, uninstall_cron

Stub = Callable[[str, str], Path]
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
awkward = st.text("\\%'\"$ ;数", max_size=8)


def plan(home: str = "/srv/blog", **changes: object) -> Schedule:
    return Schedule(home=Path(home), **{"program": ("/opt/archiver",), **changes})  # type: ignore[arg-type]


def as_cron_reads(line: str, *, double: bool) -> str:
    """Return the command of a line as cron gives it to the shell; `double` for those that read `\\\\` as `\\` too."""
    command, escaped, read = line.split(" ", 5)[5], False, ""
    for character in command:
        if escaped and (character == "%" or (double and character == "\\")):
            read = read[:-1]
        assert escaped or character != "%", f"cron would end the command here: {read}"
        escaped = character == "\\" and not escaped
        read += character
    return read


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for the program: it writes its arguments to a file and ends with the code in another one."""
    folder = tmp_path_factory.mktemp("program")
    program = folder / "archiver"
    program.write_text(
        f"#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done >> {folder}/argv; printf '\\n\\0' >> {folder}/argv\n"
        f'echo "$3"; case "$*" in *" crawl"*) exit $(/bin/cat {folder}/crawl);; '
        f"*--max-age*) exit $(/bin/cat {folder}/deadline);; esac\n"
    )
    program.chmod(0o755)
    return folder


def run(calls: Path, command: str, *, crawl: int = 0, deadline: int = 0) -> tuple[list[list[str]], str]:
    """Run a command as cron does; return the arguments of each call of the program, and what is mailed."""
    (calls / "crawl").write_text(str(crawl))
    (calls / "deadline").write_text(str(deadline))
    (calls / "argv").write_bytes(b"")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, env={}, check=False)
    argv = (calls / "argv").read_bytes().decode().split("\n\0")[:-1]
    return [words.split("\0")[:-1] for words in argv], (done.stdout + done.stderr).decode()


@settings(max_examples=60)
@given(st.lists(st.one_of(words, awkward), max_size=6), st.one_of(words, awkward), st.booleans())
def test_arguments_reach_the_program_as_they_are(calls: Path, arguments: list[str], name: str, double: bool) -> None:
    home = f"/srv/x{name.replace('/', '')}"
    line = cron_line(plan(home, arguments=tuple(arguments), program=(str(calls / "archiver"),)))
    assert "\n" not in line
    found, mailed = run(calls, as_cron_reads(line, double=double))
    assert found == [["--home", home, "crawl", *arguments], ["--home", home, "status", "--max-age", "3d"]]
    assert mailed == ""


@pytest.mark.parametrize("code", [0, 3, 5, 130])
def test_what_is_no_failure_is_silent_unless_it_lasts(calls: Path, code: int) -> None:
    command = as_cron_reads(cron_line(plan(program=(str(calls / "archiver"),))), double=False)
    found, mailed = run(calls, command, crawl=code)
    assert [words[2:] for words in found] == [["crawl"], ["status", "--max-age", "3d"]]
    assert mailed == ""
    found, mailed = run(calls, command, crawl=code, deadline=1)
    assert [words[2:] for words in found] == [["crawl"], ["status", "--max-age", "3d"], ["status"]]
    assert mailed == "status\n"


@pytest.mark.parametrize("code", [1, 2, 4, 6, 7, 8, 137])
def test_a_failure_is_mailed(calls: Path, code: int) -> None:
    command = as_cron_reads(cron_line(plan(program=(str(calls / "archiver"),))), double=False)
    found, mailed = run(calls, command, crawl=code)
    assert [words[2:] for words in found] == [["crawl"], ["status"]]
    assert mailed == "status\n"


def test_a_command_of_ones_own_raises_the_alarm(calls: Path) -> None:
    line = cron_line(plan(program=(str(calls / "archiver"),), on_failure='echo "$1: 100% failed"'))
    assert run(calls, as_cron_reads(line, double=False), crawl=1)[1] == "cron: 100% failed\n"


@pytest.mark.parametrize(
    ("hours", "at", "times"),
    [
        (24, time(4, 30), "30 4 * * *"),
        (12, time(16, 30), "30 4,16 * * *"),
        (1, time(4, 30), "30 * * * *"),
        (168, time(4, 30), "30 4 * * 1"),
    ],
)
def test_the_line_says_when(hours: int, at: time, times: str) -> None:
    assert cron_line(plan(every=timedelta(hours=hours), at=at)).startswith(f"{times} set -- ")


def test_the_minute_is_the_archives_own() -> None:
    minutes = [int(cron_line(plan(f"/srv/{number}")).split()[0]) for number in range(200)]
    assert minutes == [int(cron_line(plan(f"/srv/{number}")).split()[0]) for number in range(200)]
    assert 40 < len(set(minutes)) <= 60
    assert max(minutes) < 60
    assert cron_line(plan()).split()[1] == "0"


def test_a_line_too_long_for_cron_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a command of at most 998 bytes for cron, found"):
        cron_line(plan("/srv/" + "博" * 300))


@pytest.fixture
def table(stub: Stub, tmp_path: Path) -> Path:
    """The user's crontab, with a program that lists and replaces it."""
    path = tmp_path / "table"
    stub(
        "crontab",
        f"""case $1 in
        -l) [ -f {path} ] || {{ echo 'no crontab for me' >&2; exit 1; }}; exec /bin/cat {path} ;;
        -) /bin/cat > {path}.new && /bin/mv {path}.new {path} ;;
        *) exit 2 ;;
        esac""",
    )
    return path


def test_the_block_begins_a_crontab(table: Path) -> None:
    assert install_cron(plan())
    assert table.read_text() == cron_block(plan())
    assert not install_cron(plan())
    assert uninstall_cron(plan())
    assert table.read_bytes() == b""
    assert not uninstall_cron(plan())


@pytest.mark.parametrize("before", [b"MAILTO=me\n0 5 * * * other # caf\xe9\r\n", b"0 5 * * * no end of line", b"\n\n"])
def test_other_lines_stay_as_they_are(table: Path, before: bytes) -> None:
    table.write_bytes(before)
    assert install_cron(plan())
    end = b"" if before.endswith(b"\n") else b"\n"
    assert table.read_bytes() == before + end + cron_block(plan()).encode()
    assert uninstall_cron(plan())
    assert table.read_bytes() == before + end


def test_a_second_install_replaces_the_block_where_it_is(table: Path) -> None:
    table.write_bytes(b"1 1 * * * before\n" + cron_block(plan()).encode() + b"2 2 * * * after")
    changed = plan(every=timedelta(hours=12), arguments=("\\1", "数学"))
    assert install_cron(changed)
    assert table.read_bytes() == b"1 1 * * * before\n" + cron_block(changed).encode() + b"2 2 * * * after"


def test_two_archives_have_a_block_each(table: Path) -> None:
    install_cron(plan("/srv/blog"))
    install_cron(plan("/srv/blog2"))
    assert table.read_text() == cron_block(plan("/srv/blog")) + cron_block(plan("/srv/blog2"))
    uninstall_cron(plan("/srv/blog"))
    assert table.read_text() == cron_block(plan("/srv/blog2"))


@pytest.mark.parametrize("lines", [[0], [3], [3, 0], [0, 0, 3], [0, 3, 0, 3]])
def test_a_damaged_block_is_left_to_the_user(table: Path, lines: list[int]) -> None:
    block = cron_block(plan()).splitlines(keepends=True)
    table.write_text("".join(block[at] for at in lines))
    before = table.read_bytes()
    with pytest.raises(ArchiverError, match=r"expected one line .* in the crontab, found . and .; remove them"):
        install_cron(plan())
    assert table.read_bytes() == before


def test_without_crontab_other_ways_are_named() -> None:
    with pytest.raises(
        ArchiverError, match=r"expected the program crontab, found none: .* systemd` or `archiver watch`"
    ):
        install_cron(plan())


def test_a_crontab_that_cannot_be_read_is_not_overwritten(stub: Stub, tmp_path: Path) -> None:
    stub("crontab", f"[ $1 = -l ] || touch {tmp_path}/written; echo 'you are not allowed' >&2; exit 1")
    with pytest.raises(ArchiverError, match="expected `crontab -l` to succeed, found: you are not allowed"):
        install_cron(plan())
    assert not (tmp_path / "written").exists()


def test_what_crontab_refuses_is_said(stub: Stub) -> None:
    stub("crontab", "[ $1 = -l ] && exit 0; /bin/cat > /dev/null; echo 'bad minute' >&2; exit 1")
    with pytest.raises(ArchiverError, match="expected `crontab -` to succeed, found: bad minute"):
        install_cron(plan())


def test_the_crontab_of_busybox_may_be_missing_too(stub: Stub, tmp_path: Path) -> None:
    missing = "crontab: can't open 'me': No such file or directory"
    stub("crontab", f'[ $1 = - ] && exec /bin/cat > {tmp_path}/table; echo "{missing}" >&2; exit 1')
    assert install_cron(plan())
    assert (tmp_path / "table").read_text() == cron_block(plan())
