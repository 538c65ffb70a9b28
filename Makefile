.DEFAULT_GOAL := help
SHELL := bash
ENV ?= local
PYTHON ?= python3.11
AERODROME := .venv/bin/aerodrome
COMMON := --env $(ENV)
HOSTS = $(if $(LIMIT),--limit '$(LIMIT)') $(if $(ASK_SUDO),--ask-sudo) $(if $(VERBOSE),--verbose '$(VERBOSE)')
RESOLVE := .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
TWO_AT_ONCE := -n 2 --no-loadscope-reorder
# Container images like to set it; without bytecode every process compiles Airflow again, seconds each time.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(wildcard environments/$(ENV)/environment.yaml),)
$(error unknown ENV '$(ENV)'; choose one of: $(notdir $(patsubst %/environment.yaml,%,$(wildcard environments/*/environment.yaml))))
endif

##@ Every command takes ENV=<folder of environments/>, by default local

help:  ## list the commands
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) } /^[a-z.-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Tenant

tenant: venv  ## NAME=x: a new tenant folder that passes at once
	@$(AERODROME) tenant '$(NAME)'

check: venv  ## [TENANT=x]: validate, render and import every DAG
	@$(AERODROME) check $(COMMON) $(if $(TENANT),--tenant '$(TENANT)')

test: venv  ## [TENANT=x]: all tests of the platform, or check and the tenant's own tests
	@$(if $(TENANT),$(AERODROME) test '$(TENANT)' $(COMMON),.venv/bin/python -m pytest $(TWO_AT_ONCE) $(PYTEST))

# As it was typed: make would take the $ of a value for the beginning of a variable of its own.
run: override export CONF := $(value CONF)
run: venv  ## DAG=x.y [CONF='{…}']: run one DAG once, without a scheduler, and print its logs
	@$(AERODROME) run '$(DAG)' $(COMMON) $(if $(CONF),--conf "$$CONF")

dev: venv  ## watch tenants/ and publish on every save
	@$(AERODROME) dev $(COMMON)

lock-tenant: venv  ## TENANT=x [UPGRADE=1]: resolve the tenant's pyproject.toml into its hashed lock
	@$(AERODROME) lock '$(TENANT)' $(if $(UPGRADE),--upgrade)

operators: venv  ## list the operators that a manifest can use
	@$(AERODROME) operators

##@ Platform

plan: venv  ## [OUT=folder] [JSON=1]: show what a deploy would change, and keep it as a plan that has a hash
	@$(AERODROME) plan $(COMMON) $(if $(OUT),--out '$(OUT)') $(if $(JSON),--json)

deploy: venv  ## [PLAN=<hash>] [CONFIRM=a,b] [YES=1]: bring the environment to what this commit says, or to a plan alone
	@$(AERODROME) deploy $(COMMON) $(if $(PLAN),--plan '$(PLAN)') $(if $(CONFIRM),--confirm '$(CONFIRM)') $(if $(YES),--yes)

promote: venv  ## FROM=<environment> TO=<the one after it> [CONFIRM=a,b] [YES=1]: its commit and images, and nothing else
	@$(AERODROME) promote --from '$(FROM)' --to '$(TO)' $(if $(CONFIRM),--confirm '$(CONFIRM)') $(if $(YES),--yes)

rollback: venv  ## [TO=<number>]: have run again what ran before the last deploy, in a cluster
	@$(AERODROME) rollback $(COMMON) $(if $(TO),--to '$(TO)')

drift: venv  ## [JSON=1]: what there is against what this work tree declares; exit 3 where they differ
	@$(AERODROME) drift $(COMMON) $(if $(JSON),--json)

diff-env: venv  ## A=x B=y [LIVE=1] [JSON=1]: what this work tree declares otherwise for two environments, or what runs there
	@$(AERODROME) diff-env '$(A)' '$(B)' $(if $(LIVE),--live) $(if $(JSON),--json)

images: venv  ## [JSON=1]: build and push every image that the environment's registry lacks
	@$(AERODROME) images $(COMMON) $(if $(JSON),--json)

status: venv  ## [JSON=1]: what runs, queues, hosts, the last deploys, DAGs that fail, are broken or run no more
	@$(AERODROME) status $(COMMON) $(if $(JSON),--json)

logs: venv  ## [PROCESS=scheduler]: the end of the processes' logs
	@$(AERODROME) logs $(COMMON) $(if $(PROCESS),'$(PROCESS)')

down: venv  ## stop everything, keep all data
	@$(AERODROME) down $(COMMON)

destroy: venv  ## stop everything and delete all data, after a confirmation (YES=1: without)
	@$(AERODROME) destroy $(COMMON) $(if $(YES),--yes)

remove-tenant: venv  ## TENANT=x: delete what a tenant without a folder has left, after a confirmation (YES=1: without)
	@$(AERODROME) remove-tenant '$(TENANT)' $(COMMON) $(if $(YES),--yes)

secret: venv  ## TENANT=x NAME=y [KIND=variable] [TYPE=z] [DELETE=1]: write a connection or variable, asked for unseen
	@$(AERODROME) secret '$(TENANT)' '$(NAME)' $(COMMON) $(if $(KIND),--kind '$(KIND)') $(if $(TYPE),--type '$(TYPE)') $(if $(DELETE),--delete) $(if $(YES),--yes)

login-secret: venv  ## give the login its own passwords for directory or provider, asked for unseen
	@$(AERODROME) login-secret $(COMMON)

roles: venv  ## [DRY_RUN=1] [FORCE=1]: let roles follow the directory now, or show what would change
	@$(AERODROME) roles $(COMMON) $(if $(DRY_RUN),--dry-run) $(if $(FORCE),--force)

bundle-history: venv  ## list what was published
	@$(AERODROME) bundle-history $(COMMON)

bundle-rollback: venv  ## TO=<commit>: publish an earlier bundle again
	@$(AERODROME) bundle-rollback '$(TO)' $(COMMON)

##@ Operations

workers: venv  ## [LIMIT=host,group] [CHECK=1] [ASK_SUDO=1] [VERBOSE=1]: make hosts of the inventory workers, or upgrade them
	@$(AERODROME) workers $(COMMON) $(HOSTS) $(if $(CHECK),--check)

drain: venv  ## LIMIT=host|all [TIMEOUT=30m]: let hosts take no further task, and wait for the running ones
	@$(AERODROME) drain $(COMMON) $(HOSTS) $(if $(TIMEOUT),--timeout '$(TIMEOUT)')

remove: venv  ## LIMIT=host: revoke a host's credentials at once and take the platform off it (YES=1: without asking)
	@$(AERODROME) remove-host $(COMMON) $(HOSTS) $(if $(YES),--yes)

inventory: venv  ## list the hosts outside and their queues
	@$(AERODROME) inventory $(COMMON)

check-hosts: venv  ## [LIMIT=host] [JSON=1]: how each host stands to this commit, and what runs there
	@$(AERODROME) check-hosts $(COMMON) $(HOSTS) $(if $(JSON),--json)

##@ Repository

venv: .venv/.installed  ## install uv and the hashed lock into .venv

helm: venv  ## fetch the helm programs, hashes checked, into .venv/helm
	@$(AERODROME) helm

chart: helm  ## every test of the chart, on two cores
	@.venv/bin/python -m pytest $(TWO_AT_ONCE) tests/chart $(PYTEST)

schema: venv  ## write the JSON Schemas that editors use
	@$(AERODROME) docs --only schemas

docs: venv  ## write the generated reference pages
	@$(AERODROME) docs

lint: venv  ## ruff, mypy, layers, shell scripts, roles, generated pages
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/shellcheck .ci/run .ci/install ansible/run-molecule tests/hosts/programs/ansible-playbook
	cd ansible && PATH="$(CURDIR)/.venv/bin:$$PATH" VIRTUAL_ENV="$(CURDIR)/.venv" ansible-lint --offline -q
	$(AERODROME) docs --check

test-security: venv  ## as root: attacks of one tenant on another and on the platform
	@.venv/bin/python tests/security/run.py $(PYTEST)

cluster: venv  ## as root: a Kubernetes on this machine, without Docker; prints its KUBECONFIG
	@.venv/bin/python tests/cluster/run_cluster.py

cluster-down: venv  ## remove it, with everything in it
	@.venv/bin/python tests/cluster/run_cluster.py down

cluster-programs: venv  ## as root: compile what it is made of, once: ten minutes
	@.venv/bin/python tests/cluster/run_cluster.py programs

test-cluster: helm  ## as root: [ALL=1]: alerts with promtool; deploys to a Kubernetes of this machine, or that of KUBECONFIG
	@.venv/bin/python tests/cluster/run_tests.py $(if $(ALL),--all) $(PYTEST)

hosts-image: venv  ## as root: make the base of test hosts, once
	@.venv/bin/python tests/hosts/run.py hosts-image

hosts: venv  ## as root: start the three test hosts of ENV=lab on this machine
	@.venv/bin/python tests/hosts/run.py hosts

hosts-down: venv  ## as root: remove them
	@.venv/bin/python tests/hosts/run.py hosts-down

test-roles: venv  ## as root: [ROLES="a b"] [SCENARIO=x]: the scenarios of Ansible's roles on hosts with systemd
	@.venv/bin/python tests/hosts/run_roles.py $(ROLES) $(if $(SCENARIO),--scenario '$(SCENARIO)')

test-hosts: venv  ## as root: a platform with three hosts from end to end; PYTEST=--beside-hadoop: and a Hadoop
	@.venv/bin/python tests/hosts/run_tests.py $(PYTEST)

security-page: venv  ## docs/reference/security.md, from the last run of test-security
	@cd tests/security && ../../.venv/bin/python -m suite.page

bench: venv  ## [ROWS=a,b]: measure every figure of docs/reference/benchmarks.md
	@.venv/bin/python tests/bench/run.py $(if $(ROWS),--rows $(ROWS))

# Of every machine; of what makes a machine ready for it; of workers on hosts.
lock: venv  ## resolve pyproject.toml into the three locks again
	$(RESOLVE) --all-extras pyproject.toml -o requirements.lock
	echo uv | $(RESOLVE) -c requirements.lock - -o bootstrap.lock
	$(RESOLVE) --extra airflow -c requirements.lock pyproject.toml -o ansible/worker.lock

.venv/.installed: requirements.lock bootstrap.lock pyproject.toml
	@bash .ci/install $(PYTHON)

.PHONY: help helm chart test-security cluster cluster-programs cluster-down test-cluster hosts-image hosts hosts-down test-roles test-hosts security-page roles login-secret secret tenant check test run dev lock-tenant operators plan deploy promote rollback images status logs down destroy remove-tenant workers drain remove inventory check-hosts bundle-history bundle-rollback venv schema docs lint bench lock drift diff-env
