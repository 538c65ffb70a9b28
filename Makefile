.DEFAULT_GOAL := help
SHELL := bash
ENV ?= local
PYTHON ?= python3.11
AERODROME := .venv/bin/aerodrome

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.installed: requirements.lock bootstrap.lock pyproject.toml
	@bash .ci/install $(PYTHON)

venv: .venv/.installed  ## install uv and the hashed lock into .venv

lock: .venv/.installed  ## resolve pyproject.toml into requirements.lock again
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	echo uv | .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock - -o bootstrap.lock

.PHONY: help venv lock
