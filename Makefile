# Every target works from a bare checkout with Python 3.11 or 3.12, make and a package registry.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BASE := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
OUT ?= out/demo

# The first interpreter that starts and is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for each in python3.11 python3 python3.12; do \
	"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo "$$each" && break; done)

# The train extra pins torch. On Linux the plain wheel of that version brings gigabytes of CUDA packages, so the CPU
# wheel of the same version is put there first; where this index can't be reached, the configured ones decide.
TORCH := $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s)),https://download.pytorch.org/whl/cpu)

.PHONY: help demo test bench soak train format docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 was not found; install one, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) -m venv failed; on Debian and Ubuntu install python3-venv" >&2; exit 1; }

$(BASE): pyproject.toml | $(BIN)/python
	@echo "installing domaingen into $(VENV), without torch (about 450 MB on disk; only the first time)"
	@$(PIP) install --quiet --no-compile --editable .
	@# Compiled here, by all cores: where bytecode is not written later, every start would take two seconds longer.
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib domaingen producer worker > /dev/null || true
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	@echo "installing domaingen with the tools for tests and training into $(VENV) (about 1.5 GB on disk; only the first time)"
	@$(PIP) install --quiet --no-deps --retries 1 $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)"
	@$(PIP) install --quiet --editable ".[dev]"
	@touch $@ $(BASE)

demo: $(BASE) ## install without torch, name data/examples/businesses.csv, write to out/demo
	@$(BIN)/domaingen run data/examples/businesses.csv --out $(OUT)

test: $(DEV) ## lint, types, rooms and all tests but the soaks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tools
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m "not soak"

bench: $(DEV) ## measure the pipeline and the engines on this machine
	$(BIN)/python -m tests.benchmarks

soak: $(DEV) ## long fault and load runs (an hour or so)
	$(BIN)/python -m pytest -m soak --timeout 7200

train: $(DEV) ## make a training set and train a model under build/, at most 45 minutes
	$(BIN)/domaingen synthesize --out build/data
	$(BIN)/domaingen train --data build/data --out build/model --minutes 45

format: $(DEV) ## let ruff format and sort
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## write docs/cli.md, docs/settings.md and the generated tables anew
	$(BIN)/python -m tools.generate_docs

clean: ## remove outputs and caches; .venv stays
	rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
