"""What `verify` and `import` make of a folder of archives by other programs, beside what other readers say.

    python -m benchmarks.foreign DIR

One line a file: the verdict of `verify`, what `import` into an empty home took, knew, passed over and refused, whether
the counts add up and a second import takes nothing, and the verdicts of `warcio check` and fastwarc, the latter where
it is installed. Ends with 1 when anything ends in something else than a verdict or a reason.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from archiver.errors import ArchiverError, UsageError
from archiver.rebuild.importing import ImportReport, import_warc
from archiver.warc.findings import Finding, Severity
from archiver.warc.outside import is_package
from archiver.warc.storage import Storage
from archiver.warc.verify import verify, verify_file
from archiver.warc.wacz_checks import verify_wacz

_NAME = 60


def main() -> int:
    """Judge every file of the folder; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    faults = 0
    for path in sorted(each for each in parser.parse_args().folder.rglob("*") if each.is_file()):
        try:
            line = f"verify {_verified(path)}; import {_imported(path)}"
        except Exception as error:
            faults += 1
            line = f"FAULT {error!r}"
        print(f"{path.name[-_NAME:]:{_NAME}} {line}; warcio {_warcio(path)}; fastwarc {_fastwarc(path)}")
    print(f"{faults} faults")
    return 1 if faults else 0


def _verified(path: Path) -> str:
    try:
        findings = list((verify_wacz if is_package(path) else verify_file)(path))
    except UsageError as error:
        return f"refused: {str(error)[:60]}"
    damage = _damage(findings)
    return f"damaged ({damage[0].what}: {damage[0].found[:50]})" if damage else f"whole, {len(findings)} warnings"


def _damage(findings: list[Finding]) -> list[Finding]:
    return [found for found in findings if found.severity is Severity.DAMAGE]


def _imported(path: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            report = import_warc(path, home, processes=1)
            again = import_warc(path, home, processes=1)
        except ArchiverError as error:
            return f"refused: {str(error)[:60]}"
        home_is = "damaged" if _damage(list(verify(Storage(home / "warc")))) else "whole"
    tally = report.tally
    told = (
        f"{tally.records} records: {tally.copied} taken, {tally.beside} beside, {tally.elsewhere} elsewhere, "
        f"{tally.known} known, {tally.damaged} damaged, {tally.left_out.total()} left out"
    )
    right = _adds_up(report) and again.tally.copied == 0
    return f"{told}, home {home_is}, counts {'right' if right else 'WRONG'}"


def _adds_up(report: ImportReport) -> bool:
    tally = report.tally
    others = tally.beside + tally.elsewhere + tally.known + tally.damaged + tally.left_out.total()
    return tally.records == tally.copied + others


def _warcio(path: Path) -> str:
    checker: Any = importlib.import_module("warcio.checker")
    options = argparse.Namespace(inputs=[str(path)], verbose=False)
    try:
        with redirect_stdout(io.StringIO()):
            return "ok" if checker.Checker(options).process_all() == 0 else "failed"
    except Exception as error:
        return type(error).__name__


def _fastwarc(path: Path) -> str:
    try:
        fastwarc: Any = importlib.import_module("fastwarc.warc")
        with path.open("rb") as file:
            records = list(fastwarc.ArchiveIterator(file, parse_http=False))
            return f"{len(records)} records"
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
