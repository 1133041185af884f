# The two commands of the README, and the inner loop.
PYTHON ?= python3
PORT ?= 8080
# One more than processors: tests wait for mails, for clients that ask again, for programs that end.
WORKERS ?= 3
DATA ?= ./data
BIN := .venv/bin
# Where fast tests are: looking for them among the others takes as long as some of them do.
FAST := $(addprefix tests/,architecture doors lib rooms web)

# Where nothing may be compiled ahead, each test process compiles 1,500 files: as much as it then imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve test needs environments programs compiled check lint fast format bench docs audit clean

serve: .venv/installed-run  ## install and run the hub on http://localhost:$(PORT)
	$(BIN)/strata serve --port $(PORT) --data $(DATA)

test: needs  ## install what the tests need and run them all
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q

needs:
	# At once: packages are waited for, and each of these programs fills one processor.
	$(MAKE) -j 4 environments programs lint compiled

environments: $(BIN)/python
	$(BIN)/python tests/clients/environments.py

programs:
	scripts/install-test-needs

compiled: .venv/installed-dev
	# Once, instead of by each process of the tests.
	$(BIN)/python -m compileall -q src
	PYTHONPATH=tests $(BIN)/python -c 'from fixtures.preparing import read_templates; read_templates()'

check: lint fast  ## format, lint, types, contracts, fast tests: under a minute

lint: .venv/installed-dev
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: .venv/installed-dev
	$(BIN)/python -m pytest -m "not slow" -n 2 -q $(FAST)

format: .venv/installed-dev
	$(BIN)/ruff format src tests benchmarks scripts
	$(BIN)/ruff check --fix src tests benchmarks scripts

bench: .venv/installed-dev  ## measure, as ratios of one run; see docs/benchmarks.md
	PYTHONPATH=tests $(BIN)/python -m benchmarks

docs: .venv/installed-run  ## write docs/settings.md and docs/COMPATIBILITY.md from the code
	$(BIN)/python scripts/write-docs

audit:  ## ask the list of PyPI for known holes in what is installed; fails where it cannot be asked
	test -x .envs/audit/bin/pip-audit || { $(PYTHON) -m venv .envs/audit && .envs/audit/bin/python -m pip install --quiet 'pip-audit==2.10.1'; }
	.envs/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements/run.txt

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/installed-project: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/installed-run: requirements/run.txt .venv/installed-project
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	touch $@

# It names all of the other list: to install both, one after the other, is a fifth more work.
.venv/installed-dev: requirements/dev.txt requirements/run.txt .venv/installed-project
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch .venv/installed-run $@

clean:
	rm -rf .venv .envs
