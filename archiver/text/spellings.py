r"""What TeX can write in more than one way, or only for its look: tables for `shapes`."""

from __future__ import annotations

import re


def _names(text: str) -> list[str]:
    return text.split()


GREEK = frozenset(
    f"\\{name}"
    for name in _names(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi pi "
        "varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma "
        "Upsilon Phi Psi Omega digamma ell hbar imath jmath"
    )
)
"""Commands that are letters."""

FUNCTIONS = frozenset(
    _names(
        "arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det diag dim erf exp gcd GELU hom inf ker "
        "KL lg lim liminf limsup ln log logsumexp max min Pr rank ReLU relu sec sgn sigmoid sign sin sinh softmax "
        "softplus sup tan tanh Var"
    )
)
"""Names that are one word even without an upright font."""

SPLIT = {"argmax": ("arg", "max"), "argmin": ("arg", "min"), "liminf": ("lim", "inf"), "limsup": ("lim", "sup")}
"""Names of two words."""

BOLD, UPRIGHT = "mathbf", "mathrm"

FACES = {
    **dict.fromkeys((r"\boldsymbol", r"\bm", r"\mathbf", r"\pmb", r"\bold"), BOLD),
    **dict.fromkeys((r"\mathbb", r"\Bbb"), "mathbb"),
    **dict.fromkeys((r"\mathcal", r"\mathscr"), "mathcal"),
    r"\mathfrak": "mathfrak",
    **dict.fromkeys((r"\mathrm", r"\text", r"\textrm", r"\textit", r"\textbf", r"\texttt", r"\textsf", r"\textnormal",
                     r"\mbox", r"\hbox", r"\mathsf", r"\mathtt", r"\operatorname", r"\operatorname*"), UPRIGHT),
    **dict.fromkeys((r"\mathop", r"\mathit", r"\mathnormal"), ""),
}  # fmt: skip
"""Commands that give their argument a typeface; the empty one is that of the surroundings."""

SWITCHES = {r"\rm": UPRIGHT, r"\bf": BOLD, r"\cal": "mathcal", r"\it": "", r"\sf": UPRIGHT, r"\tt": UPRIGHT}
"""Commands that give the rest of their group a typeface."""

ALIASES = {
    **{rf"\{each}frac": r"\frac" for each in "dtc"},
    **{rf"\{each}binom": r"\binom" for each in "dt"},
    **dict.fromkeys((r"\leq", r"\leqslant", "≤"), r"\le"),
    **dict.fromkeys((r"\geq", r"\geqslant", "≥"), r"\ge"),
    **dict.fromkeys((r"\neq", "≠"), r"\ne"),
    **dict.fromkeys((r"\rightarrow", r"\longrightarrow", "→"), r"\to"),
    **dict.fromkeys((r"\leftarrow", r"\longleftarrow", "←"), r"\gets"),
    **dict.fromkeys((r"\implies", r"\Longrightarrow", "⇒"), r"\Rightarrow"),
    **dict.fromkeys((r"\iff", r"\Longleftrightarrow", "⇔"), r"\Leftrightarrow"),
    **dict.fromkeys((r"\ldots", r"\cdots", r"\dotsc", r"\dotsb", "…", "⋯"), r"\dots"),
    **dict.fromkeys((r"\vert", r"\lvert", r"\rvert", r"\mid"), "|"),
    **dict.fromkeys((r"\top", r"\intercal", "⊤"), "T"),
    **dict.fromkeys((r"\varnothing", "∅"), r"\emptyset"),
    r"\widehat": r"\hat", r"\widetilde": r"\tilde", r"\overline": r"\bar", r"\overrightarrow": r"\vec",
    r"\lbrace": r"\{", r"\rbrace": r"\}", r"\lbrack": "[", r"\rbrack": "]",
    r"\land": r"\wedge", r"\lor": r"\vee", r"\lnot": r"\neg", r"\owns": r"\ni",
    r"\ast": "*", r"\colon": ":", r"\lt": "<", r"\gt": ">",
    "∞": r"\infty", "∈": r"\in", "×": r"\times", "·": r"\cdot", "∑": r"\sum", "∏": r"\prod", "∫": r"\int",
    "∂": r"\partial", "∇": r"\nabla", "∀": r"\forall", "∃": r"\exists", "±": r"\pm", "≈": r"\approx", "∝": r"\propto",
    "−": "-",
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", _names(
        r"\alpha \beta \gamma \delta \epsilon \zeta \eta \theta \iota \kappa \lambda \mu \nu \xi \pi \rho \sigma \tau "
        r"\upsilon \phi \chi \psi \omega"
    ), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", _names(
        r"\Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Phi \Psi \Omega"
    ), strict=True)),
}  # fmt: skip
"""Synonyms of tokens."""

DOUBLED = frozenset((r"\|", r"\Vert", r"\lVert", r"\rVert", r"\parallel", "‖", "∥"))
"""Double bars, written as two."""

DROPPED = frozenset(
    _names(
        r"\, \; \: \! \> \/ \- \quad \qquad ~ $ \( \) \[ \] \left \right \middle \big \Big \bigg \Bigg \bigl \Bigl "
        r"\biggl \Biggl \bigr \Bigr \biggr \Biggr \bigm \Bigm \biggm \Biggm \displaystyle \textstyle \scriptstyle "
        r"\scriptscriptstyle \limits \nolimits \nonumber \notag \mathrel \mathbin \mathord \mathopen \mathclose "
        r"\mathinner \mathpunct \allowbreak \nobreak \strut \mathstrut \space \thinspace \medspace \thickspace "
        r"\negthinspace \enspace \hfill \hline \boxed \substack \underbrace \overbrace \smash \of \relax \normalsize "
        r"\small \large \Large"
    )
) | {"\\ ", "\\\n", "\\\t", "\\\r", "\\"}
"""Commands that only change the look."""

DROPPED_WITH_ARGUMENT = frozenset(
    (r"\label", r"\tag", r"\tag*", r"\hspace", r"\hspace*", r"\vspace", r"\color", r"\textcolor", r"\colorbox",
     r"\phantom", r"\hphantom", r"\vphantom", r"\require", r"\cssId", r"\class", r"\style", r"\href",
     r"\ref", r"\eqref")
)  # fmt: skip

SIDES = frozenset((r"\left", r"\right"))
"""Size commands after which a full stop is no delimiter."""

ARGUMENTS = {
    **dict.fromkeys((r"\frac", r"\binom", r"\stackrel", r"\overset", r"\underset", r"\root"), 2),
    **dict.fromkeys(
        (r"\sqrt", r"\hat", r"\tilde", r"\bar", r"\vec", r"\dot", r"\ddot", r"\check", r"\breve", r"\acute", r"\grave",
         r"\mathring", r"\underline", r"\xrightarrow", r"\xleftarrow", r"\cancel", r"\overleftarrow", r"\pmod"), 1
    ),
}  # fmt: skip
"""How many arguments a command has, whose braces are kept."""

INFIX = {r"\over": r"\frac", r"\choose": r"\binom"}
"""Commands between their arguments, each with the one before them."""

STARRED = frozenset((r"\operatorname*", r"\tag*", r"\hspace*"))
"""Commands that may have a star."""

ALIGNED = re.compile(
    r"(?:equation|align|aligned|alignat|alignedat|gather|gathered|multline|split|eqnarray|flalign|displaymath|math)\*?"
)
"""Environments that only change the look."""

COLUMNED = re.compile(r"(?:array|darray|tabular|tabularx|subarray|IEEEeqnarray)\*?")
"""Environments that say how their columns look."""
