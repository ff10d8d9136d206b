# make setup      the virtual environment with everything, for work on Usher
# make demo       both steps, end to end, on this machine (no root needed)
# make test       the whole test suite, with its coverage gates
# make extension  the browser extension, built and packed into src/usher/console/packages
# make screens    what people look at most, as text and pictures in artifacts/screens
# make check      style, types, import arrows, and the tests again under `python -O`

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
# One more than processors: the tests wait for processes a third of their time.
WORKERS ?= $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 1)))
PYTEST_ARGUMENTS ?=

# The first of these that is Python 3.11 or newer. 3.11 first: constraints.txt was made with it.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

# Where a mistake means that somebody enters what they should not: every branch is tested.
GUARDED := \
	src/usher/core/**/* \
	src/usher/policy/**/* \
	src/usher/session/**/* \
	src/usher/server/decide.py \
	src/usher/server/idp/**/* \
	src/usher/server/awsapi/sigv4.py \
	src/usher/server/awsapi/oidc.py \
	src/usher/server/awsapi/portal.py
# What people run on their own machines, Windows and macOS among them: no name may be missing there.
CLIENT := core session profiles console shell fastpath cli
OVERALL_COVERAGE := 95
GUARDED_COVERAGE := 100

comma := ,
empty :=
space := $(empty) $(empty)

.PHONY: help setup demo extension test screens check style optimised clients coverage clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup: $(VENV)/.ready

demo: setup
	@$(BIN)/usher demo

# --- the virtual environment ---------------------------------------------------------------------

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Usher needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt-get install -y python3 python3-venv" >&2; \
		exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "This Python cannot make virtual environments. Run: sudo apt-get install -y python3-venv" >&2; \
		exit 1; fi
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up $(VENV) (about half a minute, once)"
	@$(BIN)/python -m pip --disable-pip-version-check -qq install \
		--constraint constraints.txt --editable '.[directory,sandbox,test]'
	@touch $@

# --- the browser extension -----------------------------------------------------------------------

# The packages are committed, so that installing Usher from its source needs no Node: tests/console compares them.
extension:
	@tests/clients/install/node_packages.sh
	@cd extension && npm run -s package
	@ls -l src/usher/console/packages

# --- tests ---------------------------------------------------------------------------------------

# Real clients: what cannot be installed here is reported by the tests that need it, not by this step.
clients: setup
	@tests/clients/install/system_packages.sh
	@tests/clients/install/node_packages.sh
	@$(BIN)/python tests/clients/install/aws_cli.py || true

# What is marked `scale` does at full size what smaller tests cover: without coverage, which would double it, and
# file by file, so that its full-size organizations are made once.
test: setup clients
	@rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal -m 'not scale' $(PYTEST_ARGUMENTS)
	@$(MAKE) --no-print-directory coverage
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m scale $(PYTEST_ARGUMENTS)

screens: setup clients
	$(BIN)/python -m pytest -q tests/cli/session/test_screens.py tests/browsers -k "not hostile_link_is and not no_page"

coverage:
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=$(OVERALL_COVERAGE)
	$(BIN)/coverage report --fail-under=$(GUARDED_COVERAGE) --include='$(subst $(space),$(comma),$(strip $(GUARDED)))'

# --- checks --------------------------------------------------------------------------------------

check: style optimised

style: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@for system in win32 darwin; do echo "mypy: the client on $$system"; \
		$(BIN)/mypy --platform $$system --no-warn-unreachable $(addprefix -p usher.,$(CLIENT)) || exit 1; done
	$(BIN)/lint-imports

# Under -O Python drops `assert`, so a check written as one would silently vanish. PYTHONOPTIMIZE
# rather than -O, because it also reaches the test workers and every process that the tests start.
# Tests still test: pytest rewrites their asserts into raises (tests/architecture/test_asserts.py
# proves it in this very run). What is marked `once` or `scale` is left to `make test`.
optimised: setup
	PYTHONOPTIMIZE=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m 'not once and not scale' \
		-W 'ignore:assertions not in test modules' $(PYTEST_ARGUMENTS)

clean:
	rm -rf .cache artifacts extension/dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
