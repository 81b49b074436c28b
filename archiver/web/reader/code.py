"""Code blocks with their parts marked by class, for the style sheet to colour."""

from __future__ import annotations

from contextlib import suppress
from html import escape

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

CLASSES = frozenset(filter(None, STANDARD_TYPES.values()))
"""Classes that a part of a code block may have."""

_LONGEST = 100_000  # characters; longer code is data
_FORMATTER = HtmlFormatter(nowrap=True)


def coloured(code: str, language: str = "") -> str:
    """Return a code block; one without a known language stays plain."""
    shown = escape(code)
    if language and len(code) <= _LONGEST:
        with suppress(ClassNotFound):
            shown = highlight(code, get_lexer_by_name(language, stripnl=False), _FORMATTER)
    return f'<pre class="listing" tabindex="0"><code>{shown}</code></pre>\n'
