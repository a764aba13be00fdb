"""What stands in a file that is called a text table and is none: refused with what it is."""

from __future__ import annotations

import codecs
from pathlib import Path

from mtl_core.errors import UserError

TRY_ANEW = "Fetch or write the table itself."
BEGINNINGS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"), "a compressed file", "Unpack it."),
    ((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "a spreadsheet or an archive", "Save it as CSV, or unpack it."),
    ((b"PAR1",), "a Parquet file", "Give it the suffix .parquet."),
    ((b"ARROW1", b"FEA1"), "an Arrow file", "Give it the suffix .arrow."),
    ((b"version https://git-lfs",), "a pointer of Git LFS and not the file", "Fetch the file: git lfs pull."),
    ((b"<!doctype", b"<html", b"<?xml"), "a web page or XML", TRY_ANEW),
    ((b"[{", b'{"'), "JSON", "Write the table as CSV or Parquet."),
)
"""Bytes, in small letters, with which other kinds of file begin; what they are, and what to do."""


def refuse_other_contents(path: Path, content: bytes) -> None:
    """Refuse the bytes of a text file when they are those of another kind of file.

    Raises:
        UserError: naming the kind, and what to do.
    """
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UserError(str(path), "is written in UTF-32.", "Write encoding: utf-32 under tasks, or save it as UTF-8.")
    begin = content[:64].removeprefix(codecs.BOM_UTF8).lstrip()
    for beginnings, what, advice in BEGINNINGS:
        if begin.startswith(beginnings) or begin.lower().startswith(beginnings):
            raise UserError(str(path), f"is {what}, by its first bytes.", advice)


def refuse_nul_bytes(path: Path, content: bytes) -> None:
    """Refuse text that holds NUL, as binary files and UTF-16 without a mark at its beginning do.

    Raises:
        UserError: with the line.
    """
    place = content.find(b"\0")
    if place >= 0:
        line = content.count(b"\n", 0, place) + 1
        found = f"line {line} holds a NUL byte."
        advice = "Write the file anew; if it is UTF-16, write encoding: utf-16-le (or utf-16-be) under tasks."
        raise UserError(str(path), found, advice)
