# Two commands need nothing prepared: `make demo` and `make test`.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: assets help demo stop test check coverage bench bench-million soak mutants fmt messages requirements audit env env-dev

help: ## Show what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

env:
	@$(PYTHON) scripts/bootstrap.py

env-dev:
	@$(PYTHON) scripts/bootstrap.py --dev

demo: env ## Prepare everything and serve the demo shop (PORT=8000)
	@$(BIN)/python manage.py demo --port "$(PORT)"

stop: ## End the demo shop and its database
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m marketplace.serving; else echo "Nothing was running."; fi

check: env-dev ## Format, lint, types, templates, layers, migrations, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/lint-imports
	NUQTA_MODE=test $(BIN)/python manage.py makemigrations --check --dry-run
	NUQTA_MODE=test $(BIN)/python manage.py check_translations

# Fonts, scripts and compiled catalogues, without which pages and PDFs are empty.
assets: env-dev
	NUQTA_MODE=test $(BIN)/python manage.py fetch_assets
	NUQTA_MODE=test $(BIN)/python manage.py compilemessages

test: check assets ## Everything that must hold: check, then all tests on two processes
	$(BIN)/pytest -n 2 --dist worksteal

bench: env-dev ## Measure pages, orders and the ledger into var/bench.json
	$(BIN)/python -m tests.bench

bench-million: env-dev ## Measure search at 100,000 and at a million products (hours of disk and patience)
	$(BIN)/python -m tests.bench.search million

soak: assets ## Guess, race (SECONDS=600), kill (KILLS=100) and move in 10,000 steps
	$(BIN)/python -m tests.bench.guessing
	$(BIN)/python -m tests.bench.soak --seconds "$(or $(SECONDS),600)"
	$(BIN)/python -m tests.bench.buyers
	$(BIN)/python -m tests.kills.soak --kills "$(or $(KILLS),100)"
	$(BIN)/pytest -m soak -s

coverage: assets ## Fail unless the tests of points run every branch of its services
	$(BIN)/coverage run --data-file=var/coverage --branch -m pytest -q tests/points_payment
	$(BIN)/coverage combine --data-file=var/coverage var
	$(BIN)/coverage report --data-file=var/coverage --include="points_payment/services/*" --show-missing --fail-under=100

mutants: assets ## Change the services of points node by node: a test must notice (SECONDS=3600)
	$(BIN)/python -m tests.mutants --seconds "$(or $(SECONDS),3600)"

fmt: env-dev ## Format the code and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: env-dev ## Bring the catalogues of messages up to date
	NUQTA_MODE=test $(BIN)/python manage.py makemessages

audit: env-dev ## Look for known holes in the pinned packages
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

requirements: env-dev ## Pin what pyproject.toml asks for, by the oldest Python that it runs on
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
