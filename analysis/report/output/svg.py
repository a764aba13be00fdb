"""A drawn figure as a part of the page: nothing in it runs, loads, or meets another figure's names.

A page may hold many figures, and the drawing library numbers clip paths and glyphs per figure, so every id gets the
figure's name in front.  Only known elements and attributes pass; a style sheet in a figure would reach the page.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from markupsafe import Markup

from analysis.report.output.escaping import plain

_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """svg g defs path rect circle ellipse line polyline polygon text tspan use symbol image clipPath mask pattern
        linearGradient radialGradient stop marker""",
    )
)
_ATTRIBUTES = frozenset(
    re.findall(
        r"\S+",
        """id class style transform d x y x1 y1 x2 y2 cx cy r rx ry dx dy width height points viewBox
        preserveAspectRatio fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap
        stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit opacity clip-path clip-rule
        clipPathUnits mask href offset stop-color stop-opacity gradientUnits gradientTransform patternUnits
        patternTransform patternContentUnits markerWidth markerHeight refX refY orient font-family font-size
        font-style font-weight text-anchor dominant-baseline xml:space""",
    )
)
_LOCAL_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")\s]+)['\"]?\s*\)")
_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")


def inline(drawing: str, *, name: str, alternative: str, without: str = "", above: float = 0.0) -> Markup:
    """The SVG text ``drawing`` as markup for a page.

    Args:
        drawing: a whole SVG document.
        name: unique on the page; letters, digits, ``_`` and ``-``.
        alternative: what a reader who cannot see the figure is told.
        without: id of a part that is left out.
        above: points cut off at the top.
    """
    root = ElementTree.fromstring(drawing)
    for parent in root.iter():
        for part in [child for child in parent if without and child.get("id") == without]:
            parent.remove(part)
    _crop(root, above)
    _clean(root, name)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib |= {
        "role": "img",
        "aria-label": plain(alternative),
        "stroke-linejoin": "round",  # what the removed style sheet of the drawing library said of every element
        "stroke-linecap": "butt",
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _crop(root: ElementTree.Element, above: float) -> None:
    x, y, width, height = (float(number) for number in root.get("viewBox", "0 0 518 300").split())
    root.set("viewBox", f"{x:g} {y + above:g} {width:g} {height - above:g}")


def width_of(drawing: str) -> float:
    """The drawing's width in points."""
    found = re.search(r"viewBox=\"[-\d.]+ [-\d.]+ ([\d.]+)", drawing)
    return float(found.group(1)) if found else 518.0


def _clean(element: ElementTree.Element, name: str) -> None:
    element.tag = _local(element.tag)
    pairs = ((_local(key), value) for key, value in element.attrib.items())
    element.attrib = {key: shown for key, value in pairs if (shown := _attribute(key, value, name)) is not None}
    for child in list(element):
        if _local(child.tag) in _ELEMENTS:
            _clean(child, name)
            child.tail = None if not (child.tail or "").strip() else child.tail
        else:
            element.remove(child)
    element.text = element.text if element.tag in ("text", "tspan") else None


def _attribute(key: str, value: str, name: str) -> str | None:
    """The attribute's value as it may stand in the page; ``None``: it may not."""
    if key not in _ATTRIBUTES:
        return None
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value[1:]}" if value.startswith("#") else (value if _PICTURE.fullmatch(value) else None)
    local = _LOCAL_REFERENCE.sub("", value).lower()
    if any(sign in local for sign in ("url", "@", "\\", "expression", "image-set", "var(")):
        return None
    return _LOCAL_REFERENCE.sub(lambda match: f"url(#{name}-{match.group(1)})", value)


def _local(tag: str) -> str:
    if tag.startswith("{http://www.w3.org/XML/1998/namespace}"):
        return f"xml:{tag.rpartition('}')[2]}"
    return tag.rpartition("}")[2]
