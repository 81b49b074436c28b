"""The wheel: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

import archiver

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.wheel


def run(*command: object, cwd: Path, timeout: int = 110) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARCHIVER_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout, with the build backend at hand."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own; return the folder of its programs.

    The packages it needs come from the running environment, by a .pth file: Python puts that folder behind the
    environment's own, and leaves .pth files in it alone, so `archiver` is the wheel's and never the checkout's.
    """
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(place, with_pip=True)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    install = ("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check")
    run(programs / "python", *install, wheel, cwd=place)
    own = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip()
    borrowed = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (Path(own) / "borrowed.pth").write_text("".join(f"{folder}\n" for folder in borrowed))
    return programs


def test_the_wheel_carries_what_the_program_needs_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"archiver", "spiders", f"blog_archiver-{archiver.__version__}.dist-info"}
    assert {"archiver/_data/index.md", "archiver/_migrations/env.py", "archiver/py.typed"} <= names
    assert {f"archiver/web/reader/mathjax/{name}" for name in ("tex-chtml-full.js", "ui/safe.js", "LICENSE")} <= names
    assert not [name for name in names if re.search(r"(^|/)(tests?|__pycache__)/|\.py[co]$", name)]


@pytest.mark.parametrize(
    ("folder", "packed"),
    [
        ("archiver", "archiver"),
        ("spiders", "spiders"),
        ("migrations", "archiver/_migrations"),
        ("data/sample", "archiver/_data/sample"),
    ],
)
def test_folders_are_packed_whole(wheel: Path, folder: str, packed: str) -> None:
    names = ZipFile(wheel).namelist()
    there = {
        f"{packed}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there
    assert there <= set(names)


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    (metadata,) = [name for name in ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA")]
    text = ZipFile(wheel).read(metadata).decode()
    assert f"\nVersion: {archiver.__version__}\n" in text
    assert "\nLicense-Expression: MIT\n" in text
    extras = {
        "datasette",
        "fleet",
        "foreign",
        "mcp",
        "meaning",
        "metrics",
        "notify",
        "parquet",
        "postgres",
        "s3",
        "zim",
    }
    assert set(re.findall(r"\nProvides-Extra: (.*)", text)) == extras


def test_the_installed_package_is_the_wheels(scripts: Path, tmp_path: Path) -> None:
    found = run(
        scripts / "python", "-c", "import archiver, spiders; print(archiver.__path__, spiders.__path__)", cwd=tmp_path
    )
    assert found.count(str(scripts.parent)) == 2
    assert str(ROOT / "archiver") not in found


def test_the_program_starts_without_a_checkout(scripts: Path, tmp_path: Path) -> None:
    assert "demo" in run(scripts / "archiver", "--help", cwd=tmp_path)


def test_the_demo_runs_without_a_checkout(scripts: Path, tmp_path: Path) -> None:
    run(scripts / "archiver", "--home", tmp_path / "home", "demo", cwd=tmp_path)
    assert (tmp_path / "home" / "archive.db").is_file()
    assert list((tmp_path / "home" / "warc").glob("*.warc.gz"))
