# Every target sets up what it needs in .venv first; on a fresh machine Python 3.11 to 3.13, git and make are enough.

# The newest Python that ansible-core 2.19 supports and that can make a virtual environment.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LINK := .build/link/ansible_collections/oaktree/multicloud
# Services that the local clouds run on request.
WITH ?= $(if $(FULL),designate barbican)
WITH_OPTION := $(if $(strip $(WITH)),--with "$(WITH)")
CLOUDS_YAML := $(abspath $(or $(OAKTREE_CLOUDS_DIR),.clouds))/clouds.yaml

# Tools that start other tools (molecule, ansible-lint, galaxy-importer) find them in the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# This checkout is tested, never a copy that the user has installed.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/link
# No tool may ask a server for newer versions of itself or for other collections.
export ANSIBLE_LINT_NODEPS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:

## Use

.PHONY: help
help:  ## Show the targets
	@awk -F ':.*## ' '/^## /{print "\n" substr($$0, 4)} /^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: clouds  ## Start the local clouds, run the demonstration, leave the clouds running
	mkdir -p .build/demo
	OS_CLIENT_CONFIG_FILE=$(CLOUDS_YAML) ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false \
		$(BIN)/ansible-playbook oaktree.multicloud.demo -e demo_report_directory=$(CURDIR)/.build/demo
	@echo
	@echo "The clouds keep running. To use them:"
	@echo "  export OS_CLIENT_CONFIG_FILE=$(CLOUDS_YAML) PATH=$(CURDIR)/$(BIN):\$$PATH"
	@echo "  ansible localhost -m oaktree.multicloud.server_info"
	@echo "To stop them: make clouds-down"
	@echo
	@echo "The report: $(CURDIR)/.build/demo/report.html"

.PHONY: clouds
clouds: $(READY)  ## Start the local clouds (SERVERS=200: with 200 servers; WITH="designate barbican": these as well)
	$(BIN)/python -m tests.support.local_clouds up $(if $(SERVERS),--servers $(SERVERS)) $(WITH_OPTION)

.PHONY: clouds-down
clouds-down: $(READY)  ## Stop the local clouds
	$(BIN)/python -m tests.support.local_clouds down

## Test

.PHONY: check
check: $(READY)  ## Run the quick part: lint but for playbooks, unit tests but for slow ones; a minute and a half
	$(BIN)/python -m tests.tools.run_parts quick-lint:600,quick-unit:600

.PHONY: test
test: $(READY)  ## Run everything, and show how long each part took
	$(BIN)/python -m tests.tools.run_parts lint:900,sanity:1200,package:600 unit:600 robustness:1200 integration:1800

.PHONY: lint
lint: $(READY)  ## Check style, types, dead code, playbooks, documentation and change log
	$(MAKE) --no-print-directory --keep-going quick-lint ansible-lint docs-lint docs

.PHONY: sanity
sanity: $(READY)  ## Run ansible-test sanity, without ignores
	$(BIN)/python -m tests.tools.sanity

.PHONY: unit
unit: $(READY)  ## Run the unit tests, the slow ones too
	$(BIN)/pytest -n 2 --durations=10 --durations-min=1 tests/unit

.PHONY: robustness
robustness: $(READY)  ## Run the tests of faults, kills, interrupts and herds (FULL=1: every fault with every scheme)
	FULL=$(FULL) $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests/robustness

.PHONY: soak
soak: $(READY)  ## Run 10,000 random operations on stand-in clouds under random faults (OPTIONS; docs/soak.md)
	$(BIN)/python -m tests.soak $(OPTIONS)

.PHONY: coverage
coverage: $(READY)  ## Run the unit and robustness tests, and show what of the collection they reach
	$(BIN)/coverage run -m pytest tests/unit tests/robustness
	$(BIN)/coverage report

.PHONY: integration
integration: $(READY)  ## Run the tests against the local clouds, started and stopped if they are not running (FULL=1)
	$(BIN)/python -m tests.tools.with_clouds $(WITH_OPTION) $(MAKE) --no-print-directory --keep-going cloud-tests scenarios \
		installed

.PHONY: matrix
matrix: $(READY)  ## Test with every line of ansible-core, in environments of their own (OPTIONS="--line 2.20-py3.13")
	OS_CLIENT_CONFIG_FILE=$(CLOUDS_YAML) $(BIN)/python -m tests.tools.with_clouds $(WITH_OPTION) \
		$(BIN)/python -m tests.tools.matrix $(OPTIONS)

.PHONY: bench
bench: $(READY)  ## Measure the collection beside others (OPTIONS="--full --peers": all of it; docs/benchmarks.md)
	$(BIN)/python -m tests.bench $(OPTIONS)

## Parts of the above

.PHONY: quick-lint
quick-lint: $(READY)  ## lint: what takes seconds
	$(MAKE) --no-print-directory --keep-going ruff types dead-code yamllint shellcheck changelog

# Half of their time most tests wait, so that four processes keep two cores busy. Their files are made in memory where
# there is room: a disk may take as long to remove them as the tests take.
MEMORY = $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 2000000 {print "/dev/shm"}')
.PHONY: quick-unit
quick-unit: $(READY)  ## unit: the tests that are not slow
	$(addprefix TMPDIR=,$(MEMORY)) $(BIN)/pytest -n 4 -o tmp_path_retention_policy=failed -m "not slow" tests/unit

.PHONY: dead-code
dead-code: $(READY)  ## lint: code that nothing uses, and code of the collection that only tests use
	$(BIN)/vulture plugins
	$(BIN)/vulture plugins tests

.PHONY: ruff
ruff: $(READY)  ## lint: style of Python
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(READY)  ## lint: types of Python
	$(BIN)/mypy -p ansible_collections.oaktree.multicloud.plugins -p tests

.PHONY: yamllint
yamllint: $(READY)  ## lint: style of YAML
	$(BIN)/yamllint --strict .

.PHONY: ansible-lint
ansible-lint: $(READY)  ## lint: playbooks, roles and scenarios, by the production profile
	$(BIN)/ansible-lint --offline --strict

.PHONY: shellcheck
shellcheck: $(READY)  ## lint: shell scripts
	$(BIN)/shellcheck .ci/run

.PHONY: changelog
changelog: $(READY)  ## lint: change log fragments
	$(BIN)/antsibull-changelog lint

.PHONY: docs
docs: $(READY)  ## lint: the site of guides and reference, built in .build/docs/html; every warning is an error
	$(BIN)/python -m tests.tools.site
	$(BIN)/python -m tests.tools.site_look

.PHONY: docs-lint
docs-lint: $(READY)  ## lint: documentation of modules and plugins
	$(BIN)/python -m tests.tools.tree antsibull-docs lint-collection-docs --plugin-docs \
		--validate-collection-refs dependent --disallow-unknown-collection-refs .

.PHONY: package
package: $(READY)  ## Build the artefact and make the check that Galaxy makes
	$(BIN)/python -m tests.tools.package

.PHONY: cloud-tests
cloud-tests: $(READY)  ## integration: pytest against running clouds
	$(BIN)/python -m tests.support.local_clouds status
	OS_CLIENT_CONFIG_FILE=$(CLOUDS_YAML) $(BIN)/pytest -n 2 --dist loadfile -m clouds tests/integration

.PHONY: scenarios
scenarios: $(READY)  ## integration: molecule scenarios against running clouds (SCENARIO=NAME: one)
	$(BIN)/molecule test $(if $(SCENARIO),-s $(SCENARIO),--all) --no-command-borders

.PHONY: installed
installed: $(READY)  ## integration: the demonstration from the artefact, installed into an empty environment
	OS_CLIENT_CONFIG_FILE=$(CLOUDS_YAML) $(BIN)/python -m tests.tools.installed

## Maintain

.PHONY: docs-links
docs-links: docs  ## Build the site and list the links that leave it
	@$(BIN)/python -m tests.tools.site links

.PHONY: lock
lock: $(READY)  ## Update requirements-dev.txt from requirements-dev.in
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --strip-extras --no-emit-options \
		--annotation-style line --output-file requirements-dev.txt requirements-dev.in

.PHONY: clean
clean:  ## Stop the clouds and remove everything that was made here, the environment too
	if [ -d .clouds ] && [ -e $(READY) ]; then $(BIN)/python -m tests.support.local_clouds down; fi
	rm -rf .ansible .build .cache .clouds .coverage .mypy_cache .pytest_cache .ruff_cache tests/output $(VENV)

$(READY): requirements-dev.txt | $(LINK)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed \
	(Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	cd "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
		&& mkdir -p ansible_collections/oaktree && ln -sfn "$(CURDIR)" ansible_collections/oaktree/multicloud
	touch $@

$(LINK):
	mkdir -p $(@D)
	ln -sfn ../../../.. $@
