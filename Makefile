# make demo, make test: everything they need is made on the way. Python 3.11 to 3.14, git and make are enough.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
# Without bytecode nothing is ever cached and each command starts about twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
# An activated environment must not stand in for this one.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHON

PY := .venv/bin/python
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)

.PHONY: demo test check bench withhold lock venv clean runtime types lint imports docs-check workflows wheel

demo: runtime
	rm -rf build/acme build/demo
	$(PY) examples/acme/build.py build/acme
	.venv/bin/cnmm scan -c build/acme/cnmm.yaml --as-of 2026-08-01 --period 2025-08-01..2026-08-01 \
		--history build/demo/history.db -o build/demo/august --format json --quiet
	$(PY) examples/acme/serve.py build/acme .venv/bin/cnmm scan -c build/acme/served.yaml \
		--history build/demo/history.db -o build/demo --format json
	$(PY) examples/acme/review.py build/demo/bundle.cnmm
	.venv/bin/cnmm report build/demo/bundle.cnmm --history build/demo/history.db -o build/demo
	@test -s build/demo/report.html
	@echo "HTML report: $(CURDIR)/build/demo/report.html"

test: venv
	tests/setup.sh
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	$(PY) -m pytest -n auto --dist loadfile --durations 12
endif

check: types lint imports docs-check workflows wheel

# What a scheduled scan gets, clients of clusters included; an environment with the test tools serves as well.
runtime:
	@tools/venv.sh .venv deploy/requirements.lock --editable .

venv:
	@tools/venv.sh .venv requirements-dev.lock --editable .

types: venv
	.venv/bin/mypy

lint: venv
	.venv/bin/ruff check
	.venv/bin/ruff format --check

imports: venv
	.venv/bin/lint-imports --no-logo

docs-check: venv
	@if [ -e docs/generate.py ]; then set -x; $(PY) docs/generate.py --check; $(PY) docs/site.py; fi

workflows: venv
	@if [ -e action.yml ]; then set -x; .venv/bin/zizmor --offline --quiet action.yml examples/workflows .github/workflows; fi

wheel: venv
	tools/smoke.sh build/smoke

# Peers are measured from an environment of their own, so that none of them can decide our pins.
bench: venv
	@tools/venv.sh build/peers requirements-bench.lock
	$(PY) tests/bench/run.py --peers build/peers/bin/python -o build/bench.json

# Everything is taken from the auditors of the sample, one thing at a time; ONLY="word word" takes some. Half an hour.
withhold: venv
	$(PY) tests/withholding/run.py $(if $(ONLY),--only $(ONLY))

# Keeps every pin that still fits; `make lock UPGRADE=--upgrade` takes the newest. Needs uv.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH (pipx install uv)" >&2; exit 2; }
	$(LOCK) pyproject.toml --group build --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --all-extras --constraints requirements.lock \
		--output-file requirements-dev.lock
	$(LOCK) --group pyproject.toml:bench --output-file requirements-bench.lock
	$(LOCK) pyproject.toml --group build --extra dask --extra kubernetes --extra postgres \
		--constraints requirements-dev.lock --output-file deploy/requirements.lock

clean:
	rm -rf .venv build cnmm.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find scanner collectors rules reports tests examples docs -name __pycache__ -type d -prune -exec rm -rf {} +
