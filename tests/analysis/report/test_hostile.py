"""A report full of hostile names, as files and in a real browser: it asks for nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import analysis
from analysis.records.schema import Records
from analysis.report.output.escaping import plain
from tests.analysis.report.hostile import HOSTILE

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


class Visit:
    """A page that was opened, with everything suspicious that happened."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.events: list[str] = []
        self.page = browser.new_context(**options).new_page()
        self.page.on("dialog", lambda dialog: (self.events.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda message: self.events.append(f"console {message.text}"))
        self.page.on("pageerror", lambda error: self.events.append(f"error {error}"))
        self.page.on("request", lambda request: self._requested(request.url, path))
        self.page.goto(path.as_uri(), wait_until="load")
        self.page.wait_for_timeout(200)

    def _requested(self, url: str, path: Path) -> None:
        if url != path.as_uri() and not url.startswith("data:"):
            self.events.append(f"request {url}")


@pytest.fixture(scope="module")
def phone(browser: Any, hostile_page: Path) -> Visit:
    """The hostile report at 390 px."""
    return Visit(browser, hostile_page, viewport={"width": 390, "height": 844}, color_scheme="dark")


def test_the_watch_notices_a_bad_page(browser: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<script>console.log(1); alert(2)</script><img src='http://127.0.0.1:9/x.png'>")
    events = Visit(browser, bad).events
    assert {event.split()[0] for event in events} >= {"console", "dialog", "request"}


def test_hostile_names_open_no_dialog_and_ask_for_nothing(phone: Visit) -> None:
    assert phone.events == []


def test_hostile_names_are_shown_as_text(phone: Visit) -> None:
    text = phone.page.inner_text("body")
    for name in (
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "{{ 7 * 7 }}",
        "&lt;script&gt;alert(12)&lt;/script&gt;",
        "日本語のタスク",
    ):
        assert name in text
    assert phone.page.locator("main script, main iframe, main form, main img, main base, main textarea").count() == 0
    assert phone.page.locator("script").count() == 0


def test_no_attribute_came_from_a_name(phone: Visit) -> None:
    handlers = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
    handlers += ".filter(a => a.name.startsWith('on')).length"
    assert phone.page.evaluate(handlers) == 0
    links = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
    assert all(link.startswith(("#", "tables/", "figures/")) for link in phone.page.evaluate(links))


def test_a_telephone_does_not_scroll_sideways(phone: Visit) -> None:
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390


SHOWN = """selector => [...document.querySelectorAll(selector)].map(e => {
  const box = e.getBoundingClientRect(); return [box.width > 0 && box.height > 0, box.right]; })"""


def test_a_telephone_shows_verdicts_and_the_figures_numbers_without_scrolling_sideways(phone: Visit) -> None:
    for selector in (".tasks tbody th", ".tasks td", ".tasks .chip", ".values li"):
        found = phone.page.evaluate(SHOWN, selector)
        assert found
        assert all(shown and right <= 390 for shown, right in found), selector
    table = phone.page.locator(".wide:has(.tasks)")
    assert table.evaluate("e => e.scrollWidth") <= table.evaluate("e => e.clientWidth")


def test_a_wide_window_folds_the_figures_numbers_away(browser: Any, hostile_page: Path) -> None:
    page = Visit(browser, hostile_page, viewport={"width": 1280, "height": 900}).page
    assert not any(shown for shown, _ in page.evaluate(SHOWN, ".values"))
    assert all(shown for shown, _ in page.evaluate(SHOWN, "figure summary"))


def test_every_id_is_unique_and_every_reference_is_met(phone: Visit) -> None:
    ids = phone.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    used = "[...document.querySelectorAll('use, a[href^=\"#\"]')].map(e => e.getAttribute('href').slice(1))"
    assert set(phone.page.evaluate(used)) <= set(ids)


def test_links_lead_to_files_that_are_there(phone: Visit, hostile_page: Path) -> None:
    links = phone.page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    files = [link for link in links if not link.startswith("#")]
    assert len(files) > 20
    assert [link for link in files if not (hostile_page.parent / link).is_file()] == []


def test_headings_are_in_order(phone: Visit) -> None:
    levels = [
        int(tag[1]) for tag in phone.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => e.tagName)")
    ]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_figures_have_words(phone: Visit) -> None:
    assert phone.page.locator("table:not(:has(caption))").count() == 0
    assert phone.page.locator("figure svg[role=img]:not([aria-label])").count() == 0
    assert phone.page.locator(".card svg").count() == phone.page.locator("figure details").count() > 0


CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.slice(0, 3).map(linear);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(low)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Any, hostile_page: Path, scheme: str) -> None:
    visit = Visit(browser, hostile_page, viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    assert visit.page.evaluate(CONTRAST) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 1280
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(22, 24, 27)") == (scheme == "dark")


def test_all_names_are_there(phone: Visit) -> None:
    rows = phone.page.locator("table.tasks tbody th[scope=row]").count()
    assert rows % len(HOSTILE[::4]) == 0
    assert rows > 0
    shown = " ".join(phone.page.inner_text("#alerts").split())
    assert [name for name in HOSTILE if " ".join(plain(name).split()).rstrip(".") not in shown] == []


def test_the_hostile_report_is_small_and_has_its_policy(hostile_page: Path) -> None:
    text = hostile_page.read_text("utf-8")
    assert len(text.encode()) < 5_000_000
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"" in text
    assert text.index("Content-Security-Policy") < text.index("<title>")
    assert "<script" not in text
    assert "<?xml" not in text
    assert not any(sign in text for sign in "\x1b\x07\x00\x9b\u202e\u2066")


def test_nothing_is_written_outside_the_run_directory(hostile_page: Path) -> None:
    assert {path.name for path in hostile_page.parent.parent.iterdir()} == {"run"}
    for folder in ("tables", "figures"):
        assert all(path.stem.replace("_", "").isalpha() for path in (hostile_page.parent / folder).iterdir())


def test_hostile_records_lose_no_task(hostile: Records, hostile_page: Path) -> None:
    html = hostile_page.read_text("utf-8")
    assert all(html.count(f"<bdi>{name}</bdi>") for name in ("раypal", "CON", "../../etc/passwd"))
    assert set(hostile.tasks["task"]) == set(HOSTILE[::4])


def test_two_reports_from_the_same_records_are_the_same_bytes(
    hostile: Records, hostile_page: Path, tmp_path: Path
) -> None:
    analysis.write_report(replace(hostile, path=tmp_path))
    one, other = _contents(hostile_page.parent), _contents(tmp_path)
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []
    assert {Path(name).suffix for name in one} == {".html", ".svg", ".pdf", ".png", ".csv", ".tex", ".md"}
    assert not list(tmp_path.glob(".*"))


def _contents(run: Path) -> dict[str, bytes]:
    files = [run / "report.html", *(run / "figures").iterdir(), *(run / "tables").iterdir()]
    return {str(file.relative_to(run)): file.read_bytes() for file in files}
