"""Names that somebody, somewhere, will give a task; each is an attack on at least one sink."""

from __future__ import annotations

HOSTILE: list[str] = [
    # HTML
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "</title><script>alert(3)</script>",
    "</style><script>alert(4)</script>",
    '"><svg onload=alert(5)>',
    "' onmouseover='alert(6)",
    "<iframe src=javascript:alert(7)>",
    "<a href='javascript:alert(8)'>x</a>",
    "<meta http-equiv=refresh content='0;url=http://example.org/9'>",
    "<link rel=stylesheet href=http://example.org/10>",
    "<base href=http://example.org/>",
    "&lt;script&gt;alert(12)&lt;/script&gt;",
    "&#60;script&#62;",
    "<!-- open",
    "--> <b>out</b>",
    "]]><script>alert(16)</script>",
    "<textarea>",
    "<form action=http://example.org><button>x",
    # templates
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "{# comment",
    "${7*7}",
    "%(name)s %s %n",
    # spreadsheets
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org","x")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "＝1+1",
    'a","b',
    "a;b\nc",
    # LaTeX
    "\\input{/etc/passwd}",
    "\\write18{ls}",
    "$x{$",
    "100% & more_#~^",
    "\\\\[1em]",
    "[x]",
    "}\\end{tabular}",
    # Markdown
    "[x](javascript:alert(39))",
    "![x](http://example.org/40.png)",
    "`code` *em* __strong__ | cell",
    "http://example.org/42",
    "# heading",
    # terminals
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://example.org\x07link\x1b]8;;\x07",
    "\x9b2J",
    "back\b\b\b\bspace",
    "bell\x07 and NUL\x00",
    # reading direction, look-alikes, size
    "\u202egnp.exe",
    "\u2066left\u2069 \u200fright",
    "раypal",
    "日本語のタスク",
    "مهمة",
    "e\u0301 \U0001f9ea",
    "n" * 300,
    "two  words",
    # paths
    "../../etc/passwd",
    "CON",
]

assert len(HOSTILE) == len(set(HOSTILE)) == 60
