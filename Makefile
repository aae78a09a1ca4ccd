# Two commands matter: `make demo` shows the product, `make test` proves it. Both set up everything they need.
PYTHON ?= python3
CRM ?= hubspot
VENV := .venv
# Two test processes on two cores: a second thread for small matrices would only wait for the first one's core.
ONE := OMP_NUM_THREADS=1
BIN := $(VENV)/bin
UPGRADE = --upgrade

.DEFAULT_GOAL := help

.PHONY: help install demo test test-long test-clients test-browser lint bench reference picture docs lock clean soak crash odd no-signal sweep odd-place seeds check-install figures lifelines

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: $(VENV)/installed ## make .venv with everything the project needs

$(VENV)/installed: requirements.lock requirements-dev.lock requirements-oracle.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, $(PYTHON) is older. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-oracle.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## run the main job on an embedded CRM (CRM=hubspot or CRM=salesforce)
	@$(BIN)/sales-consultant demo --crm $(CRM) $(if $(MAKE_TERMOUT),--keep)

lint: install ## ruff and mypy strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: install lint ## lint, types and all tests but the slow ones (6 to 8 minutes)
	@$(ONE) $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-long: install $(VENV)/lifelines/installed ## the slow tests (40 minutes; PART=2/3 plays the second of three parts)
	@$(ONE) SLOW_PART=$(PART) $(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

soak: install ## random histories for an hour, or HISTORIES=n of them
	@$(BIN)/python tests/histories/soak.py $(HISTORIES)

crash: install ## SIGKILLs at random moments on both CRMs (KILLS=n, default 200)
	@$(BIN)/python tests/support/kills.py $(KILLS)

odd: install ## whole syncs on answers that are odd in every way (5 minutes)
	@ODD=all ODD_SEEDS=1:3 $(ONE) $(BIN)/python -m pytest -n 2 tests/sync/use_cases/test_odd_answers.py \
	  tests/sync/use_cases/test_odd_values.py

no-signal: install ## twenty companies without signal on each CRM: no model may earn its place (8 minutes; SEEDS=1:8 plays seven)
	@NO_SIGNAL=$(or $(SEEDS),1:21) $(ONE) $(BIN)/python -m pytest -n 2 tests/scoring/training/test_no_signal_company.py

sweep: install ## every zone, half hours, two years of the schedule against a calculation of its own (6 minutes)
	@PYTHONPATH=tests $(BIN)/python -m support.schedule_sweep

odd-place: install ## all tests with SIGINT ignored, no terminal, another locale, time zone and home, ports taken
	@$(ONE) $(BIN)/python tests/support/odd_place.py -n 1 -q

seeds: install ## the random tests on ten other seeds (FIRST=n begins at that one, FOLDERS= takes others)
	@$(ONE) $(BIN)/python tests/support/seeds.py $(or $(FIRST),101) 10 $(FOLDERS)

test-clients: install ## other people's clients against the sandbox (needs npm; installs them below .venv)
	@$(BIN)/python -m pytest -o python_files='check_*.py' tests/clients

test-browser: install $(VENV)/browser-installed ## pages in headless Chromium at three widths (needs chromium and npm)
	@$(BIN)/python -m pytest -o python_files='check_*.py' -o python_functions='check_*' tests/browser

$(VENV)/browser-installed: $(VENV)/installed requirements-browser.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-browser.lock
	@touch $@

check-install: install ## the steps of deploy/Dockerfile on this machine (fetches all that is locked)
	@$(BIN)/python -m pytest -o python_files='check_*.py' tests/deploy

figures: install ## the figures of insight over 500 to 2,000 simulations (hours; SIMULATIONS=n plays fewer)
	@$(ONE) $(BIN)/python tests/support/figures_funnel.py $(SIMULATIONS)
	@$(ONE) $(BIN)/python tests/support/figures_experiments.py $(or $(SIMULATIONS),2000)
	@$(ONE) $(BIN)/python tests/support/figures_response.py $(or $(SIMULATIONS),500)

lifelines: install $(VENV)/lifelines/installed ## the environment of lifelines, which needs an older pandas (tests make it too)

$(VENV)/lifelines/installed: requirements-lifelines.lock
	$(PYTHON) -m venv --clear $(VENV)/lifelines
	$(VENV)/lifelines/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lifelines.lock
	@touch $@

bench: install ## speed against a peer or the limit, as ratios
	@$(BIN)/python -m benchmarks

reference: install ## write the generated pages of docs/reference anew
	@PYTHONPATH=tests $(BIN)/python -m support.reference_pages

picture: install ## draw the README's picture anew from the demo
	@PYTHONPATH=tests $(BIN)/python -m support.picture

docs: install reference $(VENV)/docs-installed ## build the documentation into build/site, without network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@PYTHONPATH=tests $(BIN)/python -m support.site_links build/site
	@echo "build/site/index.html"

$(VENV)/docs-installed: $(VENV)/installed requirements-docs.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-docs.lock
	@touch $@

# The other locks hold only what the run-time lock does not, in the same versions. What it holds for some systems alone, as
# colorama for Windows, the documentation needs on all: ALWAYS leaves out only what is locked without a condition.
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
BESIDE = $$(sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p' $(1) | sort -u)
ALWAYS = $$(sed -n 's/^\([a-z0-9.-]*\)==[^ ]* \\$$/--no-emit-package \1/p' $(1) | sort -u)

lock: ## renew the locks (needs uv; UPGRADE= keeps the versions that are locked)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) pyproject.toml --extra demo --extra text --group dev -c requirements.lock $(call BESIDE,requirements.lock) \
	  -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) --group build -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) $(UPGRADE) --group docs -c requirements.lock -c requirements-dev.lock \
	  $(call ALWAYS,requirements.lock requirements-dev.lock) -o requirements-docs.lock
	echo 'playwright==1.65.2' | $(COMPILE) $(UPGRADE) -c requirements-dev.lock $(call BESIDE,requirements-dev.lock) - -o requirements-browser.lock
	echo 'lifetimes==0.11.3' | $(COMPILE) --no-deps - -o requirements-oracle.lock
	echo 'lifelines' | $(COMPILE) $(UPGRADE) - -o requirements-lifelines.lock

clean: ## remove what was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
