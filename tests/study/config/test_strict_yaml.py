"""The YAML of study files: scalars of YAML 1.2, and refusal of everything that a study file has no use for."""

from __future__ import annotations

import contextlib
import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.errors import UserError
from study.config.strict_yaml import MAX_DEPTH, dump, parse, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1.5E+2", 150.0),
        (".5", 0.5),
        ("-7", -7),
        ("0123", 123),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("Y", "Y"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        (".inf", math.inf),
        ("0x1F", "0x1F"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    read = parse_value(text, "here")
    assert read == value
    assert type(read) is type(value)


BAD = {
    "equal keys": "a: 1\na: 2",
    "equal keys in flow": "{a: 1, a: 2}",
    "equal keys deep down": "a:\n  b: 1\n  c: 2\n  b: 3",
    "quoted and plain key": "'a': 1\na: 2",
    "anchor": "a: &x 1",
    "anchor on a mapping": "a: &x {b: 1}",
    "anchor on a key": "&x a: 1",
    "alias": "a: 1\nb: *x",
    "bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]",
    "merge key with alias": "a: {<<: *x}",
    "python tag": "a: !!python/object/apply:os.system [id]",
    "standard tag": "a: !!str 1",
    "local tag": "a: !mine 1",
    "bare tag": "a: ! 1",
    "tag on a key": "!!str a: 1",
    "tag directive": "%TAG ! tag:x,2000:\n---\na: !y 1",
    "two documents": "a: 1\n---\nb: 2",
    "deep nesting": "[" * 100_000,
    "deep blocks": "\n".join(" " * depth + "a:" for depth in range(50)),
    "complex key": "? [a, b]\n: 1",
    "mapping as key": "{{a: 1}: 2}",
    "empty key": "? \\n: 1",
    "unclosed": "a: [1, 2",
    "unclosed quote": "a: 'x",
    "tabs": "a:\n\tb: 1",
    "stray colon": "a: b: c",
    "at sign": "a: @b",
    "control character": "a: \x07",
    "NUL": "a: \x00",
    "bad escape": 'a: "\\q"',
    "escape out of range": 'a: "\\UFFFFFFFF"',
    "huge integer": "a: " + "9" * 5_000,
    "other version": "%YAML 3.0\n---\na: 1",
    "too long": "a: " + "x" * 300_000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_what_a_study_file_has_no_use_for_is_refused(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "study.yaml")
    assert caught.value.where.startswith("study.yaml")
    assert caught.value.found
    assert caught.value.remedy


def test_refusals_name_the_line() -> None:
    with pytest.raises(UserError, match=r"study\.yaml, line 4.*line 2"):
        parse("# head\na: 1\nb: 2\na: 3\n", "study.yaml")


def test_the_line_of_a_path_or_of_what_encloses_it() -> None:
    document = parse("a:\n  b:\n    - 1\n    - 2\nc: 3\n", "study.yaml")
    assert document.line(("a", "b", 1)) == 4
    assert document.line(("a", "b", "missing")) == 2
    assert document.line(("missing",)) is None


# PyYAML folds some control characters when it writes, so they are not its to vouch for.
TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)
KEYS = st.text(string.ascii_letters + string.digits + " _-:#'\"", min_size=1, max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(DATA)
def test_what_is_written_is_read_back(data: dict[str, object]) -> None:
    text = dump(data)
    if _depth(data) > MAX_DEPTH:
        with pytest.raises(UserError, match="nested"):
            parse(text, "here")
    else:
        assert parse(text, "here").data == data


def _depth(data: object) -> int:
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return max((1 + _depth(child) for child in children), default=0)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab1:{}[],&*!|>'\"#%@`?-~ \n\t\\.e+<\x07é\u2028", max_size=60))
def test_any_text_is_data_or_a_mistake(text: str) -> None:
    with contextlib.suppress(UserError):
        parse(text, "here")


@pytest.mark.parametrize("name", ["", "~", "null", "1", "a: b", "ä"])
def test_every_text_is_written_as_a_key_that_is_read_again(name: str) -> None:
    data = {"importance": {name: 3.0, "other": 1.0}}
    assert parse(dump(data), "here").data == data


@pytest.mark.parametrize("text", ["? \n: 3", "? [a]\n: 3", "? {a: b}\n: 3"])
def test_a_key_that_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="a key is not text"):
        parse(text, "here")
