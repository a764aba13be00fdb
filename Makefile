PYTHON ?= .venv/bin/python

.PHONY: check quick test slow hostile faults bench bench-study bench-scale docs gpu

check:  ## what a commit must pass
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m pyright

quick:  ## between two edits, a minute or so: a few cases of every test but those that run whole studies
	$(PYTHON) -m pytest --quick

test:  ## the suite that CI runs
	$(PYTHON) -m pytest

slow:  ## whole studies: minutes each
	$(PYTHON) -m pytest -m slow -n 0 --timeout 5400

hostile:  ## after a change to what reads tables: what becomes of every hostile file, a quarter of an hour; ends in an error where one outcome is not the expected one
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.hostile

faults:  ## a study under every kind of fault, driver kills by the hundred: a table and faults.json; two hours on two cores; ends in an error where the promise is broken
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.faults

bench:  ## replicas per second, fused over a plain PyTorch loop, then for every architecture and weighting method; one process, one thread
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.benchmarks.bench_fused
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.benchmarks.bench_sharing
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.benchmarks.bench_weighting --tasks 2 10

bench-study:  ## processor seconds per replica of a whole study, over plain scripts that train the same networks; a quarter of an hour
	$(PYTHON) -m tests.benchmarks.bench_study

bench-scale:  ## time, memory and files of studies of 500, 2,000 and 20,000 replicas that train nothing; five processor minutes
	$(PYTHON) -m tests.benchmarks.bench_scale

gpu:  ## on a machine with a GPU: its tests, then tables of replicas per second, of how the card is packed and of what lower precision costs in skill, and gpu*.json; needs torch, numpy, safetensors, jaxtyping, pyarrow and pytest
	$(PYTHON) -m pytest -o addopts= -q -m gpu tests/gpu
	$(PYTHON) -m tests.benchmarks.bench_device --out gpu.json
	$(PYTHON) -m tests.benchmarks.bench_packing --out gpu.json
	$(PYTHON) -m tests.benchmarks.bench_precision --out gpu_precision.json

docs:  ## the documentation's site, into dist/docs; a warning is an error; open dist/docs/index.html, no server is needed
	$(PYTHON) -m sphinx --fail-on-warning --keep-going --nitpicky --quiet docs dist/docs
