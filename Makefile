# ecocomp: few targets, each does its whole job from a fresh clone.
#   make demo   an invented county, three years, the result printed        (PARCELS=2000 SEED=2026)
#   make test   every check: tests, import contracts, types, style, docs
PYTHON  ?= python3
PARCELS ?= 2000
SEED    ?= 2026
JOBS    ?= 2
BIN     := .venv/bin

.PHONY: help setup demo test lint docs bench lock clean

help:            ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup: .venv/run.done   ## virtual environment with pinned, hashed dependencies

.venv/run.done: requirements/run.txt pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh $(PYTHON) run

.venv/dev.done: requirements/dev.txt pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh $(PYTHON) dev

demo: .venv/run.done    ## the main job on an invented county
	@$(BIN)/ecocomp demo demo --parcels $(PARCELS) --seed $(SEED)

test: .venv/dev.done lint  ## every check
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered $(ARGS)

lint: .venv/dev.done    ## style, import contracts, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: .venv/dev.done    ## the documentation site, in site/
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict --quiet

bench: .venv/dev.done   ## benchmarks against peers, as ratios; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

lock:            ## pin the dependencies again, with hashes and without any index address
	$(PYTHON) -m pip install --quiet uv
	for n in run dev; do $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate requirements/$$n.in -o requirements/$$n.txt; done

clean:           ## remove what was made here (not .venv)
	rm -rf demo site build dist .pytest_cache .mypy_cache .ruff_cache .coverage benchmarks/out
	find src -name "*.nb[ic]" -delete
