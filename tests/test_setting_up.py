"""Setting everything up: what is asked, what is done of it, and what is left alone."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver import config
from archiver.cli import main
from tests.zygote import ROOT


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person who has nothing set up, on a machine without systemd and cron."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def setup(*words: str) -> Result:
    return CliRunner().invoke(main, ["setup", *words])


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def test_nothing_is_done_where_nobody_can_be_asked(person: Path) -> None:
    done = setup()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: expected a terminal to ask at, found none; say --yes for the defaults, or --print to look\n"
    )
    assert files(person) == {}


def test_printing_says_so_where_there_is_nothing_to_do(person: Path) -> None:
    asked = ("--every", "never", "--notify", "none", "--no-reader")
    assert setup("--yes", *asked).exit_code == 0
    done = setup("--print", *asked)
    assert (done.exit_code, done.stdout) == (0, "Everything is already set up.\n")


def test_printing_says_that_nothing_here_runs_crawls(person: Path) -> None:
    done = setup("--print")
    assert (done.exit_code, "Neither systemd nor cron was found here" in done.stderr) == (0, True)
    assert "Neither" not in setup("--print", "--by", "cron").stderr + setup("--print", "--every", "never").stderr


def test_the_example_of_the_docs_prints_wherever_it_is_run(person: Path) -> None:
    example = re.search(r"^    \$ archiver setup (.+)$", (ROOT / "docs" / "setup.md").read_text("utf-8"), re.MULTILINE)
    assert example
    words = shlex.split(example[1])
    assert setup(*words).exit_code == 0
    without = [word for word in words if word not in ("--by", "systemd")]
    assert "--by" in setup(*without).stderr  # nothing here runs crawls
    assert "found cron" in setup(*without, "--by", "cron").stderr


def test_everything_can_be_printed_instead(person: Path) -> None:
    done = setup("--print", "--by", "systemd", "--reader", "--notify", "https://ntfy.sh/mine", "--blog", "example.org")
    assert done.exit_code == 0
    assert files(person) == {}
    home, units = person / "blog-archive", person / "xdg" / "systemd" / "user"
    for line in (
        f"# {home}/config.toml",
        f'home = "{home}"',
        'ntfy = "https://ntfy.sh/mine"',
        f"# {units}/archiver-crawl.timer",
        "OnCalendar=*-*-* 00:00:00",
        f"# {units}/archiver-reader.service",
        "systemctl --user daemon-reload && systemctl --user enable --now archiver-reader.service",
    ):
        assert line in done.stdout.splitlines()
    assert f"--home {home} init https://example.org\n" in done.stdout


def test_the_defaults_are_taken_without_a_word_and_a_second_time_nothing_is_left_to_do(person: Path) -> None:
    assert setup("--yes", "--by", "systemd", "--every", "12h", "--notify", "me@example.org").exit_code == 0
    home = person / "blog-archive"
    own = home / "config.toml"
    assert tomllib.loads(own.read_text()) == {
        "schedule": {"systemd": {"every": "12h"}},
        "notify": {"email": ["me@example.org"]},
    }
    assert tomllib.loads(config.user_file().read_text()) == {"home": str(home)}
    assert own.stat().st_mode & 0o777 == 0o600
    assert "OnCalendar=*-*-* 00/12:00:00" in (person / "xdg/systemd/user/archiver-crawl.timer").read_text()
    before = files(person)
    again = setup("--yes", "--by", "systemd")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "Everything is already set up.")
    assert files(person) == before


def test_a_file_of_settings_that_is_there_stays_as_it_is(person: Path) -> None:
    home = person / "blog-archive"
    home.mkdir()
    (home / "config.toml").write_text('# mine\n[notify]\ncommand = "tell-me"\n')
    done = setup("--yes", "--notify", "https://ntfy.sh/other")
    assert done.exit_code == 0
    assert (home / "config.toml").read_text() == '# mine\n[notify]\ncommand = "tell-me"\n'
    assert f"Add to {home}/config.toml, which is left as it is:\n[notify]\nntfy = " in done.stdout
    assert setup("--yes", "--notify", "tell-me").stdout.startswith("Everything is already set up.")


def test_what_a_file_says_of_a_schedule_counts(person: Path) -> None:
    (person / "blog-archive").mkdir()
    text = '[schedule.systemd]\nevery = "8h"\nat = "04:30"\non-failure = "ring"\n'
    (person / "blog-archive" / "config.toml").write_text(text)
    assert setup("--yes", "--by", "systemd").exit_code == 0
    units = person / "xdg" / "systemd" / "user"
    assert "OnCalendar=*-*-* 04/8:30:00\n" in (units / "archiver-crawl.timer").read_text()
    assert " -c ring archiver-failure" in (units / "archiver-failure@.service").read_text()


def test_what_is_given_before_the_command_is_set_too(person: Path) -> None:
    words = ["--home", str(person / "b"), "--db", "sqlite:////srv/x.db", "setup", "--yes"]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert tomllib.loads((person / "b" / "config.toml").read_text()) == {"db": "sqlite:////srv/x.db"}


def test_a_second_archive_does_not_take_the_place_of_the_first(person: Path) -> None:
    assert setup("--yes").exit_code == 0
    done = CliRunner().invoke(main, ["--home", str(person / "other"), "setup", "--yes", "--notify", "tell-me"])
    assert tomllib.loads(config.user_file().read_text()) == {"home": str(person / "blog-archive")}
    assert f"  archiver --home {person / 'other'} crawl " in done.stdout


def test_the_units_of_another_archive_are_left_alone_before_anything_is_written(person: Path) -> None:
    assert setup("--yes", "--by", "systemd", "--reader").exit_code == 0
    before = files(person)
    done = CliRunner().invoke(main, ["--home", str(person / "other"), "setup", "--yes", "--by", "systemd"])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert f"found that of {person}/blog-archive; uninstall it first" in done.stderr
    assert files(person) == before


def test_crawls_and_reader_that_are_no_longer_wanted_are_taken_back(person: Path) -> None:
    assert setup("--yes", "--by", "systemd", "--reader").exit_code == 0
    units = person / "xdg" / "systemd" / "user"
    assert len(list(units.iterdir())) == 4
    done = setup("--yes", "--by", "systemd", "--every", "never", "--no-reader")
    assert done.exit_code == 0
    assert list(units.iterdir()) == []
    assert "Remove `every` from [schedule]" in done.stdout


def test_cron_gets_its_lines(person: Path) -> None:
    crontab = person / "bin" / "crontab"
    crontab.write_text(f'#!/bin/sh\n[ "$1" = - ] && exec /bin/cat > {person}/table\nexec /bin/cat {person}/table\n')
    crontab.chmod(0o755)
    (person / "table").write_text("0 1 * * * mine\n")
    assert setup("--yes").exit_code == 0
    table = (person / "table").read_text()
    assert table.startswith("0 1 * * * mine\n# archiver schedule begins: ")
    assert tomllib.loads((person / "blog-archive" / "config.toml").read_text()) == {
        "schedule": {"cron": {"every": "24h"}}
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--every", "5h", "--by", "cron"), "expected runs every 1h, 2h"),
        (("--every", "daily", "--by", "cron"), "expected a duration"),
        (("--every", "24h"), "expected systemd or cron on this machine"),
        (("--blog", "not a blog"), "expected the address of a blog"),
        (("--blog", "http://["), "expected the address of a blog"),
        (("--blog", "ftp://example.org/"), "expected the address of a blog"),
        (("--notify", "https://ntfy.sh/"), "expected the URL of a topic"),
        (("--reader",), "expected systemd for a reader"),
    ],
)
def test_an_answer_that_makes_no_sense_leaves_all_as_it_was(person: Path, words: tuple[str, ...], said: str) -> None:
    done = setup("--yes", *words)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert files(person) == {}


def test_an_archive_of_one_blog_is_not_set_up_for_another(person: Path, demo: Path) -> None:
    (person / "archive.db").symlink_to(demo / "archive.db")
    done = CliRunner().invoke(main, ["--home", str(person), "setup", "--yes", "--blog", "example.org"])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "expected the blog of the archive there, https://kexue.fm, found https://example.org" in done.stderr


def talk(words: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Answer each question of a command at a terminal when it is asked; return its exit code and all that was shown."""
    shown, terminal = os.openpty()
    command = [sys.executable, "-m", "archiver", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, env=environment, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    waiting, said, heard = list(answers), "", 0
    while select.select([shown], [], [], 30)[0]:
        try:
            said += os.read(shown, 4096).decode("utf-8", "replace")
        except OSError:  # the other end was closed
            break
        if waiting and waiting[0][0] in said[heard:]:
            heard = len(said)
            os.write(shown, waiting.pop(0)[1].encode() + b"\n")
    code = running.wait(60)
    os.close(shown)
    assert waiting == [], said
    return code, said


def test_five_questions_are_asked_each_again_until_its_answer_makes_sense(person: Path) -> None:
    answers = [
        ("Folder of the archive [", "/proc/nowhere"),
        ("Folder of the archive [", str(person / "mine")),
        ("Which blog [https://kexue.fm]", "not a blog"),
        ("Which blog [https://kexue.fm]", ""),
        ("How often", "5h"),
        ("How often", "12h"),
        ("Notify you by", "me@example.org"),
        ("Mail server", "smtps://me@mail.example.org"),
        ("File with its password", ""),
        ("Serve the reader", "y"),
        ("Do this?", "y"),
    ]
    code, said = talk(["setup", "--by", "systemd"], answers)
    assert code == 0, said
    found = tomllib.loads((person / "mine" / "config.toml").read_text())
    assert found["notify"] == {
        "email": ["me@example.org"],
        "smtp": "smtps://me@mail.example.org",
        "password-file": str(person / "xdg" / "blog-archiver" / "smtp"),
    }
    assert found["schedule"] == {"systemd": {"every": "12h"}}
    assert f"Write the password of the mail server into {person}/xdg/blog-archiver/smtp" in said
    assert "Now run: systemctl --user enable --now archiver-reader.service" in said
    (row,) = json.loads(CliRunner().invoke(main, ["config", "notify.email", "--json"]).stdout)
    assert row["from"] == str(person / "mine" / "config.toml")


def test_nothing_is_done_by_who_says_no(person: Path) -> None:
    answers = [(question, "") for question in ("Folder", "Which blog", "How often", "Notify you", "Serve the reader")]
    code, said = talk(["setup", "--by", "systemd"], [*answers, ("Do this?", "n")])
    assert (code, said.splitlines()[-1]) == (0, "Nothing was done.")
    assert files(person) == {}
