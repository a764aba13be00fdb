"""The packing of a GPU: what the probe forecasts of memory is so, and what it says fits does fit.

The benchmark of the packing is tried on a processor too, with a meter that is none: it must not fail first on a card.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
import torch

from mtl_core.training.device import CPU
from mtl_core.training.device_meter import CardMeter
from study.planning.cards.choice import share_bytes
from study.planning.cards.measuring import PROBE_SECONDS, Wanted, card_here, measured_here
from study.planning.cards.shape import shape_of
from study.planning.cards.trial import sampled
from tests.benchmarks import bench_packing
from tests.benchmarks.bench_packing import lines_of, network_of, packed, probed

CUDA = torch.device("cuda", 0)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


class HostMeter:
    """A meter of a processor, which counts no memory: so many bytes for every time that it is asked."""

    def __init__(self) -> None:
        self.peaks = 0

    def free_bytes(self) -> float:
        return 1e9

    def forget_peak(self) -> None:
        pass

    def peak_bytes(self) -> float:
        self.peaks += 1
        return 1e6 * 2**self.peaks

    def seconds(self) -> float:
        return time.perf_counter()


def test_the_benchmark_runs_whole_on_a_processor() -> None:
    facts = packed(8, 2, CPU, HostMeter(), most=8, seconds=0.05, numbers=(1, 2))
    assert [one["processes"] for one in facts["processes"]] == [1, 2]
    assert all(one["measured_rate"] > 0 and one["forecast_rate"] > 0 for one in facts["processes"])
    assert len(lines_of(facts)) == 3
    assert json.loads(json.dumps(facts)) == facts


def test_the_file_keeps_what_the_other_benchmark_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gpu.json"
    file.write_text(json.dumps({"device": {"card": "H100"}, "results": [1]}))
    monkeypatch.setattr(bench_packing, "chosen_device", lambda name: CPU)
    monkeypatch.setattr(bench_packing, "table", lambda *rest: [{"width": 8}])
    monkeypatch.setattr(sys, "argv", ["bench", "--out", str(file)])
    bench_packing.main()
    assert json.loads(file.read_text()) == {"device": {"card": "H100"}, "results": [1], "packing": [{"width": 8}]}


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize("width", [16, 128])
def test_memory_is_what_two_sizes_forecast(width: int) -> None:
    network, meter = network_of(width, 5), CardMeter(CUDA)
    found, seconds = probed(network, CUDA, meter, 256)
    assert seconds < PROBE_SECONDS + 5
    between = sampled(network, 200, CUDA, meter)
    assert between.bytes == pytest.approx(found.fixed_bytes + 200 * found.row_bytes, rel=0.15)


@pytest.mark.gpu
@needs_gpu
def test_the_rows_that_a_card_is_said_to_hold_fit() -> None:
    network = network_of(256, 5)
    card, shape = card_here(), shape_of(network.recipe, network.view)
    findings = measured_here([Wanted(shape, network, 1024)])
    assert findings.failures == {}
    rows = findings.measured[shape.digest].rows(share_bytes(card.free_bytes, 1), 1024)
    taken = sampled(network, rows.number, CUDA, CardMeter(CUDA))
    assert taken.bytes <= card.free_bytes
