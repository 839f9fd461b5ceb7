# Thin on purpose: what a target does is in Python (toolkit setup), in tools' own configuration, or in one script.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit e2e docs attack coverage bench constraints clean

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
STAMP := $(VENV)/.installed
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install into .venv, then make this machine ready (toolkit setup)
	@$(BIN)/python -m compileall -q toolkit infra # once, also where PYTHONDONTWRITEBYTECODE is set
	@toolkit setup

$(STAMP): pyproject.toml constraints.txt tools/venv
	@echo "installing toolkit and its tools into $(VENV)"
	@tools/venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable . --group dev --constraint constraints.txt
	@touch $@

demo: setup ## the main job, from a declaration to a session's work
	@examples/demo/run

test: setup lint ## every check and every test; no engine is a failure
	TOOLKIT_E2E=required $(BIN)/python -m pytest

lint: $(STAMP) ## ruff, mypy, the layer contract, the declarations' schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --schemafile schemas/environment.schema.json envs/*.yaml examples/*/envs/*.yaml

unit: $(STAMP) ## the tests that need no engine
	$(BIN)/python -m pytest -m "not e2e"

e2e: setup ## the tests on the real engine
	TOOLKIT_E2E=required $(BIN)/python -m pytest -m e2e

docs: $(STAMP) ## the documentation's site, with its reference: build/site
	$(BIN)/python -m tools.documentation

attack: setup ## the attacks on the network alone, as a table
	TOOLKIT_E2E=required $(BIN)/python tools/attack

coverage: setup ## every test, with a report of what they did not reach
	TOOLKIT_E2E=required $(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

bench: setup ## ratios against what one would do by hand
	$(BIN)/python benchmarks/run.py

constraints: ## renew constraints.txt from the newest versions that fit
	@tools/renew-constraints

clean: ## remove .venv and the tools' caches (images and state stay: toolkit destroy)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
