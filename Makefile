# One entry for people and for CI. `make` alone prints this list.
PY := .venv/bin/python
BIN := .venv/bin
# The newest Python that is new enough and really there; PYTHON=… names another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
# What is installed beside Reelway; CI adds `diffusers`, whose tests are passed over where torch is not there.
EXTRAS ?= dev,clients
# Compiled previz kernels, kept between runs; tests/harness.py and tools/demo.py look here too.
export REELWAY_PREVIZ_CACHE ?= $(CURDIR)/.cache/previz

.DEFAULT_GOAL := help
.PHONY: help setup warm demo fmt lint test check bench chaos openapi docs gallery clean dist

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ok warm ## Make .venv, install everything, compile previz; run again after pulling

.venv/ok: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Reelway needs Python 3.11 or newer, and none was found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make environments: on Debian and Ubuntu, apt install python3-venv, then again" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

warm: .venv/ok
	@$(BIN)/reelway warm

demo: setup ## A server and one clip from the documented request; no keys, no network
	@$(PY) tools/demo.py $(ARGS)

fmt: .venv/ok ## Format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/ok ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup ## Every test; none needs a network or a key. ARGS="-k ledger" to narrow
	$(PY) -m pytest -n 2 $(ARGS)

check: lint test ## What CI runs

bench: setup ## Measure against the budgets of docs/; ARGS to narrow
	$(PY) -m bench $(ARGS)

chaos: setup ## Harm real processes under load, audit what came of it; ARGS="--only kill_workers --minutes 5"
	$(PY) -m chaos $(ARGS)

openapi: .venv/ok ## Write docs/openapi.json anew
	$(PY) -m reelway.api.openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json

docs: .venv/ok ## Write the generated pages of docs/ anew
	$(BIN)/reelway settings --markdown > docs/how-to/settings.md

gallery: setup ## Draw contact sheets of previz into docs/images/, to be looked at; ARGS="--only prompts"
	@$(PY) tools/gallery.py $(ARGS)

dist: .venv/ok ## Build the wheel and the source archive into dist/
	$(PY) -m build --outdir dist .

clean: ## Remove everything that was made here, the environment too
	rm -rf .venv .cache dist build demo.mp4 demo.jpg .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
