"""The house of docs/design.md: one value where there were many keys."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

OF_SCRAPY = {"download_latency", "download_maxsize", "download_slot", "proxy", "redirect_urls"}
"""Keys that Scrapy has in the `meta` of a request."""


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield each module of ours as a tree, with its path."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def test_what_is_ours_in_a_requests_meta_is_one_value() -> None:
    trees = [tree for _, tree in modules("archiver/crawl", "archiver/probe", "spiders")]
    assert {key for tree in trees for node in ast.walk(tree) for key in _meta_keys(node)} == OF_SCRAPY


def _meta_keys(node: ast.AST) -> Iterator[str]:
    """Yield the words by which a node asks for something in a `meta`, or has something in it."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="meta")), args=[ast.Constant(value=str(key)), *_]):
            yield key
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="meta"), attr="update"), keywords=words):
            yield from (word.arg for word in words if word.arg)
        case ast.Subscript(value=ast.Attribute(attr="meta"), slice=ast.Constant(value=str(key))):
            yield key
        case ast.Compare(left=ast.Constant(value=str(key)), comparators=[ast.Attribute(attr="meta")]):
            yield key
        case ast.keyword(arg="meta", value=ast.Dict(keys=keys)):
            yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))
