"""The container's files say what the program knows: commands, options, variables, extras and ports."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from archiver.cli import main

ROOT = Path(__file__).parents[1]
IMAGE = "blog-archiver"


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile and what follows them, lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Containerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word]


def last(instruction: str) -> str:
    return [rest for word, rest in instructions() if word == instruction][-1]


def asked(words: Sequence[str]) -> dict[str, Any]:
    """Return what a command is asked for, read by the program itself."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest.pop(0))
        assert found, words
        command = found
    return command.make_context(command.name, rest).params


def variables() -> set[str]:
    """Return the variables that stand for options, of any command."""
    found: set[str] = set()
    commands: list[click.Command] = [main]
    for command in commands:
        commands += command.commands.values() if isinstance(command, click.Group) else []
        found |= {each.envvar for each in command.params if isinstance(each.envvar, str)}
    return found


COMPOSED = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
OURS = [name for name, service in COMPOSED.items() if service["image"] == IMAGE]


def described() -> list[list[str]]:
    """Return the commands of the image that docs/nas.md shows."""
    page = (ROOT / "docs" / "nas.md").read_text("utf-8").replace("\\\n", " ")
    runs = re.findall(rf"^    docker run .* {IMAGE} (.+)$", page, re.MULTILINE)
    return [
        shlex.split(run) for run in runs + re.findall("^    docker exec archiver archiver (.+)$", page, re.MULTILINE)
    ]


def test_the_image_runs_commands_there_are() -> None:
    assert last("ENTRYPOINT") == '["archiver"]'
    assert asked(yaml.safe_load(last("CMD")))["every"]
    options, command = last("HEALTHCHECK").split(" CMD ")
    assert asked(yaml.safe_load(command)[1:])["max_age"]
    assert "--start-period=" in options


def test_the_image_has_every_extra_that_a_container_can_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (extras,) = re.findall(r"\.whl\)\[([a-z0-9,]+)\]", str(instructions()))
    assert set(extras.split(",")) == set(project["optional-dependencies"]) - {"datasette"}


def test_the_image_runs_as_nobody_with_rights_and_keeps_its_data_in_a_volume() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert last("VOLUME") == last("WORKDIR") == "/data"
    name, _, home = last("ENV").partition("=")
    assert (name in variables(), home) == (True, "/data")
    assert int(last("EXPOSE")) == asked(["serve"])["port"]


def test_the_build_sees_no_archive_and_all_that_a_wheel_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines.index("/data/*") < lines.index("!/data/index.md") < lines.index("!/data/sample")
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    kept = {*hatch["packages"], *hatch["force-include"], "README.md", "LICENSE", "hatch_build.py", "constraints.txt"}
    assert not {f"/{path}" for path in kept} & set(lines)


@pytest.mark.parametrize("words", described(), ids=shlex.join)
def test_what_the_page_for_a_nas_shows_is_understood(words: list[str]) -> None:
    assert asked(words) is not None


def test_the_page_for_a_nas_shows_it_all() -> None:
    assert {words[0] for words in described()} >= {"watch", "serve", "init", "rebuild", "verify", "status"}
    named = set(re.findall("ARCHIVER_[A-Z]+", (ROOT / "docs" / "nas.md").read_text("utf-8")))
    assert named
    assert named <= variables()


@pytest.mark.parametrize("name", OURS)
def test_a_composed_service_is_understood(name: str) -> None:
    service = COMPOSED[name]
    options = asked(service["command"])
    environment = service["environment"]
    assert {each for each in environment if each.startswith("ARCHIVER_")} <= variables()
    assert {each.partition(":")[0] for each in service.get("volumes", ())} <= {name}  # a folder of its own
    assert all(each.endswith(":/data") for each in service.get("volumes", ()))
    port = options.get("metrics_port") or options["port"]
    assert f"//127.0.0.1:{port}/" in " ".join(service["healthcheck"]["test"])
    assert {published.rpartition(":")[2] for published in service.get("ports", ())} <= {str(port)}
    compile(service["healthcheck"]["test"][-1], name, "exec")


def test_two_workers_are_told_apart() -> None:
    workers = [COMPOSED[name] for name in OURS if "worker" in COMPOSED[name]["command"]]
    assert len({each["hostname"] for each in workers}) == len({tuple(each["volumes"]) for each in workers}) == 2


def test_object_storage_and_who_uses_it_agree() -> None:
    from obstore.store import S3Store

    given = {name: value for name, value in COMPOSED["worker-1"]["environment"].items() if name.startswith("AWS_")}
    S3Store("blogs", config={name.lower(): value for name, value in given.items()})  # type: ignore[arg-type]
    storage = COMPOSED["storage"]["environment"]
    assert storage.items() <= given.items()
    assert "-bucket=blogs" in COMPOSED["storage"]["command"]


def test_no_secret_is_written_down() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    secrets = {"POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "ARCHIVER_TOKEN"}
    values = {
        value for service in COMPOSED.values() for name, value in service["environment"].items() if name in secrets
    }
    assert all(re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", value) for value in values)
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) == set(re.findall(r"^#   ([A-Z_]+)=", text, re.MULTILINE))
