# `make serve` sets everything up in .venv and runs; `make test` sets everything up and tests.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: setup serve test check attack faults load judge mutants coverage players wheel lock clean

# All that serving needs, for commands of one's own (docs/first-hour.md).
setup: $(VENV)/run web/desk/dist/index.html

# Compiled modules are kept, whatever the shell says: a second start is a third faster with them, and tests start many.
serve: setup
	PYTHONDONTWRITEBYTECODE= $(BIN)/daoxue serve

test: $(VENV)/dev check web/desk/dist/index.html tests/node/node_modules/.package-lock.json
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

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

# How much of each folder a few quick tests reach, in a minute (docs/decisions/0065).
coverage: $(VENV)/dev
	$(BIN)/coverage run -m pytest -k "not postgresql" $(foreach each,bank identity queue turn,tests/test_$(each).py)
	$(BIN)/python -m tests.covered

$(VENV)/run: requirements/run.lock requirements/build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 serve"; exit 1; }
	@echo "正在装 Python 包，第一次要一两分钟…… Installing the Python packages: a minute or two the first time."
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

# The desk's page is built where it is not there, or is older than what it is made of; only that needs Node, which comes
# with the Python packages.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
QUIETLY := --no-audit --no-fund --loglevel=silent
OFFLINE := npm 装不了做页面要用的包（它自己的记录在 ~/.npm/_logs）：看网络，或用 npm config set registry 换一个镜像；装好的 wheel 不用 npm，.venv/bin/daoxue serve 没有坐席台也能答。npm cannot install what the page is built with (its own log is in ~/.npm/_logs): see the network or set another registry; a wheel needs no npm, and .venv/bin/daoxue serve answers without the desk.
PAGE := $(addprefix web/desk/,index.html vite.config.ts package-lock.json) $(shell find web/desk/src -type f)

web/desk/dist/index.html: $(PAGE)
	$(MAKE) --no-print-directory web/desk/node_modules/.package-lock.json
	@echo "正在做坐席台的页面…… Building the desk."
	cd web/desk && $(NPM) run --silent build

web/desk/node_modules/.package-lock.json: $(VENV)/page web/desk/package-lock.json
	@echo "正在装页面的包…… Installing the packages of the page."
	@cd web/desk && $(NPM) ci $(QUIETLY) && touch node_modules/.package-lock.json || { echo "$(OFFLINE)" >&2; exit 1; }

$(VENV)/page: $(VENV)/run requirements/page.lock
	@echo "正在装做坐席台页面要用的 Node，大约一分钟…… Installing Node, with which the desk is built: a minute or so."
	$(PIP) install --require-hashes -r requirements/page.lock
	@touch $@

# One file to install anywhere, and what it is made from, in dist/.
wheel: $(VENV)/run web/desk/dist/index.html
	rm -rf dist
	$(BIN)/python -m hatchling build

# What only tests take from npm: the checker of accessibility, and an identity provider.
tests/node/node_modules/.package-lock.json: $(VENV)/page tests/node/package-lock.json
	@cd tests/node && $(NPM) ci $(QUIETLY) || { echo "$(OFFLINE)" >&2; exit 1; }

# Writes the lock files anew from pyproject.toml: versions and hashes, no addresses; what serves is the same in all of them.
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
lock:
	$(LOCK) pyproject.toml -o requirements/run.lock
	$(LOCK) pyproject.toml --extra players -c requirements/run.lock -o requirements/players.lock
	$(LOCK) pyproject.toml --extra page -c requirements/run.lock -o requirements/page.lock
	$(LOCK) pyproject.toml --extra dev -c requirements/run.lock -o requirements/dev.lock
	echo 'hatchling>=1.33' | $(LOCK) - -c requirements/dev.lock -o requirements/build.lock

clean:
	rm -rf $(VENV) dist web/desk/dist web/desk/node_modules

# What attackers try: roles, sessions, limits, files, patterns, addresses, forgeries, what is kept.
ATTACKS = bodies flood hooks live_ends looks masking oidc patience patterns permissions persons proofs proxies at_rest signing
attack: $(VENV)/dev web/desk/dist/index.html
	$(BIN)/python -m pytest -n 3 --dist worksteal tests/attack $(ATTACKS:%=tests/test_%.py)

# A minute in which two processes on PostgreSQL and Redis behind haproxy are killed, frozen and cut off (docs/faults.md): make faults SEED=7
faults: $(VENV)/dev
	$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED))

# What one process stands (docs/measurements.md): a minute with 100 pages, or whole: make load SOCKETS=5000 SECONDS=120
load: SECONDS := $(if $(filter command line,$(origin SECONDS)),$(SECONDS),20)
load: $(VENV)/dev
	$(BIN)/python -m benchmarks.load $(if $(SOCKETS),--sockets $(SOCKETS)) --seconds $(SECONDS)
