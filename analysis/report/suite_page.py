"""The page of a suite as data: its rankings, the verdict of each study, and what all of it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from analysis.formatting import agree, points
from analysis.recommendation.recommend import recommend
from analysis.records.frames import each
from analysis.records.load_suite import SuiteRecords
from analysis.records.run_command import run_path, started_with, suite_path
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.output.figures import Drawing, lay_out
from analysis.report.output.tables import NOTHING, Table, frame_of
from analysis.report.sections import first_screen
from analysis.report.sections.alerts import alerts, strongest_caveat
from analysis.report.sections.commands import Step
from analysis.report.sections.first_screen import Fact
from analysis.suite import sentences
from analysis.suite.answer import opening, rankings
from analysis.suite.figure import figure
from analysis.suite.ranking import Ranking

LOST = ("failed", "diverged")


@dataclass(frozen=True)
class StudyCard:
    """What the page says of one study.

    Args:
        name: of the study.
        link: to its report; empty where there is none.
        headline, sentences: its verdict, as its own report opens.
        caveat: the strongest one.
        facts: tasks, replicas and so on, in one line.
    """

    name: str
    link: str
    headline: str
    sentences: list[str]
    caveat: str
    facts: str


@dataclass(frozen=True)
class Ranked:
    """A ranking of the page: its figure, its table for people with notes, and the tables with every digit."""

    name: str
    drawing: Drawing
    overview: Table
    notes: list[str]
    numbers: list[Table]
    claim: list[str]


@dataclass(frozen=True)
class SuitePage:
    """Everything that the template shows, in its order."""

    name: str
    subtitle: str
    headline: str
    sentences: list[str]
    facts: list[Fact]
    rankings: list[Ranked]
    studies: list[StudyCard]
    totals: Table
    commands: list[Step]
    footer: str

    @property
    def tables(self) -> list[Table]:
        """Every table that gets files."""
        return [table for ranked in self.rankings for table in (ranked.overview, *ranked.numbers)] + [self.totals]


def compose_suite(suite: SuiteRecords, figures: Path) -> SuitePage:
    """The page, section by section; its figures are saved in ``figures``."""
    found = rankings(suite)
    said = opening(suite, found)
    totals = _totals(suite)
    first = next(iter(suite.begun.values()), None)
    return SuitePage(
        name=suite.name,
        subtitle=f"{len(suite.studies)} studies, one for each task set",
        headline=said.headline,
        sentences=said.sentences,
        facts=_facts(suite, found, totals.frame),
        rankings=[_ranked(ranking, figures) for ranking in found],
        studies=[_card(suite, name) for name in suite.studies],
        totals=totals,
        commands=[] if first is None else _commands(first),
        footer="Written by mtl-study from the records alone." if first is None else _footer(suite.begun),
    )


def _footer(begun: dict[str, Records]) -> str:
    prints = ", ".join(f"{name} {records.manifest.get('fingerprint', 'unknown')}" for name, records in begun.items())
    return f"Written by mtl-study from the records alone. Data fingerprints: {prints}."


def _commands(first: Records) -> list[Step]:
    path = suite_path(first)
    return [
        Step("Started with; the same again resumes", started_with(first)),
        Step("Where every study stands", f"mtl-study status {path}"),
        Step("All reports again, from the records", f"mtl-study report {path}"),
        Step("The same suite in a new directory", f"mtl-study run {path}/suite.yaml --out {path}-again"),
    ]


def _facts(suite: SuiteRecords, found: Sequence[Ranking], totals: pd.DataFrame) -> list[Fact]:
    facts = []
    if found:
        sets, ranked = found[0].sets, found[0].ranked
        of = f"of {len(suite.studies)}: " if len(sets) < len(suite.studies) else ""
        facts.append(Fact("Task sets", str(len(sets)), f"{of}{', '.join(sets)}"))
        least, most = found[0].seeds
        seeds = f"{least}" if least == most else f"{least} to {most}"
        facts.append(Fact("Ranked", f"{len(ranked)} {found[0].contest.noun}", f"{seeds} paired seeds in each set"))
    if len(totals):
        total = totals.iloc[-1]
        facts.append(
            Fact("Replicas", f"{total['replicas']:,}".replace(",", "\u202f"), f"{total['lost']} failed or diverged")
        )
        facts.append(Fact("Training", _time(total["training_seconds"]), "of one worker, all replicas together"))
        n = total["test_openings"]
        facts.append(
            Fact("Test split opened", f"{n} {agree(n, 'time', 'times')}", "in all; training never receives it")
        )
    return facts


def _time(seconds: float) -> str:
    return (
        f"{seconds / 3600:.1f} hours"
        if seconds >= 5400
        else f"{seconds / 60:.0f} minutes"
        if seconds >= 90
        else f"{seconds:.0f} s"
    )


def _ranked(ranking: Ranking, figures: Path) -> Ranked:
    contest = ranking.contest
    drawn = lay_out(
        figure(ranking), figures, name=contest.stem, question=contest.name, title=f"{contest.name}, best first",
        caption=sentences.caption(ranking), values=sentences.values(ranking.ranked),
    )  # fmt: skip
    by_set = (
        "One row per method and task set: gain in points of skill with its 95% interval, n paired seeds, and its rank "
        "among the methods that take part in every set."
    )
    numbers = [
        Table(contest.stem, sentences.caption(ranking), ranking.means),
        Table(f"{contest.stem}_by_set", by_set, ranking.cells),
    ]
    return Ranked(contest.name, drawn, _overview(ranking), sentences.notes(ranking), numbers, sentences.claim(ranking))


def _overview(ranking: Ranking) -> Table:
    """Method × task set, for people."""
    cells = {(cell.method, cell.task_set): cell for cell in each(ranking.cells)}
    rows: list[dict[str, Any]] = []
    for row in each(ranking.means):
        shown: dict[str, Any] = {
            "rank": NOTHING if row.reason else int(row.rank),
            "method": row.method,
            "mean_gain": "not ranked" if row.reason else _with_half(row.gain, row.half_width),
            "behind_the_best": "" if row.reason or row.rank == 1 else _with_half(row.behind, row.behind_half),
            "mean_rank": None if row.reason else row.mean_rank,
        }
        rows.append(shown | {name: _cell(cells[row.method, name]) for name in ranking.sets})
    frame = pd.DataFrame(rows)[["method", "rank", "mean_gain", "behind_the_best", "mean_rank", *ranking.sets]]
    caption = (
        f"Gain over {ranking.contest.over} ± half a 95% interval, in points of skill, and in brackets the rank in the "
        "set. Behind the best: the paired difference to the first row ± half an interval that is simultaneous over all "
        "its rivals; it is not separable where that holds 0. Mean rank: over the sets."
    )
    return Table(f"{ranking.contest.stem}_overview", caption, frame)


def _with_half(value: float, half: float) -> str:
    return points(value) if pd.isna(half) else f"{points(value)} ± {points(half, sign=False)}"


def _cell(cell: Any) -> str:
    if cell.reason:
        return "missing"
    rank = "" if pd.isna(cell.rank) else f" ({cell.rank:g})"
    return f"{_with_half(cell.gain, cell.half_width)}{rank}"


def _card(suite: SuiteRecords, name: str) -> StudyCard:
    records = suite.studies[name]
    if records is None:
        return StudyCard(name, "", "Not begun.", [], "", "")
    recommendation = recommend(records)
    link = f"{quote(name)}/report.html" if (records.path / "report.html").is_file() else ""
    caveat = recommendation.caveat or strongest_caveat(alerts(LoadedStudy(records)))
    facts = f"{first_screen.subtitle(records)} · {run_path(records)}"
    return StudyCard(name, link, recommendation.headline, [recommendation.explanation], caveat, facts)


def _totals(suite: SuiteRecords) -> Table:
    """What each study trained, and how often it opened its test split; the last row is the sum."""
    frame = frame_of(
        list(suite.begun.items()),
        study=lambda pair: pair[0],
        tasks=lambda pair: len(pair[1].tasks),
        arms=lambda pair: int(pair[1].replicas["arm"].nunique()),
        replicas=lambda pair: int(pair[1].replicas["replica"].nunique()),
        lost=lambda pair: _lost(pair[1].replicas),
        test_openings=lambda pair: len(pair[1].events("test_opened")),
        training_seconds=lambda pair: round(float(pair[1].replicas.drop_duplicates("replica")["seconds"].sum())),
    )
    if len(frame):
        sums = frame.drop(columns=["study", "arms"]).sum().to_dict()
        frame = pd.concat(
            [frame, pd.DataFrame([{"study": "all", "arms": None, **sums}], dtype=object)], ignore_index=True
        )
    caption = (
        "What each study trained. Lost: replicas that failed or diverged. Test openings: how often the test split was "
        "opened, after all choices of that study were made. Seconds: of training, summed over replicas."
    )
    return Table("studies", caption, frame, title="Totals", when_empty="No study has begun.")


def _lost(replicas: pd.DataFrame) -> int:
    return int(replicas.drop_duplicates("replica")["status"].isin(LOST).sum())
