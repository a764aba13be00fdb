"""Codes for missing that no cell holds: a slip, or a code of another file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.missing_codes import Code, Codes
from mtl_core.data.tabular.yaml_names import in_yaml


def remarks_on_unused_codes(missing: Codes, held: Mapping[str, Collection[Code]]) -> list[Remark]:
    """Return a remark on declared codes that stand nowhere.

    Args:
        missing: codes of the study file.
        held: for each column by name, those of its codes that cells hold.
    """
    if isinstance(missing, Mapping):
        unused = {name: [code for code in codes if code not in held.get(name, ())] for name, codes in missing.items()}
        return [_remark(name, f"column {name!r}", codes) for name, codes in unused.items() if codes]
    everywhere = {code for codes in held.values() for code in codes}
    unused_codes = [code for code in missing if code not in everywhere]
    return [_remark("", "the file", unused_codes)] if unused_codes else []


def _remark(subject: str, where: str, codes: Collection[Code]) -> Remark:
    shown = ", ".join(in_yaml(code) if isinstance(code, str) else f"{code:g}" for code in codes)
    text = f"No cell of {where} holds {shown}, which the study file declares missing: a slip?"
    return Remark("unused_code", subject, text)
