# Every target sets up what it needs by itself: see tools/setup.sh.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
SOURCES := bot storage tests benchmarks tools
WORKERS ?= auto
N ?= 20
BENCHMARKS := benchmarks/cold_start.py benchmarks/import_speed.py benchmarks/slack_acknowledgement.py \
	benchmarks/discord_acknowledgement.py benchmarks/throughput.py benchmarks/planning.py benchmarks/lookups.py
export PYTHON

.PHONY: help run test check lint coverage fmt bench bench-quick crash crowd docker-check lock upgrade clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start Paperboy and its local workspace on http://127.0.0.1:8080 (options in ARGS="...")
	@tools/setup.sh run
	@exec $(BIN)/paperboy run $(ARGS)

test: ## run the tests, one process a core (pytest options in ARGS="...", other numbers in WORKERS=N)
	@tools/setup.sh dev
	@tools/setup.sh browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: lint coverage ## everything a change must pass: lint, types, rooms, tests with coverage

lint: ## ruff, mypy --strict, import-linter
	@tools/setup.sh dev
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports

coverage: ## the tests, with branch coverage
	@tools/setup.sh dev
	@tools/setup.sh browser
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n $(WORKERS) --dist worksteal $(ARGS)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

fmt: ## put the code into its usual form
	@tools/setup.sh dev
	@$(BIN)/ruff check --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

bench-quick: ## lookups in archives of 4,000 and 100,000 entries, in five minutes
	@tools/setup.sh dev
	@$(BIN)/python benchmarks/lookups.py --quick

bench: ## measure, and print the ratios that the project promises
	@tools/setup.sh dev
	@code=0; for script in $(BENCHMARKS); do $(BIN)/python "$$script" || code=1; done; exit $$code

crash: ## kill Paperboy N times on each platform and database, and see what stands in the channels (ARGS="slack sqlite")
	@tools/setup.sh dev
	@$(BIN)/python -m tests.crash --kills $(N) $(ARGS)

crowd: ## a thousand channels and three workers, two of which are killed on the way (ARGS="--channels 200")
	@tools/setup.sh dev
	@$(BIN)/python -m tests.crash.crowd $(ARGS)

docker-check: ## lint the Dockerfile and carry out its steps without a Docker engine (Debian, root)
	@tools/setup.sh dev
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/python tools/dockerfile_steps.py

COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE)

lock: ## write the lock files anew from pyproject.toml, keeping the versions that still fit
	@tools/setup.sh dev
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	@$(COMPILE) --group build -o requirements-build.lock

upgrade: UPGRADE = --upgrade
upgrade: lock ## the same, with the newest versions that pyproject.toml allows

clean: ## remove everything that was made, except databases and settings
	@rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
