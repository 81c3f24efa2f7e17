# Backpropagation through time: the commands of the house. `make` alone lists them.

PYTHON ?= python3
# Where the site is built; its folder _build also holds the cache of executed notebooks.
OUT ?= .
PORT ?= 8000

VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
SITE := $(OUT)/_build/html
JUPYTER_BOOK := $(BIN)/jupyter-book build book --config "$(CURDIR)/_config.yml" \
	--toc "$(CURDIR)/_toc.yml" --path-output "$(OUT)" -W -n --keep-going

.DEFAULT_GOAL := help
.PHONY: help setup book serve lab notebooks bundle pdf epub links test check bench pins clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/complete ## set up the environment in .venv (every command does so by itself)

# Once, and again only when the pins change.
$(VENV)/complete: requirements.txt package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV): about 150 packages, some minutes the first time."
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/npm ci --loglevel=error
	@touch $@

book: setup ## run every notebook and write the site to _build/html
	$(JUPYTER_BOOK)

serve: book ## the same, then serve it on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lab: setup ## open the chapters as notebooks in JupyterLab
	JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter" $(BIN)/jupyter lab $(LAB_OPTIONS) book

notebooks: book ## write the executed chapters as .ipynb to _build/notebooks
	@ls $(OUT)/_build/notebooks/*.ipynb

bundle: book ## write one zip: the site, the notebooks, the package
	$(BIN)/python tools/bundle.py "$(OUT)/_build"

pdf: book ## print the whole book to one PDF
	CHROMIUM="$$($(BIN)/python tools/chromium.py)" $(BIN)/python tools/pdf.py $(SITE) $(OUT)/_build/bptt-lab.pdf

epub: book ## bind it as an ePub
	$(BIN)/python tools/epub.py $(SITE) $(OUT)/_build/bptt-lab.epub

links: setup ## ask every other site that the book links to whether the page is there
	$(JUPYTER_BOOK) --builder linkcheck

test: book ## every test there is, the built site and a real browser included
	CHROMIUM="$$($(BIN)/python tools/chromium.py)" $(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup ## the fast ones: lint, types, unit tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not site and not browser"

bench: setup $(BENCH)/complete ## measure speed and weight, beside the frameworks
	$(BENCH)/bin/python -m benchmarks engine $(OPTIONS)
	$(BIN)/python -m benchmarks book $(OPTIONS)

# The frameworks stay out of the environment of the book, which is as it is pinned.
$(BENCH)/complete: requirements.txt pyproject.toml
	@echo "Setting up $(BENCH) with PyTorch and JAX: more than a gigabyte."
	$(PYTHON) -m venv --clear $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint requirements.txt -e '.[bench]'
	@touch $@

pins: setup ## compile requirements.txt anew from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --upgrade \
		--extra book --extra lab --extra test pyproject.toml --output-file requirements.txt

clean: ## remove everything that was built (the environment stays)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
