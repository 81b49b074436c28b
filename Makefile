# Everything happens in .venv, from nothing but Python, make and an index of packages. The files .venv/.*-done say what
# has been installed, so a second run does no work; a change of pyproject.toml or constraints.txt installs again.

PYTHON ?= python3
ARGS ?=
# One more than processors: many tests wait for a while.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

# In memory where there is room, as they take 3 GB: the program syncs what it stores, and no test cuts the power.
SCRATCH := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8000000 { print "TMPDIR=/dev/shm" }')

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PINNED := pyproject.toml constraints.txt

# The tests start hundreds of processes, each of which would compile the program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := all
.PHONY: all help demo test test-engines test-postgres lint fix wheel constraints clean

all: lint test ## lint, types and tests (what a bare `make` does)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.program-done ## archive the bundled sample blog, then say what to try next
	$(BIN)/archiver demo

test: $(VENV)/.tools-done ## the tests; ARGS="tests/warc -k chunked" for some of them
	$(SCRATCH) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

test-engines: $(VENV)/.tools-done ## archive blogs that real engines make; they are installed from PyPI, npm and Debian
	$(BIN)/python -m pytest tests/engines $(ARGS)

test-postgres: $(VENV)/.tools-done ## those that want PostgreSQL, on a server of their own; it need not run, nor be set up
	$(SCRATCH) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -m postgresql $(ARGS)

lint: $(VENV)/.tools-done ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(VENV)/.tools-done ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/.tools-done ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

constraints: ## pin the newest versions that fit pyproject.toml
	rm -rf build/pins && mkdir -p build
	$(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet 'pip>=25.1'
	build/pins/bin/python -m pip install --quiet --editable . --group test --group lint
	build/pins/bin/python -m pip freeze --exclude pip --exclude-editable > constraints.txt
	rm -rf build/pins

clean: ## remove what was built; the archive in data/ stays
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# pip 25.1 is the first that installs dependency groups, and what comes with Python 3.11 is older. The groups are worth
# one more download: test tools as extras would travel in the wheel's metadata as something users could ask for.
$(VENV)/.pip-done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "expected Python 3.11 or newer, found $$($(PYTHON) --version 2>&1) as $(PYTHON);" \
	    "name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "expected $(PYTHON) to make a virtual environment, found no working venv module;" \
	    "on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PIP) install 'pip>=25.1'
	@touch $@

$(VENV)/.program-done: $(VENV)/.pip-done $(PINNED)
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tools-done: $(VENV)/.pip-done $(PINNED)
	$(PIP) install --constraint constraints.txt --editable . --group test --group lint
	@touch $@ $(VENV)/.program-done
