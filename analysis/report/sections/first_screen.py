"""The numbers of the first screen: what it costs, and on how many seeds, arms and replicas it rests."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.formatting import number_of
from analysis.records.explored import search_of_compared
from analysis.records.schema import Records
from analysis.records.study_state import TRAINED, LoadedStudy
from analysis.selection.arm_costs import costs


@dataclass(frozen=True)
class Fact:
    """A number of the first screen."""

    label: str
    value: str
    note: str = ""


def facts(study: LoadedStudy) -> list[Fact]:
    """Return the numbers of seeds, arms and replicas; before the verdict, when there are no options, the cost, too."""
    found = [] if "verdict" in study.state.done else _cost(study)
    replicas = study.records.replicas.drop_duplicates("replica")
    n = study.state.seeds["verdict"]
    if "verdict" in study.state.done:
        found.append(Fact("Verdict", number_of(n, "paired seed"), "fresh: they chose nothing"))
    confirmed = replicas[(replicas["phase"] == "confirm") & replicas["status"].isin(TRAINED)]
    if len(confirmed):
        of_arms = confirmed.groupby("arm")["seed"].nunique()  # an outer fold confirms what it has searched itself
        fewest, most = int(of_arms.min()), int(of_arms.max())
        number = str(most) if fewest == most else f"{fewest} to {most}"
        found.append(Fact("Confirmed", number_of(len(of_arms), "arm"), f"on {number} seeds of their own"))
    search = search_of_compared(replicas, study.records)
    replicas_of = number_of(len(search), "replica").replace(",", "\u202f")
    found.append(Fact("Search", replicas_of, f"of {number_of(search['arm'].nunique(), 'arm')}"))
    return found


def subtitle(records: Records) -> str:
    """Return the name of the data, the number of tasks and the day on which the study started."""
    names = [
        str(records.manifest.get("name") or ""),
        f"{len(records.tasks)} tasks",
        str(records.manifest.get("started", ""))[:10],
    ]
    own = str(records.spec.get("name") or records.manifest.get("name") or "")
    return " · ".join(name for name in names if name and name != own)


def footer(records: Records) -> str:
    """Return the line at the foot of the page: data fingerprint and engine version."""
    data, engine = records.manifest.get("fingerprint", "unknown"), records.manifest.get("engine_version", "unknown")
    return f"Written by mtl-study from the records alone. Data fingerprint {data}, engine version {engine}."


def _cost(study: LoadedStudy) -> list[Fact]:
    each = study.state.baselines.get(study.state.chosen or "", {}).get("each")
    size = costs(study.records.replicas).set_index("arm")
    if each not in size.index or study.state.chosen not in size.index or each == study.state.chosen:
        return []
    ratio = size.loc[study.state.chosen] / size.loc[each]
    note = f"parameters, and {ratio['multiply_adds']:.2f} × the multiply-adds"
    return [Fact("Cost against single-task networks of this width", f"{ratio['parameters']:.2f} ×", note)]
