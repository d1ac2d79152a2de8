# `make serve` sets everything up in .venv and runs; `make test` sets everything up and tests.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: serve test check judge mutants players lock clean

# Compiled modules are kept, whatever the shell says: a second start is a third faster with them.
serve: $(VENV)/run web/desk/dist/index.html
	PYTHONDONTWRITEBYTECODE= $(BIN)/daoxue serve

test: $(VENV)/dev check web/desk/dist/index.html tests/node/node_modules/.package-lock.json
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/dev web/desk/node_modules/.package-lock.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd web/desk && $(NPM) run --silent check

# How well it understands and talks, beside what was recorded (tests/judge/README.md).
judge: $(VENV)/dev
	$(BIN)/python -m tests.judge

# Which changes of a module its tests do not notice (docs/mutants.md): make mutants MODULE=desk/hours.py SECONDS=300
SECONDS ?= 300
mutants: $(VENV)/dev
	$(BIN)/python -m tests.mutants $(MODULE) --seconds $(SECONDS)

$(VENV)/run: requirements/run.lock requirements/build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 serve"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/build.lock
	$(PIP) install --require-hashes -r requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# What `daoxue wechat play` needs beside: the other side.
players: $(VENV)/run
	$(PIP) install --require-hashes -r requirements/players.lock

$(VENV)/dev: $(VENV)/run requirements/dev.lock
	$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

# Node comes with the Python packages: none has to be on the machine.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm

# The desk's page.
web/desk/dist/index.html: web/desk/node_modules/.package-lock.json web/desk/index.html web/desk/vite.config.ts $(shell find web/desk/src -type f)
	cd web/desk && $(NPM) run --silent build

web/desk/node_modules/.package-lock.json: $(VENV)/run web/desk/package-lock.json
	cd web/desk && $(NPM) ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

# What only tests take from npm: the checker of accessibility, and an identity provider.
tests/node/node_modules/.package-lock.json: $(VENV)/run tests/node/package-lock.json
	cd tests/node && $(NPM) ci --no-audit --no-fund --loglevel=error

# Writes the lock files anew from pyproject.toml: versions and hashes, no addresses.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
lock:
	$(LOCK) pyproject.toml -o requirements/run.lock
	$(LOCK) pyproject.toml --extra players -o requirements/players.lock
	$(LOCK) pyproject.toml --extra dev -o requirements/dev.lock
	echo 'setuptools>=80' | $(LOCK) - -o requirements/build.lock

clean:
	rm -rf $(VENV) build *.egg-info web/desk/dist web/desk/node_modules
