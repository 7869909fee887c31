# Everything starts here. All that is needed is make and a Python from 3.11 to 3.13.

# The first Python that will do. Another: make PYTHON=/path/to/python3.12 install
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	command -v $$each >/dev/null 2>&1 && $$each -c '$(FITS)' && { echo $$each; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help install demo up test coverage test-long faults fuzz check format lock bench reproduce-lecture clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-18s %s\n' "$$name" "$$text"; done

install: $(INSTALLED) ## .venv with everything, and .venv/bin/cyfra

demo: $(INSTALLED) ## train on handwritten digits, print the report, classify a digit with curl, clean up
	@$(BIN)/cyfra demo

up: $(INSTALLED) ## the service on http://127.0.0.1:8000 until Ctrl-C; options: make up ARGS="--port 9000"
	@$(BIN)/cyfra up $(ARGS)

# One more than a small machine has cores, for many tests wait; which tests share a process: tests/grouping.py. ARGS="-n 0" is one after another.
test: $(INSTALLED) ## all tests but the long ones; some of them: make test ARGS="tests/service -k report"
	$(BIN)/python -m pytest -m "not long" -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)

coverage: $(INSTALLED) ## which lines the tests reach
	$(MAKE) test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

test-long: $(INSTALLED) ## the tests that take minutes
	$(BIN)/python -m pytest -m long $(ARGS)

faults: $(INSTALLED) ## every fault hundreds of times (an hour or more); some: make faults ARGS="-k sigterm"
	@mkdir -p build && rm -f build/faults.jsonl
	@$(BIN)/python -m tests.faults.storm $(ARGS); status=$$?; \
		$(BIN)/python -m tests.faults.rounds build/faults.jsonl; exit $$status

fuzz: $(INSTALLED) ## 100,000 damaged pictures and tensors; others: CYFRA_FUZZ=1000000 make fuzz
	$(BIN)/python -m pytest -s -m long tests/fuzz $(ARGS)

check: $(INSTALLED) ## formatter, linter, types, import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## format the code, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve all packages anew and write requirements.lock and requirements-gpu.lock
	@echo 'Installing the newest packages that pyproject.toml allows into build/lock: this takes minutes.'
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --disable-pip-version-check --upgrade setuptools
	build/lock/bin/python -m pip install --disable-pip-version-check '.[worker,dev]'
	build/lock/bin/python scripts/lock.py > build/requirements.lock
	build/lock/bin/python -m pip install --disable-pip-version-check --quiet --dry-run --report build/gpu.json '.[worker,gpu]'
	build/lock/bin/python scripts/lock_gpu.py < build/gpu.json > build/requirements-gpu.lock
	mv build/requirements.lock requirements.lock
	mv build/requirements-gpu.lock requirements-gpu.lock

bench: $(INSTALLED) ## all benchmarks
	@set -e; for each in bench/[a-z]*.py; do \
		name=$$(basename "$$each" .py); echo "== $$name"; $(BIN)/python -m "bench.$$name"; done

bench-%: $(INSTALLED) ## one benchmark: make bench-prediction
	$(BIN)/python -m bench.$(subst -,_,$*) $(ARGS)

reproduce-lecture: $(INSTALLED) ## the lecture's trainings, into docs/lecture.md (hours); some: ARGS="--rows mnist-3 --home var/lecture"
	@$(BIN)/python -m scripts.lecture $(ARGS)

clean: ## remove .venv, caches and build folders; the service's data in var/ stays
	rm -rf $(VENV) build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo 'Cyfra needs Python 3.11, 3.12 or 3.13 (TensorFlow has no packages for others). Found:' >&2; \
		python3 --version >&2 || echo 'no python3' >&2; \
		echo 'Install one, or name it: make PYTHON=/path/to/python3.12 install' >&2; exit 1; fi
	@$(PYTHON) -c '$(FITS)' || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); Cyfra needs 3.11, 3.12 or 3.13." >&2; exit 1; }
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu:" >&2; \
			echo "    apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; \
			exit 1; }; \
		echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv --clear $(VENV); fi
	@echo 'Installing packages into $(VENV). TensorFlow is among them: the first time this takes minutes.'
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-input --no-deps -e .
	@touch $@
