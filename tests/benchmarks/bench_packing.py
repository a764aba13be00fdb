"""How a device is packed by the probe, and how far the rule for shards that share it holds: measured by real processes.

For every shape: rows of an array by doubling, bytes of a row and the fixed part, and what one, two and four processes
with arrays of as many rows as their share holds train per second, forecast by the rule and measured.

    make gpu              or: python -m tests.benchmarks.bench_packing [--widths 32 128] [--tasks 2 5] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch

from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.device import chosen_device, device_facts
from mtl_core.training.device_meter import CardMeter, DeviceMeter
from study.planning.array_cost import ArrayCost
from study.planning.cards.choice import NUMBERS, Load, arrays_on_a_card, seconds_a_replica, share_bytes
from study.planning.cards.doubling import doubled
from study.planning.cards.measuring import PROBE_SECONDS
from study.planning.cards.samples import Measured
from study.planning.cards.trial import sampled
from study.planning.trials import Network
from tests.benchmarks.bench_fused import BATCH, DEPTH, STAGES, STEPS, data

MOST_ROWS = 1024
START_SECONDS = 300.0
"""Seconds for which processes wait for one another before they train."""
HYPERPARAMETERS = {"learning_rate": 1e-3, "weight_decay": 1e-2, "dropout": 0.1}


def network_of(width: int, tasks: int) -> Network:
    """The network of the other benchmarks at one width and number of tasks."""
    view, recipe = data(tasks), Recipe(depth=DEPTH, stages=STAGES, width=width, batch_size=BATCH, epochs=1000)
    kind, unknown = ("hard", "equal", "mlp", STAGES), ArrayCost(0.0, 0.0, 0.0, 0.0)
    adds = cost_of(recipe, view).multiply_adds
    return Network(kind, recipe, view, STEPS, adds, unknown, 1.0, HYPERPARAMETERS)


def probed(network: Network, device: torch.device, meter: DeviceMeter, most: int) -> tuple[Measured, float]:
    """What the probe finds out about a network, and the seconds that it takes."""
    began = meter.seconds()
    found = doubled(
        lambda rows: sampled(network, rows, device, meter),
        free_bytes=meter.free_bytes(),
        most_rows=most,
        clock=meter.seconds,
        until=began + PROBE_SECONDS,
    )
    if found is None:
        raise SystemExit("Not one row fits into the memory.")
    return found, meter.seconds() - began


def rate_of_processes(width: int, tasks: int, rows: int, processes: int, device: torch.device, seconds: float) -> float:
    """Replica-epochs per second of so many processes that train at once, an array of ``rows`` each."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(processes, mp_context=context) as pool:
        begin = manager.Barrier(processes)
        arguments = (width, tasks, rows, str(device), seconds, begin)
        running = [pool.submit(_rate_of_one, *arguments) for _ in range(processes)]
        return sum(one.result() for one in running)


def _rate_of_one(width: int, tasks: int, rows: int, device: str, seconds: float, begin: Any) -> float:
    from study.planning.cards.trial import array_of

    torch.set_num_threads(1)
    keep_freed_memory()
    network, place = network_of(width, tasks), torch.device(device)
    array = array_of(network.recipe, network.view, dict(network.hyperparameters), rows, place)
    wait = torch.cuda.synchronize if place.type == "cuda" else lambda: None
    array.advance()
    wait()
    begin.wait(START_SECONDS)
    began, epochs = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        array.advance()
        wait()
        epochs += 1
    return rows * epochs / (time.perf_counter() - began)


def packed(
    width: int,
    tasks: int,
    device: torch.device,
    meter: DeviceMeter,
    *,
    most: int = MOST_ROWS,
    seconds: float = 3.0,
    numbers: Sequence[int] = NUMBERS,
) -> dict[str, Any]:
    """What the probe says of one shape, and what processes then train, by the rule and measured."""
    network = network_of(width, tasks)
    free = meter.free_bytes()
    found, took = probed(network, device, meter, most)
    meter.forget_peak()
    load = Load(found, 1.0, most)
    each = []
    for processes in numbers:
        rows = found.rows(share_bytes(free, processes), most)
        rate = rate_of_processes(width, tasks, rows.number, processes, device, seconds)
        forecast = 1 / seconds_a_replica(load, free, processes)
        facts = {"processes": processes, "rows": rows.number, "limit": rows.limit}
        each.append(facts | {"forecast_rate": forecast, "measured_rate": rate})
    return {
        "width": width,
        "tasks": tasks,
        "probe_seconds": took,
        "row_bytes": found.row_bytes,
        "fixed_bytes": found.fixed_bytes,
        "declared_row_bytes": cost_of(network.recipe, network.view).replica_bytes,
        "samples": found.facts()["samples"],
        "by_rule": arrays_on_a_card([load], free, numbers[-1]),
        "by_measurement": max(each, key=lambda one: one["measured_rate"])["processes"],
        "processes": each,
    }


def lines_of(facts: dict[str, Any]) -> list[str]:
    """The facts of one shape as lines of a table, one for every number of processes."""
    head = (
        f"width {facts['width']}, {facts['tasks']} tasks: {facts['row_bytes'] / 2**20:.2f} MiB a row (declared"
        f" {facts['declared_row_bytes'] / 2**20:.2f}), {facts['fixed_bytes'] / 2**20:.0f} MiB fixed; probe"
        f" {facts['probe_seconds']:.1f} s; {facts['by_rule']} by the rule, {facts['by_measurement']} by measurement"
    )
    return [head] + [
        f"  {one['processes']} × {one['rows']:>5} rows ({one['limit']:8}) {one['forecast_rate']:>12,.0f} by the rule"
        f" {one['measured_rate']:>12,.0f} measured, replica-epochs/s"
        for one in facts["processes"]
    ]


def table(device: torch.device, widths: list[int], tasks: list[int], seconds: float = 3.0) -> list[dict[str, Any]]:
    """Print the table of a GPU, and return its facts."""
    found = []
    for width in widths:
        for number in tasks:
            facts = packed(width, number, device, CardMeter(device), seconds=seconds)
            print(*lines_of(facts), sep="\n", flush=True)
            found.append(facts)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5])
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--out", type=Path, help="file to which the facts are added, under “packing”")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    device = chosen_device("cuda")
    results = table(device, arguments.widths, arguments.tasks, arguments.seconds)
    if arguments.out:
        before = json.loads(arguments.out.read_text()) if arguments.out.is_file() else {"device": device_facts(device)}
        arguments.out.write_text(json.dumps(before | {"packing": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
