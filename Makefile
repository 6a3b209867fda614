# `make chat` and `make test` are all that is needed; each sets up what it lacks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: chat test check evals bench fuzz chaos clean help

help:            ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

chat: $(STAMP)   ## open the chat on http://localhost:8000 (builds the default warehouse on the first start)
	$(BIN)/assistant chat

test: check      ## all checks and all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(STAMP)  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

evals: $(STAMP)  ## questions with known answers, scored
	$(BIN)/assistant warehouse build completejourney --if-absent
	$(BIN)/assistant warehouse build demo --if-absent
	$(BIN)/python -m evals run --suite completejourney
	$(BIN)/python -m evals run --suite completejourney_voices
	$(BIN)/python -m evals run --suite demo
	$(BIN)/assistant warehouse refresh demo
	$(BIN)/python -m evals run --suite demo_predictions
	$(BIN)/python -m evals run --suite demo_feedback

bench: $(STAMP)  ## compiled against hand-written SQL, planning and answer times
	$(BIN)/python -m benchmarks

fuzz: $(STAMP)   ## 20,000 random statements against the guard and its two oracles
	$(BIN)/python scripts/fuzz_guard.py --statements 20000

chaos: $(STAMP)  ## the long runs that `make test` leaves out: hundreds of faulty turns, many seeds
	$(BIN)/python -m pytest -m long -s

# torch comes first and by its exact version: an unpinned torch pulls gigabytes that a CPU never uses.
$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $(STAMP)

clean:           ## remove the virtual environment and caches (built warehouses stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
