"""Services that host the comments of a page: a script loads them, so the page itself holds none of them.

A service is recognised by its documented embed code, or by what a theme writes in its place: the element that the
comments come into, and the script that is told which discussion. A script alone that only counts, and settings for
which there is no element, are no thread. Nor are the forms of Jetpack and WordPress.com: comments sent by them are in
the page, as are those of Staticman.

Sources of the embed codes: help.disqus.com (universal embed code), SukkaW/DisqusJS, giscus.app and its client.ts,
utteranc.es and its client.ts, imsun/gitment, gitalk/gitalk, valine.js.org, waline.js.org, twikoo.js.org, artalk.js.org,
isso-comments.de (client configuration), remark42.com (frontend configuration), docs.commento.io, docs.comentario.app,
cusdis.com/doc, talk.hyvor.com/docs, developers.facebook.com (comments plugin), meta.discourse.org (embedding comments),
livere.com (City), changyan.kuaizhan.com, webmention.io and PlaidWeb/webmention.js; pages of www.cnblogs.com; and the
themes NexT, Butterfly and Volantis of Hexo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archiver.items import ELSEWHERE
from archiver.pages.document import has_class, text_of
from archiver.pages.selectors import every, names_within
from archiver.text import literals
from archiver.text.literals import Literal

LARGEST_SCRIPT = 50_000
"""Characters of a script in the page that are searched; themes write some thousands."""

Ways = tuple[tuple[str, tuple[str, ...]], ...]
"""Ways to give a part of what identifies a discussion, the best first: a word, and the settings that have it."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where the comments of a page are."""

    name: str
    thread: str
    """What identifies the discussion there, in words; empty where the page does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A service, and how pages embed it."""

    name: str
    names: frozenset[str] = frozenset()
    """Ids and classes of the element that the comments come into, as the documentation or themes call it."""
    tags: tuple[str, ...] = ()
    """The service's own elements."""
    loads: re.Pattern[str] | None = None
    """Address of the script; its groups are settings."""
    inserts: bool = False
    """Whether the script makes a place for the comments where it is."""
    calls: re.Pattern[str] | None = None
    """What precedes the settings in a script; if it ends with a brace, they are between that and the closing one."""
    waits: bool = True
    """Whether the element alone shows that comments will come."""
    thread: tuple[Ways, ...]
    """What names the discussion; of its parts the first must be known."""


_OPEN = r"\(\s*(?:Object\.assign\(\s*)?\{"
_PATH = ("@path",)
_ADDRESS = ("@address",)
_REPOSITORY = (("repository", ("@repository", "repo")),)
_TERM = (("thread by", ("@term",)),)

_KINDS = (
    _Kind(
        name="Disqus",
        names=frozenset({"disqus_thread", "disqusjs_thread", "disqusjs-wrap"}),
        loads=re.compile(r"//(?P<shortname>[\w-]+)\.disqus\.com/embed\.js"),
        calls=re.compile(r"new DisqusJS" + _OPEN + r"|disqus_shortname|disqus_config|disqus\.com/embed\.js"),
        thread=(
            (("shortname", ("disqusshortname", "shortname")),),
            (
                ("identifier", ("disqusidentifier", "thispageidentifier", "pageidentifier", "identifier")),
                ("address", ("disqusurl", "thispageurl", "pageurl", "url", *_ADDRESS)),
            ),
        ),
    ),
    _Kind(
        name="giscus",
        names=frozenset({"giscus", "giscus-container", "giscus_container", "giscus-wrap"}),
        tags=("giscus-widget",),
        loads=re.compile(r"giscus\.app/client\.js"),
        inserts=True,
        calls=re.compile(r"giscus\.app/client\.js"),
        thread=(_REPOSITORY, _TERM),
    ),
    _Kind(
        name="utterances",
        names=frozenset({"utterances", "utterances-container", "utterances-wrap"}),
        loads=re.compile(r"utteranc\.es/client\.js"),
        inserts=True,
        calls=re.compile(r"utteranc\.es/client\.js"),
        thread=(_REPOSITORY, _TERM),
    ),
    _Kind(
        name="Gitment",
        names=frozenset({"gitment", "gitment-container", "gitment_container"}),
        calls=re.compile(r"new Gitment" + _OPEN),
        thread=(_REPOSITORY, (("id", ("id",)), ("address", _ADDRESS))),
    ),
    _Kind(
        name="Gitalk",
        names=frozenset({"gitalk", "gitalk-container", "gitalk_container"}),
        calls=re.compile(r"new Gitalk" + _OPEN),
        thread=(_REPOSITORY, (("id", ("id",)), ("address", _ADDRESS))),
    ),
    _Kind(
        name="Valine",
        names=frozenset({"vcomments", "vcomment", "valine", "valine-comments", "valine-thread", "valine_container"}),
        calls=re.compile(r"new (?:Mini)?Valine" + _OPEN),
        thread=((("application", ("appid",)),), (("path", ("path", *_PATH)),)),
    ),
    _Kind(
        name="Waline",
        names=frozenset({"waline", "waline-wrap", "waline-container", "waline-comments"}),
        calls=re.compile(r"(?:Waline\.init|new Waline)" + _OPEN + r"|(?<![.\w])init\(\s*\{(?=[^}]*serverURL)"),
        thread=((("server", ("serverurl",)),), (("path", ("path", *_PATH)),)),
    ),
    _Kind(
        name="Twikoo",
        names=frozenset({"twikoo", "twikoo-wrap", "twikoo-container"}),
        calls=re.compile(r"twikoo\.init" + _OPEN),
        thread=((("environment", ("envid",)),), (("path", ("path", *_PATH)),)),
    ),
    _Kind(
        name="Artalk",
        names=frozenset({"artalk", "artalk-wrap", "artalk-container"}),
        calls=re.compile(r"(?:Artalk\.init|new Artalk)" + _OPEN),
        thread=((("server", ("server",)),), (("site", ("site",)),), (("page", ("pagekey", *_PATH)),)),
    ),
    _Kind(
        name="Isso",
        names=frozenset({"isso-thread"}),
        loads=re.compile(r"(?P<server>.*)/js/embed(?:\.min|\.dev)?\.js"),
        thread=((("server", ("isso", "server")),), (("path", ("issoid", *_PATH)),)),
    ),
    _Kind(
        name="Remark42",
        names=frozenset({"remark42"}),
        calls=re.compile(r"remark_config\s*=\s*\{"),
        thread=((("server", ("host",)),), (("site", ("siteid",)),), (("address", ("url", *_ADDRESS)),)),
    ),
    _Kind(
        name="Commento",
        names=frozenset({"commento"}),
        loads=re.compile(r"(?P<server>.*)/js/commento\.js"),
        thread=((("server", ("server",)),), (("path", ("pageid", *_PATH)),)),
    ),
    _Kind(
        name="Comentario",
        tags=("comentario-comments",),
        loads=re.compile(r"(?P<server>.*)/comentario\.js"),
        thread=((("server", ("server",)),), (("path", ("pageid", *_PATH)),)),
    ),
    _Kind(
        name="Cusdis",
        names=frozenset({"cusdis_thread"}),
        thread=((("server", ("host",)),), (("application", ("appid",)),), (("page", ("pageid",)),)),
    ),
    _Kind(
        name="Hyvor Talk",
        names=frozenset({"hyvor-talk-view"}),
        tags=("hyvor-talk-comments",),
        calls=re.compile(r"HYVOR_TALK_(?:WEBSITE|CONFIG)"),
        thread=((("website", ("websiteid", "hyvortalkwebsite")),), (("page", ("pageid", "id", *_ADDRESS)),)),
    ),
    _Kind(
        name="Facebook",
        names=frozenset({"fb-comments"}),
        tags=("fb:comments",),
        thread=((("address", ("href", *_ADDRESS)),),),
    ),
    _Kind(
        name="Discourse",
        names=frozenset({"discourse-comments"}),
        calls=re.compile(r"DiscourseEmbed\s*=\s*\{"),
        thread=(
            (("server", ("discourseurl",)),),
            (("topic", ("topicid",)), ("address", ("discourseembedurl", *_ADDRESS))),
        ),
    ),
    _Kind(
        name="LiveRe",
        names=frozenset({"lv-container"}),
        calls=re.compile(r"livereOptions\s*=\s*\{"),
        thread=((("site", ("uid",)),), (("address", ("refer", *_ADDRESS)),)),
    ),
    _Kind(
        name="Changyan",
        names=frozenset({"SOHUCS"}),
        calls=re.compile(r"changyan"),
        thread=((("application", ("appid",)),), (("id", ("sid",)), ("address", _ADDRESS))),
    ),
    _Kind(
        name="Duoshuo",
        names=frozenset({"ds-thread"}),
        calls=re.compile(r"duoshuoQuery\s*=\s*\{"),
        thread=((("site", ("shortname",)),), (("id", ("threadkey",)), ("address", ("url", *_ADDRESS)))),
    ),
    _Kind(
        name="cnblogs",
        names=frozenset({"blog-comments-placeholder"}),
        calls=re.compile(r"(?:cb_entryId|cb_postId|currentBlogApp)\s*="),
        thread=((("blog", ("cbblogapp", "currentblogapp")),), (("post", ("cbentryid", "cbpostid")),)),
    ),
    _Kind(
        name="webmention.io",
        names=frozenset({"webmentions"}),
        loads=re.compile(r"webmention(?:\.min)?\.js|webmention\.io/api/"),
        calls=re.compile(r"webmention\.io/api/"),
        waits=False,
        thread=((("address", ("pageurl", *_ADDRESS)),),),
    ),
)

_SIGNS = (
    *("disqus", "giscus", "utteranc", "gitment", "gitalk", "valine", "waline", "serverurl", "twikoo", "artalk"),
    *(
        "remark_config",
        "commento",
        "comentario",
        "hyvor",
        "discourse",
        "livereoptions",
        "changyan",
        "duoshuo",
        "webmention",
    ),
    *("cb_entryid", "cb_postid", "currentblogapp", "data-isso", "js/embed"),
)
"""One of these is in every script that concerns a service."""

_PLACES = frozenset(name for kind in _KINDS for name in kind.names)
_NO_PLACES = frozenset({"a", "body", "html", "script", "span"})
"""Elements into which no comments come: links and numbers may be of the same class."""


def services(tree: HtmlElement, url: str) -> tuple[Service, ...]:
    """Return the services that load comments into the page at `url`; none where it holds its comments itself."""
    page = _PageTraces(tree, url)
    if not page.own and not page.scripts and _PLACES.isdisjoint(page.names):
        return ()
    return tuple(found for kind in _KINDS if (found := _at(kind, page)))


def sentence(service: Service) -> str:
    """Return what to say about a page whose comments are at a service."""
    thread = service.thread or "the page does not say which discussion"
    return f"{ELSEWHERE}{service.name} ({thread}), which loads them by a script: none of them is archived"


def _at(kind: _Kind, page: _PageTraces) -> Service | None:
    """Return the service with its thread, if it is to load comments into a page."""
    elements = page.elements(kind)
    stands = bool(elements) and kind.waits
    given: dict[str, Literal] = {}
    if elements:
        given = {_plain(name): str(value) for name, value in elements[0].items() if name != "id"}
    for script in page.scripts:
        for settings, place in _told(kind, script, page):
            if elements or (kind.inserts and place is None) or place in page.names:
                stands = True
                given = settings | given
    if not stands:
        return None
    for script in page.scripts:
        given = _configured(kind, script) | given
    return Service(kind.name, _thread(kind, {**page.given, **given, **_at_github(given, page)}))


# What a page says


@dataclass(frozen=True, slots=True)
class _Script:
    """A script: its attributes, and its text without comments, with the page's own addresses in it as words."""

    attributes: Mapping[str, str]
    text: str

    @property
    def is_run(self) -> bool:
        """Whether it is code, not data for other scripts."""
        return "json" not in self.attributes.get("type", "")


class _PageTraces:
    """The parts of a page that reveal services."""

    def __init__(self, tree: HtmlElement, url: str) -> None:
        self.tree = tree
        self.names = {name for value in names_within(tree) for name in value[1:].split()}
        """All ids and classes."""
        address = urlsplit(url)
        self.given = {"@path": address.path or "/", "@address": url.partition("#")[0]}
        """What a service assumes by default."""
        title = tree.find(".//title")
        self.title = text_of(title) if title is not None else ""
        self.own = [*tree.iter(*(tag for kind in _KINDS for tag in kind.tags))]
        """Elements of a service's own."""
        self.scripts = [
            _Script(dict(element.items()), self._plainly(element.text or ""))
            for element in tree.iter("script")
            if _has_sign(element)
        ]

    def elements(self, kind: _Kind) -> list[HtmlElement]:
        """Return the elements that a service's comments come into."""
        found = [element for element in self.own if element.tag in kind.tags]
        for name in sorted(kind.names & self.names):
            found += every(self.tree, f"//*[@id='{name}' or {has_class(name)}]")
        return [element for element in found if element.tag not in _NO_PLACES]

    def _plainly(self, text: str) -> str:
        """Return a script with words in place of its expressions for the page's address and title."""
        words = {"pathname": self.given["@path"], "href": self.given["@address"], "title": self.title}
        shown = literals.uncommented(text[:LARGEST_SCRIPT])
        return _OWN.sub(lambda found: json.dumps(words[found[1] or found[2]], ensure_ascii=False), shown)


def _has_sign(script: HtmlElement) -> bool:
    """Return whether a script may concern a service."""
    words = " ".join((*script.keys(), *script.values(), script.text or "")).lower()
    return any(sign in words for sign in _SIGNS)


_OWN = re.compile(
    r"(?:(?:de|en)codeURI(?:Component)?\(\s*)?"
    r"(?:\b(?:window\.|document\.)*\blocation\.(pathname|href)\b|\bdocument\.(title)\b)(?!\s*[=.(\[])"
    r"(?:\s*\)(?=\s*[,;}\n]))?"
)
"""Expressions in scripts for the address and the title of the page."""


def _told(kind: _Kind, script: _Script, page: _PageTraces) -> Iterator[tuple[dict[str, Literal], str | None]]:
    """Yield the settings a script has for a service, and the id or class of the element it names, None for none."""
    source = script.attributes.get("src", "")
    if source:
        if kind.loads and (found := kind.loads.search(source)):
            own = {_plain(name): value for name, value in script.attributes.items() if name not in ("id", "src")}
            yield found.groupdict() | own, None
        return
    if kind.calls is None or not script.is_run:
        return
    for call in kind.calls.finditer(script.text):
        if call[0].endswith("{"):
            settings = _flat(literals.read(script.text, call.end() - 1))
            yield from ((settings, place) for place in _told_place(settings, script.text))
            continue
        settings = _assigned(kind, script.text)
        if kind.loads and (found := kind.loads.search(script.text)):
            settings = found.groupdict() | settings
        if not kind.inserts or settings.get("repo"):
            yield settings, _looked_up(script.text, page) if kind.inserts else None
        return


def _told_place(settings: Mapping[str, Literal], text: str) -> tuple[str | None, ...]:
    """Return the ids and classes that a service is given for its place; None for none."""
    if "el" in settings:
        return (str(settings["el"]).lstrip("#."),) if settings["el"] is not None else (None,)
    return (*_RENDERED.findall(text),) or (None,)


def _looked_up(text: str, page: _PageTraces) -> str | None:
    """Return an id or class on the page that a script looks for, or one that is not there; None where it needs none."""
    found = {name for names in _LOOKED_UP.findall(text) for name in names if name}
    return min(found & page.names or found, default=None)


_RENDERED = re.compile(r"""\.render\(\s*["']([\w-]+)""")
_LOOKED_UP = re.compile(r"""getElementById\(\s*["']([\w-]+)|querySelector(?:All)?\(\s*["'][#.]([\w-]+)["']""")


def _assigned(kind: _Kind, text: str) -> dict[str, Literal]:
    """Return the settings of a service anywhere in a script: assigned, or in an object."""
    wanted = {name for ways in kind.thread for _, names in ways for name in names} | _GITHUB
    found: dict[str, Literal] = {}
    for match in _ASSIGNMENT.finditer(text):
        if (name := _plain(match[1] or match[2])) in wanted and name not in found:
            found[name] = literals.read(text, match.end())
    return found


_ASSIGNMENT = re.compile(r"""setAttribute\(\s*["']([\w:-]+)["']\s*,|["']?([A-Za-z_$][\w$.-]*)["']?\s*(?::|=(?![=>]))""")


def _configured(kind: _Kind, script: _Script) -> dict[str, Literal]:
    """Return the settings of a service in the configuration of a theme: those under its name."""
    if script.attributes.get("data-name", "").lower() == kind.name.lower():
        return _flat(literals.read(script.text))
    found = re.search(rf"""\b{re.escape(kind.name)}["']?\s*:\s*(?=\{{)""", script.text, re.IGNORECASE)
    return _flat(literals.read(script.text, found.end())) if found else {}


def _flat(found: Literal) -> dict[str, Literal]:
    return {_plain(name): value for name, value in found.items()} if isinstance(found, dict) else {}


def _plain(name: str) -> str:
    """Return the name of a setting however it is written: `data-issue-term`, `issue_term` and `issueTerm` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("data-"))


# What identifies a discussion


def _thread(kind: _Kind, known: Mapping[str, Literal]) -> str:
    """Return what identifies the discussion, in words; nothing if the first part is missing."""
    said = [_said(ways, known) for ways in kind.thread]
    return ", ".join(filter(None, said)) if said[0] else ""


def _said(ways: Ways, known: Mapping[str, Literal]) -> str:
    """Return a part of what identifies a discussion, by the first setting there is, even one that a script computes."""
    for word, names in ways:
        for name in names:
            value = known.get(name, "")
            if value is None:
                return f"{word} as a script makes it"
            if isinstance(value, str | float) and not isinstance(value, bool) and value != "":
                return f"{word} {value:.0f}" if isinstance(value, float) else f"{word} {value}"
    return ""


_GITHUB = frozenset({"repo", "owner", "mapping", "term", "issueterm", "issuenumber"})
"""Settings of the services that keep comments as issues or discussions at GitHub."""


def _at_github(given: Mapping[str, Literal], page: _PageTraces) -> Mapping[str, Literal]:
    """Return repository and term, as `client.ts` of giscus and utterances determines them."""
    repository = str(given.get("repo") or "")
    if given.get("owner") and "/" not in repository:
        repository = f"{given['owner']}/{repository}"
    number, way = given.get("issuenumber"), given.get("mapping") or given.get("issueterm")
    if number or not isinstance(way, str):
        return {"@repository": repository} | ({"@term": f"number {number}"} if number else {})
    words = {
        "pathname": re.sub(r"\.\w+$", "", page.given["@path"][1:]) or "index",
        "url": page.given["@address"],
        "title": page.title,
        "og:title": "".join(page.tree.xpath("//meta[@property='og:title'][1]/@content")),
    }
    term = words.get(way) or str(given.get("term") or "")
    return {"@repository": repository, "@term": f"{way} {term}".rstrip()}
