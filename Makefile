# `make train` teaches a model on this machine, `make test` proves the whole; both set up what they need first.
SHELL := /bin/bash
VENV := .venv
RUN := $(VENV)/bin/analyst-buddy
PYTEST := $(VENV)/bin/python -m pytest -q
PRESET ?= quickstart
WORKERS ?= 2
ALONE := ray or vllm or browser or gpu

.PHONY: train app test setup lint smoke clean
train: setup  ## set up, then train PRESET (default quickstart) into runs/PRESET; the same command goes on after a Ctrl-C
	@$(RUN) train --preset $(PRESET)

app: setup  ## set up, then start serving and the app together and print the address; Ctrl-C stops both
	@$(RUN) app

test: setup lint  ## set up, then everything CI runs: tests that share the cores first, then those that want them alone; both parts always run
	@status=0; \
	OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS) --dist loadfile -m "not ($(ALONE))" || status=1; \
	$(PYTEST) -m "$(ALONE)" || status=1; \
	exit $$status

lint: setup  ## ruff, mypy, import directions
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

smoke: setup  ## the smallest real run: Ray, vLLM and DeepSpeed in about 3 minutes
	@$(RUN) train --preset smoke

setup:  ## .venv from the lock file and the base model; does nothing when both are there
	@bash cluster/setup.sh $(VENV)

clean:  ## remove the virtual environment (runs/ and the cache stay)
	rm -rf $(VENV)
