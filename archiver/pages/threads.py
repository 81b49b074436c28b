"""Which part of a page belongs to which comment, and which comment answers which.

The markup around the marks of comments is not known, so no tag or class is relied on. What is used instead: next to
each comment is a date. The smallest element with both, mark and date, is the item of the comment, and a comment
whose item lies within another's answers that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from lxml.html import HtmlElement

from archiver.pages import dates, marks
from archiver.pages.dates import DateFormat
from archiver.pages.marks import DAY, HEADER, Naming, Piece, Place, Thread, kind_of_place, line, pieces

_LISTS = frozenset({"ol", "ul", "dl", "table", "tbody"})
"""Elements whose children are of equal rank."""

_YEAR = re.compile(r"\d{4}")
"""Part of every date that `dates` reads."""

_ANSWERS = re.compile(r"\b(?:children|child|replies|answers)\b")
"""Classes of boxes with answers to the comment before them."""


class CommentSurvey:
    """The comments in an element of a page, each with its place; works on a copy of that element."""

    def __init__(self, box: HtmlElement, naming: Naming, zone: str, besides: HtmlElement | None = None) -> None:
        """Look at `box`, but not at `besides` in it, the text of the post; `zone` is as of `marks.copied`."""
        self.box = marks.copied(box, besides, zone)
        self._places = {element: place for place, element in enumerate(self.box.iter())}
        self.threads = marks.find(self.box, naming)
        self.threads = {thread.number: thread for thread in self._in_order()}
        """The comments by number, in page order: parents before their answers."""
        short = [piece for piece in pieces(self.box) if len(piece.text.strip()) <= HEADER and _YEAR.search(piece.text)]
        marked = len(self.box.xpath(f".//*[@{DAY}]"))
        self.form: DateFormat | None = (
            dates.numbers if marked > len(self.threads) / 2 else dates.common([piece.text for piece in short])
        )
        """How dates next to comments are written; None if there are none."""
        self._dates = [piece for piece in short if self.form and self.form(piece.text)]
        self._tell_texts()
        self.unclaimed = self._give_dates()
        """Dates that look as if they belonged to a comment where no comment was found."""
        self._note_firsts()
        self._give_items()
        self._items: dict[HtmlElement, list[Thread]] = {}
        for thread in self._in_order():
            self._items.setdefault(thread.item, []).append(thread)
        for thread in self.threads.values():
            thread.parent = self._parent(thread)

    def taken_apart(self) -> Iterator[tuple[HtmlElement, list[Thread]]]:
        """Yield each item, cut out of its surroundings, with its comments: one, or several that share it.

        The rest is left in `box` in the end; if comments are in the box itself, that comes last.
        """
        inner_first = sorted(self._items, key=self._places.__getitem__, reverse=True)
        for item in inner_first:
            if item is not self.box:
                _cut(item)
        for item in reversed(inner_first):
            yield item, self._items[item]

    # Items and texts

    def _in_order(self) -> list[Thread]:
        return sorted(self.threads.values(), key=lambda thread: self._places[thread.first])

    def _tell_texts(self) -> None:
        """Distinguish elements of texts from items: an item holds a date where dates of comments are."""
        single = []
        for thread in self.threads.values():
            if len(thread.marks) > 1:
                thread.text = thread.marks[-1]
            elif thread.marks:
                single.append(thread)
        owners = {thread.marks[0]: thread for thread in single}
        within: dict[int, set[Place]] = {}
        outside: list[Place] = []
        texts = {thread.text for thread in self.threads.values()}
        for piece in self._dates:
            around = next((owners[element] for element in line(piece.holder) if element in owners), None)
            if not texts.isdisjoint(line(piece.holder)):
                continue
            if around:
                within.setdefault(around.number, set()).add(kind_of_place(piece))
            else:
                outside.append(kind_of_place(piece))
        for thread in single:
            inside = within.get(thread.number, set())
            if outside and inside.isdisjoint(outside) and (not inside or len(outside) >= len(within)):
                thread.text = thread.marks[0]

    # The dates

    def _give_dates(self) -> list[Piece]:
        """Give each comment its date: the one in its item, in a link to it, or next to its mark; return the rest."""
        owners = {mark: thread for thread in self.threads.values() for mark in (*thread.marks, *thread.pointers)}
        free: list[Piece] = []
        for piece in self._dates:
            around = next((element for element in line(piece.holder) if element in owners), None)
            owner = owners.get(around)
            if owner is None or (owner.text is not around and owner.date is not None):
                free.append(piece)
            elif owner.text is not around:
                owner.date = piece
        waiting = [thread for thread in self._in_order() if thread.date is None]
        left = self._pair(waiting, free) if waiting and free else free
        textless = {mark for mark, thread in owners.items() if thread.text is None}
        return [piece for piece in left if textless.isdisjoint(line(piece.holder)) or self._is_alike(piece)]

    def _pair(self, waiting: list[Thread], free: list[Piece]) -> list[Piece]:
        """Give each date to the mark next to it, all to the one after or all to the one before; return the rest."""
        events: list[tuple[float, Thread | Piece]] = [(self._places[thread.first], thread) for thread in waiting]
        events += [(marks.place(piece, self._places), piece) for piece in free]
        events.sort(key=lambda event: event[0])
        if not self._come_before(events):
            events.reverse()
        left: list[Piece] = []
        last: Piece | None = None
        for _, event in events:
            if isinstance(event, Piece):
                left += [last] if last else []
                last = event
            else:
                event.date, last = last, None
        return left + ([last] if last else [])

    def _come_before(self, events: list[tuple[float, Thread | Piece]]) -> bool:
        """Whether dates are before the marks they belong to: most do, or are nearer in the tree, or come first."""
        things = [event for _, event in events]
        before = sum(isinstance(one, Piece) and isinstance(two, Thread) for one, two in pairwise(things))
        after = sum(isinstance(one, Thread) and isinstance(two, Piece) for one, two in pairwise(things))
        nearer = before - after or sum(map(_nearer_before, things, things[1:], things[2:]))
        return nearer > 0 if nearer else isinstance(things[0], Piece)

    def _is_alike(self, piece: Piece) -> bool:
        """Whether a date is in the same kind of place as those of comments."""
        return kind_of_place(piece) in self._kinds

    @cached_property
    def _kinds(self) -> set[Place]:
        return {kind_of_place(thread.date) for thread in self.threads.values() if thread.date}

    # The items

    def _give_items(self) -> None:
        """Give each comment its item; those whose item is not evident get one like the others'."""
        for thread in self.threads.values():
            thread.item = self._item(thread)
        sure = [each for each in self.threads.values() if each.date and each.item is not each.first]
        alike = {_signature(thread.item) for thread in sure} or {
            _signature(thread.item) for thread in self.threads.values() if thread.date and thread.marks
        }
        for thread in self.threads.values():
            if thread.date is None or (not thread.marks and thread.item is thread.first):
                thread.item = self._grow(thread, alike)

    def _item(self, thread: Thread) -> HtmlElement:
        """Return the smallest element around the marks of a comment and its date."""
        named = [*thread.marks, *thread.pointers, *([thread.date.holder] if thread.date else [])]
        common = list(line(named[0]))
        for other in named[1:]:
            around = set(line(other))
            common = [element for element in common if element in around]
        return common[0]

    def _grow(self, thread: Thread, alike: set[tuple[str, str]]) -> HtmlElement:
        """Return a wider item for a comment without a date, or one that is named only by links.

        That is the next element in which it comes first and which is like other items; or else the one that is in
        a list; or else the widest that holds it alone.
        """
        alone = before = thread.item
        for above in line(thread.item):
            if above.tag in _LISTS:
                return before
            if above is self.box or self._first_in[above] != thread.number:
                break
            before = above
            if _signature(above) in alike:
                return above
            if above not in self._shared:
                alone = above
        return alone

    def _note_firsts(self) -> None:
        """Note for each element around marks the comment that comes first in it, and whether there are others."""
        self._first_in: dict[HtmlElement, int] = {}
        self._shared: set[HtmlElement] = set()
        for thread in self._in_order():
            for element in (above for mark in (*thread.marks, *thread.pointers) for above in line(mark)):
                if self._first_in.setdefault(element, thread.number) != thread.number:
                    if element in self._shared:
                        break
                    self._shared.add(element)

    def _parent(self, thread: Thread) -> int | None:
        """Return the comment whose item or box of answers is around another's item."""
        node, boxed = thread.item, False
        while node is not None and node is not self.box:
            if _is_answers(node):
                boxed = True
                if above := self._before_box(node):
                    return above.number
            node = node.getparent()
            equal = node is self.box or node.tag in _LISTS
            earlier = [each for each in self._items.get(node, ()) if self._is_before(each, thread)]
            if earlier and (boxed or not equal):
                return earlier[-1].number
        return None

    def _before_box(self, box: HtmlElement) -> Thread | None:
        """Return the comment in the element before a box of answers."""
        for neighbour in box.itersiblings(preceding=True):
            if not _is_answers(neighbour):
                for element in neighbour.iter():
                    if element in self._items:
                        return self._items[element][0]
        return None

    def _is_before(self, one: Thread, other: Thread) -> bool:
        return self._places[one.first] < self._places[other.first]


def _nearer_before(before: Thread | Piece, mark: Thread | Piece, after: Thread | Piece) -> int:
    """Return 1 if the date before a mark is nearer to it in the tree than the one after, -1 if farther, else 0."""
    if not (isinstance(before, Piece) and isinstance(mark, Thread) and isinstance(after, Piece)):
        return 0
    around = list(line(mark.first))
    one, two = (next(n for n, e in enumerate(around) if e in set(line(date.holder))) for date in (before, after))
    return (one < two) - (one > two)


def _signature(element: HtmlElement) -> tuple[str, str]:
    return element.tag, element.get("class") or ""


def _is_answers(element: HtmlElement) -> bool:
    return element.tag in _LISTS | {"blockquote"} or bool(_ANSWERS.search(element.get("class") or ""))


def _cut(element: HtmlElement) -> None:
    """Remove an element from its tree; the text after it stays there."""
    above, before, tail = element.getparent(), element.getprevious(), element.tail
    element.tail = None
    above.remove(element)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        above.text = (above.text or "") + tail
