"""Which networks diverged at every learning rate that was tried?  Asked where an arm is left out for that.

A network is an arm; of a single-task arm, each task's own.  It is lost in a phase where some of its replicas diverged
and none finished.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator, NullFormatter

from analysis.formatting import agree
from analysis.plots import style
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK

NUMBER, NAME = 0, "Divergence"

NETWORK = ["phase", "arm", "sharing", "task"]


def score(records: Records) -> pd.DataFrame:
    """Return one row per replica of every lost network; empty where none is lost, or the search is not over.

    Returns:
        :data:`NETWORK`, ``draw, seed, learning_rate, diverged, epochs, train_loss`` (largest loss of any of its tasks
        by epoch) and ``networks``, the number of networks that the phase trained.
    """
    if records.frozen("draws") is None and not records.events("ended"):
        return pd.DataFrame()
    if "diverged" not in set(records.replicas["status"]):
        return pd.DataFrame()  # without looking at the curves of thousands of replicas
    replicas = [_replica(group) for _, group in records.replicas.groupby("replica", sort=False)]
    frame = pd.DataFrame(replicas)
    if frame.empty:
        return frame
    frame["networks"] = frame.groupby("phase")["network"].transform("nunique")
    lost = frame.groupby("network")["status"].transform(_is_lost)
    kept = frame[lost.astype(bool)]
    return kept.assign(diverged=kept["status"] == "diverged").drop(columns=["status", "network"])


def _replica(rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    task = str(first["task"]) if first["sharing"] == SINGLE_TASK else ""
    curves = [np.asarray(curve, dtype=float) for curve in rows["train_loss"]]
    length = min(map(len, curves))
    rate = json.loads(first["hyperparameters"] or "{}").get("learning_rate", np.nan)
    return {
        **{name: first[name] for name in ("phase", "arm", "sharing", "draw", "seed", "status", "epochs")},
        "task": task,
        "network": (first["phase"], first["arm"], task),
        "learning_rate": float(rate),
        "train_loss": tuple(np.max([curve[:length] for curve in curves], axis=0)),
    }


def _is_lost(statuses: pd.Series) -> bool:
    found = set(statuses)
    return "diverged" in found and not found & {"finished", "running"}


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per lost network: how much was tried, when it diverged, and at which learning rates.

    ``first_epoch`` and ``last_epoch`` are those, from 1, in which its first and last replica diverged; ``rates`` and
    ``diverged_in`` hold the learning rate and the epoch of each replica that diverged, ``train_loss`` the median of
    their finite training losses by epoch.
    """
    rows = []
    for facts, group in groups(scores, [*NETWORK, "networks"]):
        diverged = group[group["diverged"]]
        rows.append(
            facts
            | {
                "draws": int(group["draw"].nunique()),
                "replicas": len(group),
                "diverged": len(diverged),
                "first_epoch": int(diverged["epochs"].min()),
                "last_epoch": int(diverged["epochs"].max()),
                "learning_rate_low": float(group["learning_rate"].min()),
                "learning_rate_high": float(group["learning_rate"].max()),
                "rates": tuple(diverged["learning_rate"]),
                "diverged_in": tuple(int(epoch) for epoch in diverged["epochs"]),
                "train_loss": _median_curve(list(diverged["train_loss"])),
            }
        )
    return pd.DataFrame(rows).sort_values(["arm", "task"], kind="stable").reset_index(drop=True)


def _median_curve(curves: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the median of the finite values by epoch, up to the last epoch in which all are finite."""
    length = max(map(len, curves), default=0)
    by_epoch = [[curve[epoch] for curve in curves if epoch < len(curve)] for epoch in range(length)]
    finite = [[value for value in values if np.isfinite(value)] for values in by_epoch]
    ends = next((epoch for epoch, values in enumerate(finite) if not values), length)
    return tuple(float(np.median(values)) for values in finite[:ends])


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: how many networks diverged, and at which learning rates."""
    first = rows[rows["phase"] == rows["phase"].iloc[0]]
    lost, networks = len(first), int(first["networks"].iloc[0])
    return (
        f"{lost} of {networks} {agree(networks, 'network', 'networks')} of the {first['phase'].iloc[0]} phase diverged "
        f"at every learning rate tried ({rates_tried(first)})"
    )


def rates_tried(rows: pd.DataFrame) -> str:
    """Return the lowest and the highest learning rate of the networks in ``rows`` of the table: ``0.001 to 0.03``."""
    low, high = rows["learning_rate_low"].min(), rows["learning_rate_high"].max()
    if not np.isfinite(low):
        return "not recorded"
    return f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units and n."""
    return (
        "Left: learning rate and epoch of every replica that diverged, of the networks of which none trained to its "
        f"end (n = {int(rows['diverged'].sum())} replicas of {len(rows)} networks; the table has draws, epochs and "
        "learning rates of each). Right: training loss until then, the median of a network's replicas, as far as it "
        "is a finite number. No intervals: nothing is estimated."
    )


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per lost network: how many of its replicas diverged, when, and at which learning rates."""
    return [
        f"{row['arm']} {row['task']}".strip()
        + f": {row['diverged']} of {row['replicas']} replicas diverged, in epochs {row['first_epoch']} to "
        f"{row['last_epoch']}, at learning rates {rates_tried(rows.loc[[place]])}"
        for place, row in rows.iterrows()
    ]


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw epochs of divergence by learning rate, and the training losses before it."""
    drawn = style.canvas(style.DOUBLE_COLUMN, 62)
    left, right = drawn.subplots(1, 2)
    shown = [("single", rows["sharing"] == SINGLE_TASK), ("full", rows["sharing"] != SINGLE_TASK)]
    for role, chosen in shown:
        _mark(left, right, rows[chosen], role)
    left.set(xlabel="learning rate", ylabel="epoch of divergence", xscale="log")
    left.set_ylim(0, 1.1 * rows["last_epoch"].max())
    left.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handletextpad=0.2, columnspacing=1, borderpad=0)
    right.set(xlabel="epoch", ylabel="training loss", yscale="log")
    for axis in (left.xaxis, right.yaxis):
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())
    right.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if not right.lines:
        right.text(0.5, 0.5, "no finite loss", transform=right.transAxes, ha="center", va="center", color=style.GREY)
        right.set(xticks=[], yscale="linear", yticks=[])
    style.headline(drawn, title(rows))
    return drawn


def _mark(left: Axes, right: Axes, rows: pd.DataFrame, role: str) -> None:
    if rows.empty:
        return
    colour, marker, _ = style.ROLES[role]
    label = "single-task" if role == "single" else "trained together"
    rates, epochs = (np.concatenate([np.asarray(values) for values in rows[name]]) for name in ("rates", "diverged_in"))
    left.plot(rates, epochs, marker, color=colour, label=label, markersize=3.5, alpha=0.6)
    for row in each(rows):
        loss = np.asarray(row.train_loss, dtype=float)
        if len(loss) and (loss > 0).all():
            right.plot(1 + np.arange(len(loss)), loss, color=colour, marker=marker, markersize=2.5, linewidth=0.8)
