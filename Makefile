# Every target works on a fresh clone: what it needs is installed first, from the hashed lock files.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# Some tests take minutes: whichever process is done first takes on what waits at the others.
PYTEST  = $(BIN)/python -m pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install playground test matrix test-all torture contract-aws lint types imports check format migration lock clean

help:            ## say what the targets do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## make the virtual environment from the hashed lock file

$(VENV)/.installed: requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

playground: install  ## try the bot: a local Slack workspace and AWS accounts (ARGS=--script plays a story and ends)
	$(BIN)/python -m playground $(ARGS)

test: install    ## run all tests (ARGS="-k word" for some)
	$(PYTEST) $(ARGS)

# Last what may be cut short (TRY_UNTIL). Dying replicas have the machine for themselves.
matrix: install  ## run whole what `make test` has a part of: crashes at every point, fuzzing, dying replicas
	TORTURE=1 $(PYTEST) tests/process/test_kill.py tests/unit/test_shares_come_and_go.py \
	  tests/front_door/test_fuzz.py tests/front_door/test_every_effect.py $(ARGS)
	TORTURE=1 $(PYTEST) -n 0 tests/process/test_replicas.py $(ARGS)

test-all: install  ## run all of all tests
	TORTURE=1 $(PYTEST) $(ARGS)

torture: install ## run the long tests whole, interrupted in every way; print how many times that was
	TORTURE=every $(PYTEST) -q \
	  tests/front_door/test_every_effect.py tests/front_door/test_fuzz.py tests/process $(ARGS)

contract-aws: install  ## ask the real AWS the strict AWS's questions (PROFILES=owner,target: two sandbox accounts)
	AWS_CONTRACT_PROFILES=$(PROFILES) $(BIN)/python -m pytest tests/strict_aws -n 0 -k real -rs --timeout 3600 $(ARGS)

lint: install    ## style, with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install   ## types, with mypy, strict
	$(BIN)/mypy

imports: install ## the floors import downwards only, with import-linter
	$(BIN)/lint-imports

check: lint types imports test matrix  ## what CI runs

format: install  ## let ruff lay out the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

migration: install  ## write a migration for what changed in sharing/tables.py (ARGS="what changed")
	$(BIN)/python -m sharing.migrations $(ARGS)

lock:            ## pin every dependency anew, with hashes and without an index address (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --extra postgres -o requirements.lock pyproject.toml
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --group dev -o requirements-dev.lock pyproject.toml

clean:           ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
