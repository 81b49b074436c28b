"""No code without a user: what nothing in the program names, or in what it is told by, goes. A test is no user."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ELSEWHERE = ("docs/*.md", "docs/*.ipynb", "README.md", "pyproject.toml", "hatch_build.py", "benchmarks/*.py")
"""Who else may name what is ours: who reads the documents, who installs, who measures."""

FOUND_BY_NAME = {
    "archiver/settings.py: ": "Scrapy reads its settings",
    "migrations/versions/": "Alembic reads numbers and calls functions",
    "spiders/everything.py: EverythingSpider": "Scrapy finds spiders by their `name`",
    "spiders/probe.py: ProbeSpider": "Scrapy finds spiders by their `name`",
    r"archiver/cli/\w+\.py: COMMANDS": "the modules of the commands are walked in a loop",
    "archiver/store/search_arrays.py: ": "`search_index` asks the module for them that the database needs",
    "archiver/warc/writer.py: _HttpHead.compute_headers_buffer": "warcio calls it",
    "archiver/crawl/wire.py: _TappedPool.getConnection": "Twisted calls it",
}
"""What the program does not name itself, as patterns of a find, and who does."""

REGISTERED = re.compile(r"(\w+\.)?(command|group|hookimpl|custom_build_target)\b")
"""Decorators that hand a function to who calls it."""

HOOKS = {
    "close_spider", "process_item",  # Scrapy's pipelines
    "process_exception", "process_request", "process_response",  # its middlewares
    "enqueue_request", "has_pending_requests", "next_request",  # its schedulers
    "parse_category", "parse_comments", "parse_feed", "parse_file", "parse_image", "parse_index", "parse_list",
    "parse_requisite", "parse_tag",  # callbacks, which the frontier names by `parse_` and a kind
}  # fmt: skip
"""Methods that are found by their names."""


def trees() -> dict[str, ast.Module]:
    """Return the modules of the program, by path."""
    found = (path for folder in ("archiver", "spiders", "migrations") for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in found}


def unused(modules: dict[str, ast.Module], elsewhere: str) -> list[str]:
    """Return what is defined in modules and named nowhere, each as `path: name`."""
    names = Counter(name for tree in modules.values() for name in _named(tree))
    imported = {pair for path, tree in modules.items() for pair in _imported(path, tree)}
    outside = set(re.findall(r"\w+", elsewhere))
    classes = [node for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    ours = {each.name for each in classes} | {"Generic", "NamedTuple", "Protocol"}
    found = []
    for path, tree in modules.items():
        here = Counter(_named(tree))
        for node, name in _defined(tree.body):
            inside = Counter(_named(node))[name]
            if not (here[name] > inside or (_dotted(path), name) in imported or name in outside):
                found.append(f"{path}: {name}")
        for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and _bases(node) <= ours):
            for node, name in _defined(kind.body):
                inside = Counter(_named(node))[name]
                if not (names[name] > inside or name in outside or name in HOOKS or name.startswith("__")):
                    found.append(f"{path}: {kind.name}.{name}")
    return [each for each in found if not any(re.match(pattern, each) for pattern in FOUND_BY_NAME)]


def test_everything_that_is_defined_is_used() -> None:
    paths = [path for pattern in ELSEWHERE for path in ROOT.glob(pattern)]
    templates = [path for path in (ROOT / "archiver/web").rglob("*.html") if "mathjax" not in path.parts]
    assert unused(trees(), "\n".join(path.read_text("utf-8") for path in (*paths, *templates))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("USED = 1\nLEFT = USED\n", ["archiver/a.py: LEFT"]),
        ("def again(n):\n    return again(n - 1)\n", ["archiver/a.py: again"]),
        ("class Kept:\n    def left(self): ...\n\nkept = Kept()\nprint(kept)\n", ["archiver/a.py: Kept.left"]),
        ("@cli.command()\ndef crawl(): ...\n", []),
        ("import io\n\nclass Raw(io.RawIOBase):\n    def seekable(self): ...\n\nprint(Raw())\n", []),
    ],
)
def test_what_nothing_names_is_found(source: str, found: list[str]) -> None:
    assert unused({"archiver/a.py": ast.parse(source)}, "") == found


def test_a_name_that_another_module_uses_for_itself_is_no_user() -> None:
    modules = {"archiver/a.py": ast.parse("KINDS = 1"), "archiver/b.py": ast.parse("KINDS = 2\nprint(KINDS)")}
    assert unused(modules, "") == ["archiver/a.py: KINDS"]
    modules["archiver/c.py"] = ast.parse("from archiver import a\nprint(a.KINDS)")
    assert unused(modules, "") == []


def _defined(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the functions, classes and constants of a module or class, with their names."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if not any(REGISTERED.match(ast.unparse(each)) for each in node.decorator_list):
                    yield node, name
            case ast.Assign(targets=targets):
                yield from ((node, each.id) for each in targets if isinstance(each, ast.Name) and each.id[:2] != "__")
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield node, name
            case ast.If(body=body) | ast.Try(body=body):
                yield from _defined(body)


def _named(tree: ast.AST) -> Iterator[str]:
    """Yield each name that is read: of a variable, an attribute, an argument, or as a string that is nothing else."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.:]+", text):
                yield from re.split(r"[.:]", text)


def _imported(path: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what a module takes from others, as pairs of a module and a name: imported, or by a module that is."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                for each in names:
                    yield module, each.name
                    modules[each.asname or each.name] = f"{module}.{each.name}"
            case ast.Constant(value=str(text)) if re.fullmatch(r"\w+(\.\w+)+", text):
                yield text.rpartition(".")[0], text.rpartition(".")[2]
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                yield modules[module], name


def _bases(kind: ast.ClassDef) -> set[str]:
    """Return the classes that one is made from; who has one that is not ours calls what ours overrides."""
    return {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in kind.bases}


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
