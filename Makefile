# `make gate` and `make test` need Python 3.10+ and make, and set up everything else in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: gate test lint gpu-check update clean
gate: $(READY)  ## the main job: the guarded reference suite under --memguard
	$(BIN)/python -m pytest --memguard tests/guarded

test: $(READY)  ## the whole test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/guarded
	$(BIN)/python -m pytest --memguard tests/guarded

lint: $(READY)  ## style, arrows between the rooms, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

gpu-check: $(READY)  ## what of the GPU part a machine without a GPU can tell: NVRTC, CuPy without a driver
	$(BIN)/python -m pip install --quiet --editable '.[gpu-check]'
	$(BIN)/python -m pytest -m "not gpu" tests/kernels tests/plugin/test_kernel_budget.py \
		tests/probes/device/test_cupy_without_driver.py tests/probes/device/test_fakes.py
	$(BIN)/python -m pytest --memguard --memguard-strict tests/guarded/test_kernel_resources.py

update: $(READY)  ## measure the guarded suite again and write baselines/
	$(BIN)/python -m pytest --memguard --memguard-update tests/guarded

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache dist
