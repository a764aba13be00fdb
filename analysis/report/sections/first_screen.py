"""The numbers of the first screen: what it costs, and on how many seeds, arms and replicas it rests."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.records.schema import Records
from analysis.records.study_state import State
from analysis.selection import costs


@dataclass(frozen=True)
class Fact:
    """A number of the first screen."""

    label: str
    value: str
    note: str = ""


def facts(records: Records, state: State) -> list[Fact]:
    """Cost against single-task networks, and the numbers of seeds, arms and replicas."""
    found = _cost(records, state)
    replicas = records.replicas.drop_duplicates("replica")
    n = state.seeds["verdict"]
    if "verdict" in state.done:
        found.append(Fact("Verdict", f"{n} paired seed{'' if n == 1 else 's'}", "fresh: they chose nothing"))
    confirmed = replicas[replicas["phase"] == "confirm"]
    if len(confirmed):
        found.append(
            Fact("Confirmed", _arms(confirmed["arm"].nunique()), f"on {state.seeds['confirm']} seeds of their own")
        )
    search = replicas[replicas["phase"] == "search"]
    found.append(
        Fact("Search", f"{len(search):,} replicas".replace(",", "\u202f"), f"of {_arms(search['arm'].nunique())}")
    )
    return found


def subtitle(records: Records) -> str:
    """The data and the day."""
    names = [
        str(records.manifest.get("name") or ""),
        f"{len(records.tasks)} tasks",
        str(records.manifest.get("started", ""))[:10],
    ]
    own = str(records.spec.get("name") or records.manifest.get("name") or "")
    return " · ".join(name for name in names if name and name != own)


def footer(records: Records) -> str:
    """What the page rests on."""
    data, engine = records.manifest.get("fingerprint", "unknown"), records.manifest.get("engine_version", "unknown")
    return f"Written by mtl-study from the records alone. Data fingerprint {data}, engine version {engine}."


def _cost(records: Records, state: State) -> list[Fact]:
    each = state.baselines.get(state.chosen or "", {}).get("each")
    size = costs(records.replicas).set_index("arm")
    if each not in size.index or state.chosen not in size.index:
        return []
    ratio = size.loc[state.chosen] / size.loc[each]
    note = f"parameters, and {ratio['multiply_adds']:.2f} × the multiply-adds"
    return [Fact("Cost against single-task networks of this width", f"{ratio['parameters']:.2f} ×", note)]


def _arms(n: int) -> str:
    return f"{n} arm{'' if n == 1 else 's'}"
