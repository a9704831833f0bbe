# Barometer: set up, run, test. Needs Python 3.11 to 3.14 and make; everything else is installed into .venv.
.DEFAULT_GOAL := run
.PHONY: setup dev run test lint docs wheel bench evaluate lapse crash lock

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps

# Bytecode is written at the set-up, so that the first run need not, nor each one where Python may not write it.
BYTECODE := --compile-bytecode

# What a run needs.
setup: .venv/.done

.venv/.done: requirements-run.lock requirements-uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Barometer needs Python 3.11 to 3.14; install it, or name it: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		v=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$(PYTHON) cannot make an environment with pip. On Debian and Ubuntu: apt-get install python$$v-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes --no-deps -r requirements-uv.lock 2>/dev/null || echo "uv cannot be installed here: pip does its work, which takes minutes."
	{ test -x $(BIN)/uv && $(UV) $(BYTECODE) -r requirements-run.lock; } || $(PIP) --require-hashes --no-deps -r requirements-run.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q flows geo
	@touch $@

# What tests, checks and docs need besides.
dev: .venv/.dev

.venv/.dev: .venv/.done requirements.lock
	{ test -x $(BIN)/uv && $(UV) -r requirements.lock; } || $(PIP) --require-hashes --no-deps -r requirements.lock
	@touch $@

run: setup
	$(BIN)/barometer run --demo

# All tests, or some: ARGS=tests/sql. Python may write its bytecode: the tests start some hundred processes.
# One process more than there are cores, as some tests wait for servers.
test: dev
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages of docs/ as a site, into site/; a broken link is an error.
docs: dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# A wheel, into dist/: all that a machine without the checkout needs beside the packages of requirements-run.lock.
wheel: setup
	$(BIN)/python -m hatchling build --target wheel

# One part or several: ARGS="sizes year --markdown FILE"; -h lists them. The peers need an environment of their own.
bench: dev $(if $(filter peers all,$(ARGS)),.venv-benchmark/.done)
	$(BIN)/python -m tests.measure.bench $(ARGS)

.venv-benchmark/.done: tests/measure/benchmark/requirements.txt tests/measure/evaluation/requirements.txt
	$(PYTHON) -m venv .venv-benchmark
	.venv-benchmark/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# Weeks on the schedule in minutes, on local servers.
lapse: dev
	$(BIN)/python -m tests.measure.lapse
	$(BIN)/python -m tests.measure.lapse_gulf

# Kills the main job at random moments, and fails every call that changes a home. Fewer: ARGS="--kills 5 --no-faults".
crash: dev
	$(BIN)/python -m tests.measure.crash $(ARGS)

# The peers live in an environment of their own. More: make evaluate ARGS="--markdown FILE --json FILE --ships 60".
evaluate: dev .venv-evaluate/.done
	$(BIN)/python -m tests.measure.evaluate $(ARGS)
	$(BIN)/python -m tests.measure.evaluate_series
	$(BIN)/python -m tests.measure.evaluate_cargo
	$(BIN)/python -m tests.measure.evaluate_spoofing
	$(BIN)/python -m tests.measure.evaluate_detections
	$(BIN)/python -m tests.measure.evaluate_sts

.venv-evaluate/.done: tests/measure/evaluation/requirements.txt
	$(PYTHON) -m venv .venv-evaluate
	.venv-evaluate/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# Pin anew, with uv on the path. duckdb stays where its storage format and its older readers were tried.
lock:
	echo "duckdb==1.5.5" | uv pip compile pyproject.toml --extra dev --extra docs --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --no-strip-extras --constraint - --output-file requirements.lock
	printf 'editables\nhatchling\n' | uv pip compile pyproject.toml - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --no-strip-extras --constraint requirements.lock --output-file requirements-run.lock
	echo "uv>=0.9,<1" | uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --output-file requirements-uv.lock
