"""What a visit to a blog found out, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archiver.counting import counted
from archiver.items import Post
from archiver.probe.visit import Visit

_GLANCE = 90
"""Characters of the beginning and the end of a text, at which one sees what should not be there."""


def as_dict(found: Visit) -> dict[str, Any]:
    """Return what was found for `--json`."""
    post = found.post
    return {
        "engine": found.draft.engine,
        "evidence": [{"engine": sign.engine, "evidence": sign.evidence} for sign in found.signs],
        "title": found.draft.title,
        "posts": found.expected,
        "lists": [
            {
                "url": each.page.url,
                "reader": each.page.reader,
                "posts": each.posts,
                "entries": len(each.page.entries),
                "whole": each.page.whole,
            }
            for each in found.lists
        ],
        "addresses": [
            {"pattern": form.pattern, "example": form.example, "posts": form.posts} for form in found.draft.forms
        ],
        "post": _of_post(post) if post else None,
        "cannot": list(cannot(found)),
        "requests": found.asked,
        "site.toml": found.draft.toml() if found.drafted else found.site.profile.written[0],
    }


def as_text(found: Visit) -> str:
    """Return what was found for a person."""
    return "\n".join([*_lines(found), *(f"Cannot: {each}." for each in cannot(found))])


def cannot(found: Visit) -> Iterator[str]:
    """Yield what a crawl of the blog would not get, in sentences without a full stop."""
    for page in found.stale:
        yield f"use {found.site.path(page.url)}: it names posts at addresses that do not answer, or lead elsewhere"
    yield from (f"use a list of the profile: {reason}" for reason in found.refused)
    if not found.lists:
        yield "learn what posts there are: no sitemap, feed or index answered; a crawl follows links only"
    elif not found.expected:
        yield (
            f"learn what posts there are: no list names an address at {', '.join(sorted(found.site.profile.hosts))}; "
            "if the blog has another name as well, add it to `hosts`"
        )
    elif not any(each.page.whole and each.posts for each in found.lists):
        yield "learn of all posts from one list: those that answered name only the newest; a crawl follows links too"
    if found.post is None:
        yield f"read a post: {found.problem}"
        return
    for name, value in (("author", found.post.author), ("date", found.post.published_on)):
        if not value:
            yield f"find the {name} of the post that was read: add a selector to [post.fields]"
    listed = found.listed_day(found.post.url)
    if listed and found.post.published_on and listed != found.post.published_on:
        yield f"be sure of days: the post is of {found.post.published_on}, a list says {listed}: see to `zone`"
    yield from (f"say more about comments: {issue}" for issue in found.post.comment_issues)
    yield from found.post.quality.issues


def _lines(found: Visit) -> Iterator[str]:
    draft = found.draft
    told = dict.fromkeys(sign.evidence for sign in found.signs if sign.engine == draft.engine)
    yield f"{draft.title or draft.name}: {draft.engine}" + (f" ({'; '.join(told)})" if told else "")
    for each in found.lists:
        kind = "names everything" if each.page.whole else "names the newest"
        yield f"  {found.site.path(each.page.url)}: {each.page.reader}, {kind}: {counted(each.posts, 'post')}"
    forms = ", ".join(f"{form.example} ({form.posts})" for form in draft.forms if form.posts)
    yield f"{counted(found.expected, 'post')} expected" + (f", at addresses such as {forms}" if forms else "")
    if post := found.post:
        said = _of_post(post)
        yield f"Read {post.url}:"
        yield from (f"  {name.replace('_', ' ')}: {value}" for name, value in said.items() if value)


def _of_post(post: Post) -> dict[str, Any]:
    content = post.content
    text = " ".join(content.text.split())
    return {
        "title": post.title,
        "author": post.author,
        "date": post.published_on,
        "categories": ", ".join(each.name for each in post.categories),
        "tags": ", ".join(post.tags),
        "characters": len(content.text),
        "formulas": len(content.formulas),
        "code_blocks": len(content.code_blocks),
        "pictures": len(content.images),
        "comments": len(post.comments),
        "found_by": post.quality.engine,
        "begins": text[:_GLANCE],
        "ends": text[-_GLANCE:] if len(text) > _GLANCE else "",
    }
