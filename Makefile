# `make demo` and `make test` are the two commands: each makes the environment it needs, does its work, and says where
# the result is. No root, no system packages; Python 3.11 or newer and a package index are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := forge_resources forge_assets forge_jobs sensors
CHECKED := $(PACKAGES) tests bench

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types unit env env-dev clean

help: ## What there is to make.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: env ## Makes the six spots of the example brief.
	$(BIN)/forge run examples/briefs/aurora-launch.yaml --out out
	@echo "The spots, captions, timelines and contact sheets are in $(CURDIR)/out/aurora-launch"

test: lint types unit ## Runs lint, types and tests.
	@echo "Everything passed; results are above. The environment is $(CURDIR)/$(VENV)"

lint: env-dev ## Style, banned imports, and the order of the packages.
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/lint-imports --no-logo

format: env-dev ## Puts the code into its house style.
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

types: env-dev ## Checks the types.
	$(BIN)/mypy

unit: env-dev ## Runs the tests.
	$(BIN)/pytest -n 2 --dist worksteal

env: $(VENV)/.installed

env-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Forge needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

clean: ## Removes what was made: environment, spots, the instance.
	rm -rf $(VENV) out .forge
