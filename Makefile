.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment is made again when a lock file or the project's own metadata changes.
$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --system-certs --quiet --require-hashes --no-build requirements/dev.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --system-certs --quiet --no-deps --no-build-isolation --editable .
	touch $@

.PHONY: help env access demo demo-compose stories up down test test-replay test-secured units wheel sbom audit dist property test-containers check format lock bench bench-round bench-pipeline bench-municipalities faults equality prometheus kustomize

env: $(READY) ## the Python environment, from the lock files

demo: $(READY) ## June 2016 in Bergen, from settlements to pairs and indicators; KEEP=1 leaves it up, SECURE=1 secures it; STORY=tromso-year plays that story
	@SECURE=$(SECURE) $(BIN)/python -m $(if $(STORY),tests.e2e.stories $(STORY),deploy.demo)

demo-compose: ## the demonstration in containers, of images that it builds; KEEP=1 leaves them up; needs Docker alone
	@deploy/compose/demo.sh

stories: $(READY) ## plays every story on the real services: what must come out, beside what came out
	@$(BIN)/python -m tests.e2e.stories

up: $(READY) ## starts everything and prints .run/addresses.json; SECURE=1 with TLS, accounts and access rules
	@SECURE=$(SECURE) $(BIN)/python -m deploy up

down: $(READY) ## stops what `make up` started
	@$(BIN)/python -m deploy down

prometheus: ## Debian's Prometheus and promtool for the tests of alerts, unpacked in .run
	@deploy/prometheus/fetch.sh

kustomize: ## kustomize for the tests of deploy/kubernetes, into .run, where Go is there
	@deploy/kubernetes/fetch.sh

test: $(READY) ## all tests, on a real Kafka and a real MongoDB
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test-replay: $(READY) ## full replays, and databases built anew: some minutes
	@$(BIN)/python -m pytest tests/replay

test-secured: $(READY) ## the tests of services on a Kafka and a MongoDB with TLS, accounts and access rules
	@SECURE=1 $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder tests/integration tests/property

PYTHONS ?= 3.11 3.12 3.13 3.14

units: $(READY) ## units and contracts under each of PYTHONS that is to be had
	@$(BIN)/python -m tests.pythons $(PYTHONS)

wheel: $(READY) ## the package as it is shipped, tried with the core dependencies alone
	@$(BIN)/python -m tests.wheel

sbom: $(READY) ## bills of materials of all that is shipped, into .run/sbom/
	@$(BIN)/python -m deploy.supply.sbom .run/sbom

audit: $(READY) ## whether a locked version is known to be vulnerable; REQUIRED=1 fails where nobody answers
	@$(BIN)/python -m deploy.supply.audit $(if $(REQUIRED),--required)

dist: $(READY) ## a release into dist/, audited before; UNAUDITED=1 lets versions through of which nobody answers
	@$(BIN)/python -m deploy.supply.audit $(if $(UNAUDITED),,--required)
	@$(BIN)/python -m deploy.supply.release dist

property: $(READY) ## delivery, and people and pairs, against their models, SCALE times as long as in `make test`; figures shown
	@KOBLING_PROPERTY_SCALE=$(or $(SCALE),20) $(BIN)/python -m pytest -s tests/property

access: $(READY) ## who may do what with which topic, asked of a secured broker and printed
	@$(BIN)/python -m tests.security.matrix

test-containers: $(READY) ## the local stack and docker-compose.yml in containers; needs a Docker engine
	@$(BIN)/python -m pytest tests/containers

check: $(READY) ## style, types, imports, schemas
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m shared.contracts.generate --check
	@$(BIN)/python -m deploy.pages --check
	@$(BIN)/python -m deploy.kubernetes check

format: $(READY) ## formats and mends what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(READY) ## lock files from pyproject.toml
	@deploy/lock.sh

bench: $(READY) ## the matcher's benchmark, into docs/benchmarks/
	@$(BIN)/python -m tests.bench.bench_matching

bench-round: $(READY) ## a round of 10,000 a side beside 1,000 states a second, into docs/benchmarks/
	@$(BIN)/python -m tests.bench.big_round

bench-pipeline: $(READY) ## the delivery core's benchmark, into docs/benchmarks/
	@$(BIN)/python -m tests.bench.pipeline

bench-municipalities: $(READY) ## topics of up to 5,000 municipalities on one broker, into docs/benchmarks/
	@$(BIN)/python -m tests.bench.municipalities

equality: $(READY) ## whether another checkout, BEFORE=path, says the same; ALLOW=file names what may differ
	@test -n "$(BEFORE)" || { echo "BEFORE=path to another checkout is needed" >&2; exit 2; }
	@mkdir -p .run
	@$(BIN)/python -m tests.equality record --tree "$(BEFORE)" --records $(or $(RECORDS),20000) .run/equality-before.jsonl
	@$(BIN)/python -m tests.equality record --records $(or $(RECORDS),20000) .run/equality-after.jsonl
	@$(BIN)/python -m tests.equality compare $(if $(ALLOW),--allow "$(ALLOW)") .run/equality-before.jsonl .run/equality-after.jsonl

KILLS ?= 200
SEED ?= 1

faults: $(READY) ## the fault matrix on real processes; ROWS=7,10 runs a part, KILLS=200 are row 2's
	@$(BIN)/python -m tests.faults --rows "$(ROWS)" --kills $(KILLS) --seed $(SEED)
