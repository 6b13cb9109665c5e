# Python 3.11 or newer with venv, and make: nothing else is needed. `make` alone lists what there is.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9
PORT ?= 8000
PYTEST_ARGS ?= -n 2 --dist loadgroup
VAR := $(or $(DUNLIN_VAR),var)
MANIFEST := $(VAR)/static/staticfiles.json

# Checks look at the code, not at somebody's .env or database.
BARE := DUNLIN_ENV_FILE=/dev/null SECRET_KEY=checks-only-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ
DEMO := $(BARE) DUNLIN_MODE=demo DATABASE_URL=sqlite://:memory:
PRODUCTION := $(BARE) DUNLIN_MODE=production DATABASE_URL=sqlite://:memory: BASE_URL=https://dunlin.example ALLOWED_HOSTS=dunlin.example

.DEFAULT_GOAL := help
.PHONY: help install run test check bench torture reset lock browser

help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

# --- Running --------------------------------------------------------------------------------------------------

install: $(VENV)/.runtime ## only make the environment in .venv, from requirements.lock

run: $(VENV)/.runtime .env $(MANIFEST) ## start Dunlin (PORT=8000 moves it); data stays in var/
	@$(PY) manage.py migrate --verbosity 0
	@DUNLIN_PORT=$(PORT) $(PY) manage.py load_demo
	@exec $(PY) manage.py run --port $(PORT)

reset: ## throw away the demo's data in var/
	@if [ -n "$$DATABASE_URL" ] || grep -qs '^DATABASE_URL=' .env; then \
	  echo "DATABASE_URL points at a database of your own. make reset only clears the SQLite demo in $(VAR)/; nothing was done."; exit 1; fi
	@for file in $(VAR)/run-*.pid; do \
	  if [ -e "$$file" ] && kill -0 "$$(cat "$$file")" 2>/dev/null; then \
	    echo "Dunlin is running (process $$(cat "$$file")). Stop it first; nothing was done."; exit 1; fi; done
	rm -rf $(VAR)/dunlin.sqlite3 $(VAR)/dunlin.sqlite3-wal $(VAR)/dunlin.sqlite3-shm $(VAR)/media $(VAR)/cache $(VAR)/static

.env:
	@umask 077 && $(PY) -c 'import secrets; print("DUNLIN_MODE=demo\nSECRET_KEY=" + secrets.token_urlsafe(50))' > $@
	@echo "Wrote .env: demo mode and a secret of its own."

$(MANIFEST): $(VENV)/.runtime .env $(shell find static -type f)
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@touch $@

# --- Proving --------------------------------------------------------------------------------------------------

test: $(VENV)/.dev browser ## all tests, in a real browser too; DATABASE_URL=postgres://… runs them on PostgreSQL
	$(PY) -m pytest $(PYTEST_ARGS)

torture: $(VENV)/.dev browser ## all tests, with the sizes of the heavy ones unshortened
	TORTURE=1 $(PY) -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.dev ## measure what one machine carries, into docs/performance.md (BENCH_INVOICES=1000000)
	$(PY) -m tests.benchmarks

check: $(VENV)/.dev ## lint, types, layers, migrations, settings, templates
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 --check {} +
	$(DEMO) $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(DEMO) $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) -m pytest -q tests/house/test_templates.py

browser:
	@test -x "$$CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null || test -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
	  || { echo "No Chromium found; installing Debian's."; \
	       root=""; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	       command -v apt-get >/dev/null && { $$root apt-get install -y -q --no-install-recommends chromium \
	         || { $$root apt-get update -q && $$root apt-get install -y -q --no-install-recommends chromium; }; }; } \
	  || { echo "The tests need a Chromium and it could not be installed here. Install one, or set CHROMIUM to its path."; exit 1; }

# --- The environment: one, from a lock with hashes ------------------------------------------------------------

$(PY):
	@python=""; \
	for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; done; \
	if [ -z "$$python" ]; then echo "Dunlin needs Python 3.11 or newer; none was found."; exit 1; fi; \
	$$python -m venv $(VENV) || { echo "Python could not make a virtual environment (Debian: apt-get install python3-venv)."; exit 1; }

# pip serves where uv cannot be had, only slower.
install = @echo "Installing from $(1)…"; \
	$(VENV)/bin/uv --version 2>/dev/null | grep -q '^uv $(UV_VERSION)' \
	  || $(PY) -m pip install -q --disable-pip-version-check uv==$(UV_VERSION) || true; \
	if [ -x $(VENV)/bin/uv ]; then $(VENV)/bin/uv pip sync -q --python $(PY) --require-hashes $(1); \
	else $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r $(1); fi

$(VENV)/.runtime: requirements.lock | $(PY)
	$(call install,requirements.lock)
	@rm -f $(VENV)/.dev; touch $@

$(VENV)/.dev: requirements-dev.lock | $(PY)
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.runtime $@

UPGRADE ?=
COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
  --no-emit-index-url --no-header -q $(if $(UPGRADE),--upgrade)

lock: $(VENV)/.runtime ## rebuild the lock files from pyproject.toml (UPGRADE=1 takes newer versions)
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock
