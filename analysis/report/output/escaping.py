"""Names are data: what a task, an arm or a failure is called reaches every sink as text, and as nothing else.

:func:`plain` comes first everywhere.  It drops what no sink can show honestly: terminal sequences, control characters
and the marks that turn the direction of writing ("trojan source", Boucher & Anderson, USENIX Security 2023).  The
others add what one format needs; HTML is escaped by the template engine.
"""

from __future__ import annotations

import re
import unicodedata

_TERMINAL_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS …: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]"
)
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN = {"Cc", "Cs", "Co", "Cn"}  # control, lone surrogate, private use, not a character

_FORMULA_STARTS = tuple("=+-@＝＋－＠\u2212")  # ASCII, full width, and the minus sign
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",  # no ligature, so two hyphens do not become a dash
    "[": "{[}",  # a row that starts with one would be read as the option of the row before
    "]": "{]}",
    "*": "{*}",
    "?": "{?}",  # ?` and !` are ligatures
    "!": "{!}",
} | {sign: f"\\{sign}" for sign in "#$%&_"}
_MARKDOWN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"} | {
    sign: f"\\{sign}" for sign in "\\`*_{}[]()#+-.!|~$:\"'^="
}


def plain(text: str) -> str:
    """One line of visible text; what cannot be shown honestly is gone."""
    without_sequences = _TERMINAL_SEQUENCE.sub("", str(text))
    on_one_line = re.sub(r"\s", " ", without_sequences)
    visible = "".join(sign for sign in on_one_line if _is_shown(sign))
    return re.sub(" +", " ", visible).strip()  # last, since what was dropped may have stood between two spaces


def for_csv(text: str) -> str:
    """The text for a cell of a CSV file: no spreadsheet takes it for a formula."""
    shown = plain(text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown


def for_latex(text: str) -> str:
    """The text for LaTeX (T1 encoding, ``textcomp``): no sign of it is a command."""
    return "".join(_LATEX.get(sign, sign) for sign in plain(text))


def for_markdown(text: str) -> str:
    """The text for Markdown: no emphasis, link, image, tag or end of a table cell."""
    return "".join(_MARKDOWN.get(sign, sign) for sign in plain(text))


def _is_shown(sign: str) -> bool:
    return sign not in _DIRECTION_MARKS and unicodedata.category(sign) not in _HIDDEN
