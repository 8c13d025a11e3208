# `make demo` and `make test` are the two commands: each makes the environment it needs, does its work, and says where
# the result is. No root, no system packages; Python 3.11 or newer and a package index are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUPPLY := .venv-supply
# Compiling all that is installed takes a minute; what the commands load is compiled at the end, by loading it once.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile --constraint constraints.txt
COMPILE := $(BIN)/python -c 'import forge_jobs.command.run, forge_jobs.board.app'
PACKAGES := forge_resources forge_assets forge_jobs sensors
CHECKED := $(PACKAGES) tests bench

# Where it is set, every process of every test would compile anew all that it imports: seconds each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types unit licences audit sbom env env-dev clean

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
	$(BIN)/pytest -n 3 --dist worksteal

licences: env-dev ## Lists the licences of all packages, and checks them.
	$(BIN)/pip-licenses --from=mixed --order=license
	$(BIN)/pytest tests/test_licences.py

audit: $(SUPPLY)/.installed ## Looks up known vulnerabilities of the pinned packages. Needs the network.
	$(SUPPLY)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

sbom: env-dev $(SUPPLY)/.installed ## Writes a bill of materials, CycloneDX, to build/sbom.cdx.json.
	mkdir -p build
	$(SUPPLY)/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-format JSON --output-file build/sbom.cdx.json
	@echo "The bill of materials is $(CURDIR)/build/sbom.cdx.json"

$(SUPPLY)/.installed: | $(VENV)/bin/python
	$(BIN)/python -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip --disable-pip-version-check install --quiet pip-audit==2.10.1 cyclonedx-bom==7.5.0
	@touch $@

env: $(VENV)/.installed

env-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Forge needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable '.[dev]'
	@$(COMPILE)
	@touch $@ $(VENV)/.installed

clean: ## Removes what was made: environment, spots, the instance.
	rm -rf $(VENV) $(SUPPLY) build out .forge
