"""Whether the tests notice when the program is wrong: small changes to its code, and the tests that lived through each.

    python -m benchmarks.mutants ROOM... [--tests TESTS...] [--map FILE] [--mutants N] [--seed N] [--seconds N] [--list]

ROOM is a folder or module such as `archiver/warc`; its tests are all those that enter it, of any folder of `tests`
unless TESTS says fewer. All of it happens on a copy of the tree. First the tests run as they are, and it is noted which
of them enter which function, in this process or one they start, and how long each takes; those that fail are left out.
That takes as long as the tests do: FILE keeps it for the next time. Then N changes drawn by the seed are made, one at a
time: each meets the quickest tests that enter its function, N seconds of them, until one fails; those of the folder
named as the room come first, those that use what takes long to make last. Changes to code that no test enters are
counted apart, and not tried.

One that lived is printed with its place and change: it may be equivalent to what was there, which only a reader can
tell.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "dist", "demo")
"""What of the tree is not copied."""

PRELOADED = ("alembic", "hypothesis", "lxml.html", "sqlalchemy.orm", "trafilatura", "warcio")
"""Modules of others that are imported once for all mutants."""

OUTPUT = "output"
"""Where the tests write to, beside the copy."""

ANSWER, NOW, ENTERED = "watch.json", "now", "entered"
"""What the tests that are watched leave there."""

SHARED = frozenset({"archiver", "demo"})
"""Fixtures that take seconds to make, once for all tests that use them."""

PATIENCE = 5
"""Times as long as they took before mutants' tests may take, beside two minutes for the start."""

_PAIRS: tuple[tuple[type[Any], type[Any]], ...] = (
    *((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.And, ast.Or)),
)
SWAPPED = dict(_PAIRS) | {there: here for here, there in _PAIRS}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


# -- changes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one file."""

    path: str
    """Within the tree."""
    line: int
    begin: int
    """In bytes, as `end`."""
    end: int
    before: str
    after: str
    within: tuple[int, int]
    """First and last line of the function it is in; of the whole file where it is in none."""

    def __str__(self) -> str:
        """Return the place and the change, on one line."""
        before, after = (" ".join(each.split()) for each in (self.before, self.after))
        return f"{self.path}:{self.line}: {before} -> {after}"


def mutants(path: str) -> list[Mutant]:
    """Return every change to a file, in the order of its text."""
    data = (ROOT / path).read_bytes()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node, after, within in _changes(ast.parse(data), (1, len(starts))):
        begin, end = (starts[line - 1] + column for line, column in _span(node))
        before = data[begin:end].decode()
        found.append(Mutant(path, node.lineno, begin, end, before, after, within))
    return sorted(set(found), key=lambda each: (each.begin, each.end, each.after))


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _changes(node: ast.AST, within: tuple[int, int]) -> Iterator[tuple[Any, str, tuple[int, int]]]:
    """Yield what to replace, by what, and the lines of the function around it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        within = (first, node.end_lineno or first)
    for changed in _of(node):
        yield node, _text(changed), within
    if isinstance(node, ast.arguments):
        for default in (each for each in (*node.defaults, *node.kw_defaults) if each and _text(each) != "None"):
            yield default, "None", within
    for name, value in ast.iter_fields(node):
        # Before Python 3.12 what stands in an f-string has no place of its own.
        if name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not (isinstance(child, ast.Call) and _text(child.func) == "dataclass"):
                yield from _changes(child, within)


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, (ast.Compare, ast.BoolOp)) else text


def _of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of one piece of code."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            ops = [*node.ops[:at], SWAPPED[type(operator)](), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(SWAPPED[type(node.op)](), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node, ast.Return) and node.value and _text(node.value) != "None":
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(ast.Name(CALLS[node.func.id]), node.args, node.keywords)
    elif isinstance(node, ast.Slice):
        for name in ("lower", "upper"):
            if getattr(node, name):
                yield ast.Slice(**{**dict(ast.iter_fields(node)), name: None})
    elif _can_go(node):
        yield ast.Pass()


def _can_go(node: ast.AST) -> bool:
    """Whether a statement can be left out and the names of the others still have values."""
    if isinstance(node, ast.Assign):
        return all(isinstance(each, (ast.Attribute, ast.Subscript)) for each in node.targets)
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, (ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete))


# -- tests -------------------------------------------------------------------------------------------------------------


TRACER = """
import os, sys, threading

PACKAGE, NOW, ENTERED = {package!r}, {now!r}, {entered!r}
seen, name = set(), ""

def reread():
    global name
    seen.clear()
    try:
        with open(NOW) as file:
            name = file.read()
    except OSError:
        name = ""

def note(frame, event, _):
    code = frame.f_code
    if code not in seen:
        seen.add(code)
        if name and code.co_filename.startswith(PACKAGE):
            os.write(entered, f"{{name}}\\t{{code.co_filename}}\\t{{code.co_firstlineno}}\\n".encode())

entered = os.open(ENTERED, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.register_at_fork(after_in_child=reread)
reread()
threading.settrace(note)
sys.settrace(note)
"""
"""A `sitecustomize` for each process of the tests: notes each function it enters, with what `NOW` says."""


@dataclass(slots=True, eq=False)  # pytest keeps plugins in a set
class Watch:
    """A plugin that notes which tests pass, how long they take, and which functions of the package each enters."""

    folder: Path
    """Where the tracer reads which test runs, and writes what that enters."""
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    dear: list[str] = field(default_factory=list)
    """Those that use what takes long to make."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note what its fixtures enter under the file of the test, as others there may share them."""
        if isinstance(item, pytest.Function) and not SHARED.isdisjoint(item.fixturenames):
            self.dear.append(item.nodeid)
        self._is(item.nodeid.partition("::")[0])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Note what the test itself enters."""
        self._is(item.nodeid)

    def _is(self, name: str) -> None:
        (self.folder / NOW).write_text(name)
        importlib.import_module("sitecustomize").reread()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of it."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if not report.passed:
            self.failed.add(report.nodeid)


@dataclass(frozen=True, slots=True)
class Map:
    """Which tests pass, how long they take and which functions they enter."""

    seconds: dict[str, float]
    entered: dict[str, set[tuple[str, int]]]
    """Files within the tree and first lines, by tests, and by files of tests for what their fixtures enter."""
    dear: set[str]
    """Tests that use what takes long to make, which their own seconds may not count."""

    def entering(self, file: str, within: tuple[int, int]) -> list[str]:
        """Return the tests that enter lines of a file."""
        first, last = within
        names = {name for name, all_ in self.entered.items() if any(f == file and first <= n <= last for f, n in all_)}
        return [test for test in self.seconds if test in names or test.partition("::")[0] in names]

    def quickest(self, tests: Collection[str], limit: float) -> list[str]:
        """Return those of some tests that take no more seconds together than the limit, one at least, file by file."""
        ordered = sorted(tests, key=lambda test: self.seconds[test])
        spent = list(accumulate(self.seconds[test] for test in ordered))
        chosen = ordered[: max(1, bisect(spent, limit))]
        files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
        return sorted(chosen, key=lambda test: files.index(test.partition("::")[0]))


def watch(copy: Path, tests: list[str]) -> str:
    """Run tests as they are; return what is to be known of them, as JSON."""
    folder = copy.parent
    names = {"package": str(copy / "archiver"), "now": str(folder / NOW), "entered": str(folder / ENTERED)}
    tracer = copy / "sitecustomize.py"
    tracer.write_text(TRACER.format(**names))
    run(copy, 3600, tests, watched=True)
    tracer.unlink()
    if not (folder / ANSWER).exists():
        raise SystemExit((folder / OUTPUT).read_text())
    entered: dict[str, set[tuple[str, int]]] = {}
    for line in (folder / ENTERED).read_text().splitlines():
        name, file, first = line.split("\t")
        entered.setdefault(name, set()).add((str(Path(file).relative_to(copy)), int(first)))
    found = json.loads((folder / ANSWER).read_text())
    return json.dumps({**found, "entered": {name: sorted(places) for name, places in entered.items()}})


def known(text: str) -> Map:
    """Return what JSON says of the tests that pass."""
    found = json.loads(text)
    failed = set(found["failed"])
    entered = {name: {(file, line) for file, line in places} for name, places in found["entered"].items()}
    return Map(
        {test: took for test, took in found["seconds"].items() if test not in failed}, entered, set(found["dear"])
    )


def run(copy: Path, patience: float, tests: list[str], watched: bool = False) -> int | None:
    """Run tests on the copy in a process of their own; return pytest's exit code, None when it took too long."""
    process = multiprocessing.get_context("fork").Process(target=_pytest, args=(copy, tests, watched))
    process.start()
    process.join(patience)
    code = process.exitcode
    with contextlib.suppress(ProcessLookupError):  # what it has left behind ends with it
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    return code


def _pytest(copy: Path, tests: list[str], watched: bool) -> None:
    os.setsid()
    os.chdir(copy)
    output = os.open(copy.parent / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    sys.path[:] = [str(copy), *(each for each in sys.path if each and Path(each).resolve() != ROOT)]
    os.environ["PYTHONPATH"] = str(copy)
    for name in ("benchmarks", "sitecustomize"):
        sys.modules.pop(name, None)
    # What is preloaded is imported by now.
    words = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    words += ["-m", "not postgresql and not browser and not wheel", f"--basetemp={copy.parent / 'tmp'}"]
    if not watched:
        # Two changes of one size within a second would be one to Python's cache.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        os._exit(pytest.main([*words, "-x", *tests]))
    plugin = Watch(copy.parent)
    importlib.import_module("sitecustomize")
    if pytest.main([*words, *tests], plugins=[plugin]) > pytest.ExitCode.TESTS_FAILED:
        os._exit(1)  # without an answer
    sys.settrace(None)
    answer = {"seconds": plugin.seconds, "failed": sorted(plugin.failed), "dear": plugin.dear}
    (copy.parent / ANSWER).write_text(json.dumps(answer))
    os._exit(0)


# -- rooms -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Result:
    """What came of the mutants of a room."""

    room: str
    killed: int = 0
    hung: int = 0
    lived: list[Mutant] = field(default_factory=list)
    missed: list[Mutant] = field(default_factory=list)
    """Those of code that no test entered."""

    def __str__(self) -> str:
        """Return the row of the table."""
        total = self.killed + self.hung + len(self.lived) + len(self.missed)
        return f"| {self.room} | {total} | {self.killed} | {self.hung} | {len(self.lived)} | {len(self.missed)} |"


def judge(room: str, copy: Path, found: Map, drawn: list[Mutant], seconds: float) -> Result:
    """Make each change in turn on a copy of the tree and see whether the tests notice it."""
    result = Result(room)
    own = str(Path(room).with_suffix("")).replace("archiver", "tests", 1)
    for mutant in drawn:
        path = copy / mutant.path
        entering = found.entering(mutant.path, mutant.within)
        if not entering:
            result.missed.append(mutant)
            _say(f"MISSED: {mutant}")
            continue
        chosen = found.quickest(entering, seconds)
        light = [test for test in chosen if test not in found.dear]
        near = [test for test in light if test.startswith(own)]
        others = [test for test in light if not test.startswith(own)]
        dear = [test for test in chosen if test in found.dear]
        whole, dates = path.read_bytes(), path.stat()
        path.write_bytes(whole[: mutant.begin] + mutant.after.encode() + whole[mutant.end :])
        began = time.monotonic()
        code: int | None = 0
        for tests in filter(None, (near, others, dear)):  # most fail among the first, which begin at once
            if code == 0:
                code = run(copy, 120 + PATIENCE * sum(found.seconds[test] for test in tests), tests)
        path.write_bytes(whole)
        os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
        if code == 0:
            result.lived.append(mutant)
        elif code is None:
            result.hung += 1
        else:
            result.killed += 1
        word = {0: "LIVED", None: "hung"}.get(code, "killed")
        _say(f"{word} {time.monotonic() - began:.0f} s, {len(chosen)} of {len(entering)} tests: {mutant}")
    return result


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Print a table of the rooms, and every mutant that lived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+", metavar="ROOM")
    parser.add_argument("--tests", nargs="+", default=["tests"], metavar="TESTS", help="files or folders (tests)")
    parser.add_argument("--map", type=Path, metavar="FILE", help="what the tests enter: is made, or read if it exists")
    parser.add_argument("--mutants", type=int, default=40, metavar="N", help="of each room (40)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=30, metavar="N", help="of tests that a mutant meets (30)")
    parser.add_argument("--list", action="store_true", help="only print what would be changed")
    options = parser.parse_args()
    rooms = {room: _drawn(room, options.mutants, options.seed) for room in options.rooms}
    if options.list:
        print(*(mutant for drawn in rooms.values() for mutant in drawn), sep="\n")
        return 0
    for name in PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder, "tree").resolve()
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        text = options.map.read_text() if options.map and options.map.exists() else watch(copy, options.tests)
        if options.map:
            options.map.write_text(text)
        found = known(text)
        _say(f"{len(found.seconds)} tests, {len(json.loads(text)['failed'])} more left out")
        results = [judge(room, copy, found, drawn, options.seconds) for room, drawn in rooms.items()]
    print("| Room | Mutants | Killed | Hung | Lived | Not entered |", "|---|---|---|---|---|---|", sep="\n")
    print(*results, "", *(mutant for result in results for mutant in (*result.lived, *result.missed)), sep="\n")
    return 0


def _drawn(room: str, count: int, seed: int) -> list[Mutant]:
    files = sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    all_ = [mutant for file in files for mutant in mutants(str(file.relative_to(ROOT)))]
    return random.Random(seed).sample(all_, min(count, len(all_)))


if __name__ == "__main__":
    sys.exit(main())
