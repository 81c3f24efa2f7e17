# Backpropagation through time: the commands. `make` alone lists them.

PYTHON ?= python3
# Where the site is built; its folder _build also holds the cache of executed notebooks.
OUT ?= .
PORT ?= 8000
# NumPy for the pages: `make book BOOK_WHEELS=FOLDER` packs the wheel that lies in FOLDER, `make wheels`
# fetches one to where every later build finds it. Without it the pages ask their reader.
# What `make slow` and `make class` draw from: another number every second, which they show.
SEED ?= $(shell date +%s)

VENV := .venv
BENCH := .venv-bench
LOWEST := .venv-lowest
NEXT := .venv-next
BIN := $(VENV)/bin
SITE := $(OUT)/_build/html
PYTEST := python -m pytest -n 2 --dist loadgroup
UNITS := "not site and not browser and not slow"
JUPYTER_BOOK := $(BIN)/jupyter-book build book --config "$(CURDIR)/_config.yml" \
	--toc "$(CURDIR)/_toc.yml" --path-output "$(OUT)" -W -n --keep-going

.DEFAULT_GOAL := help
.PHONY: help setup wheels book serve lab notebooks bundle pdf epub publish class links test lint check slow lowest \
	next bench pins clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/complete $(VENV)/installed ## set up the environment in .venv (every command does so by itself)

# Once, and again only when the pins change.
$(VENV)/complete: requirements.txt package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV): about 150 packages, some minutes the first time."
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/npm ci --loglevel=error
	@touch $@

# The version stands in pyproject.toml, and what is installed has to tell the same.
$(VENV)/installed: pyproject.toml $(VENV)/complete
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

wheels: setup ## fetch NumPy for the browser, which makes Python in the pages work without a network
	$(BIN)/python -m tools.live.wheels $(OUT)/_build/wheels

book: setup ## run every notebook and write the site to _build/html
	$(JUPYTER_BOOK)

serve: book ## the same, then serve it on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lab: setup ## open a copy of the chapters in JupyterLab, in the folder lab; what you write stays there
	$(BIN)/python -m tools.lab book lab
	JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter" $(BIN)/jupyter lab $(LAB_OPTIONS) lab

notebooks: book ## write the executed chapters as .ipynb to _build/notebooks
	@ls $(OUT)/_build/notebooks/*.ipynb

bundle: book ## write one zip: the site, the notebooks, the package
	$(BIN)/python -m tools.bundle "$(OUT)/_build"

pdf: book ## print the whole book to one PDF
	CHROMIUM="$$($(BIN)/python -m tools.chromium)" $(BIN)/python -m tools.pdf $(SITE) $(OUT)/_build/bptt-lab.pdf

epub: book ## bind it as an ePub
	$(BIN)/python -m tools.epub $(SITE) $(OUT)/_build/bptt-lab.epub

publish: pdf epub bundle ## the same three beside the site, with links to them on its pages
	$(BIN)/python -m tools.downloads "$(OUT)/_build"

class: book ## write what a teacher hands out to _build/class; SEED=N chooses the numbers of the exam
	CHROMIUM="$$($(BIN)/python -m tools.chromium)" $(BIN)/python -m tools.handouts $(SITE) $(OUT)/_build/class $(SEED)

links: setup ## ask every other site that the book links to whether the page is there
	$(JUPYTER_BOOK) --builder linkcheck

test: book lint ## every test but the slow ones: lint, types, units, the built site, a real browser
	CHROMIUM="$$($(BIN)/python -m tools.chromium)" $(BIN)/$(PYTEST)

lint: setup ## style, types and spelling, in seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

check: lint ## what needs no built book: lint, types, units
	$(BIN)/$(PYTEST) -m $(UNITS)

slow: book ## the slow tests, and many examples of every property; SEED=N repeats a run
	$(BIN)/$(PYTEST) -m "slow or hypothesis" --hypothesis-profile fresh --hypothesis-seed $(SEED)

# Old versions are not what newer ones expect, and say so.
lowest: $(LOWEST)/ready ## the unit tests with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/$(PYTEST) -m $(UNITS) -W ignore::DeprecationWarning

$(LOWEST)/ready: pyproject.toml | setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(PYTHON) -m venv --clear $(LOWEST)
	$(BIN)/uv pip compile --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--extra notebooks --extra cluster pyproject.toml --output-file $(LOWEST)/lowest.txt
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --constraint $(LOWEST)/lowest.txt \
		--editable '.[book,lab,test]'
	@touch $@

next: $(NEXT)/ready ## the book and all tests with the newest versions, upper bounds lifted; may fail
	rm -rf $(NEXT)/book/_build/html  # Sphinx 9 warns of files that the build before has written
	$(MAKE) VENV=$(NEXT) OUT=$(NEXT)/book -o $(NEXT)/complete -o $(NEXT)/installed book
	CHROMIUM="$$($(BIN)/python -m tools.chromium)" BOOK_SITE=$(NEXT)/book/_build/html \
		$(NEXT)/bin/$(PYTEST)

$(NEXT)/ready: pyproject.toml .ci/next.txt | setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(PYTHON) -m venv --clear $(NEXT)
	$(BIN)/uv pip install --quiet --python $(NEXT)/bin/python --override .ci/next.txt \
		--editable '.[book,lab,test]'
	@touch $@

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
