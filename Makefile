# make sweep   sets up and runs the demo sweep      make test    sets up and passes the tests
# make check   ruff, mypy, import-linter, scripts, audit     make audit   known vulnerabilities of what is installed
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WORKERS ?= 2

.PHONY: sweep test check lint types audit setup clean
sweep: .venv/installed
	$(BIN)/python run_sweep.py sweeps/demo.yaml

test: .venv/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The audit waits for its service while mypy computes.
check: .venv/installed-dev
	@$(MAKE) --no-print-directory -j2 --output-sync types audit lint

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.scripts

types: .venv/installed-dev
	$(BIN)/mypy

# Fails for a known vulnerability; a service that cannot be asked is said, and fails nothing.
audit: .venv/installed-dev
	$(BIN)/python -m tests.audit

setup: .venv/installed-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, but $(PYTHON) is " + sys.version.split()[0] + "; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch .venv/installed $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
