PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.brokerkit-installed
PACKAGES := pyproject.toml plugins/kis/pyproject.toml plugins/kiwoom/pyproject.toml

LOWEST := build/lowest
FACTS ?= ../shared/wire

# Many tests start programs: those would compile all that they import, every time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick slow check docs bench lowest proof proof-release proof-table zoo adapter-mutants catalogue official venv wheels clean

demo: venv
	$(BIN)/brokerkit demo

# Format and types are looked at while the tests run: one core alone would be busy with them.
test: venv
	$(MAKE) --no-print-directory -j2 check quick

# Four processes for two cores: many tests wait more than they compute. In the order of the names, for those that wait
# longest have few tests in a file and would come last.
quick: venv
	$(BIN)/python -m pytest -q --numprocesses 4 --dist loadfile --no-loadscope-reorder -m "not slow"

# What is slow by its nature: the site, checks of types as users run them, the examples, consoles of all kinds,
# benchmarks, long searches for odd answers.
slow: venv
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile -m slow

check: venv
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary -p brokerkit -p brokerkit_kis -p brokerkit_kiwoom -p benchmarks -p proof -p facts

docs: venv
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html -d build/doctrees docs build/site

proof: venv
	$(BIN)/python -m proof

proof-release: venv
	$(BIN)/python -m proof --release

# Small bad adapters, each of which a named check of the conformance kit has to catch.
zoo: venv
	$(BIN)/python -m proof zoo

# Mistakes planted in the two adapters that come with brokerkit; the kit alone has to notice every one.
adapter-mutants: venv
	$(BIN)/python -m proof adapter_mutants

# How far each verb is proven, into docs/brokers.md and docs/brokers.ko.md; a test fails where one is out of date.
proof-table: venv
	$(BIN)/python -m proof.proven --write

# What every API of the brokers is, out of a folder of facts and what people have looked at by hand.
catalogue: venv
	$(BIN)/python -m facts $(FACTS)

# The brokers' own samples at the sandbox and as raw calls: what they ask is read from the folder of facts.
official: venv
	BROKERKIT_WIRE_EXAMPLES=$(FACTS) $(BIN)/python -m proof official

bench: venv
	-$(BIN)/python -m benchmarks.sandbox
	-$(BIN)/python -m benchmarks.journal
	-$(BIN)/python -m benchmarks.growth
	-$(BIN)/python -m benchmarks.many
	-$(BIN)/python -m benchmarks.masters
	-$(BIN)/python -m benchmarks.catalogue
	-$(BIN)/python -m benchmarks.raw
	-$(BIN)/python -m benchmarks.charts
	-$(BIN)/python -m benchmarks.streams
	-$(BIN)/python -m benchmarks.sharing_streams
	-$(BIN)/python -m benchmarks.sharing
	$(BIN)/python -m benchmarks.report $(if $(WRITE),--calls 100000 --write)

# The tests once more, with the lowest version of everything that pyproject.toml allows.
lowest:
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt \
		hatchling editables
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt \
		--no-build-isolation --editable ".[dev]" --editable plugins/kis --editable plugins/kiwoom
	$(LOWEST)/bin/python -m pytest -q --numprocesses 2 --dist loadfile

venv: $(STAMP)

# The build backend comes from the constraints file first: constraints do not reach isolated build environments.
$(STAMP): constraints.txt $(PACKAGES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation \
		--editable ".[dev]" --editable plugins/kis --editable plugins/kiwoom
	touch $(STAMP)

wheels: venv
	rm -rf dist
	for package in . plugins/kis plugins/kiwoom; do \
		$(BIN)/python -m build --no-isolation --wheel --outdir dist $$package || exit 1; done

clean:
	rm -rf $(VENV) dist build docs/reference/apis .pytest_cache .mypy_cache .ruff_cache .hypothesis
