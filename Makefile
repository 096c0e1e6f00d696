.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
SEED ?= 1
SEEDS ?= 9920
FROM ?= 80
WAITS ?= 2
REQUESTS ?= 10000
SECONDS ?= 60
KILLS ?= 30
MINUTES ?= 60
CUTS ?= 1000
# What is started often starts from compiled files, wherever `make` was called.
unexport PYTHONDONTWRITEBYTECODE
PACKAGES := activities archive client doctor domain gateway papers process protocol rehearsal workflows

.PHONY: bundle bundle-proof release release-twice cluster-build cluster-up cluster-status cluster-down cluster-bench drill help kustomize venv all-tests slow whole audit bench benches bugs chaos restored fuzz fuzz-parsers recuts lock demo pictures test campaign seeds soak check format simulate golden histories reference rules rules-lock site schemas vectors words clean

help: ## list every chore
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{sub(/:.*/, "", $$1); printf "  make %-13s %s\n", $$1, $$2}'

venv: $(STAMP) ## make .venv with the `vigil` command and every tool, from the lock with hashes

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Vigil needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make venv PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "Making .venv (once, about half a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## rehearse a real operation, Almaty to Tashkent, and verify its evidence
	@rm -rf build/demo
	@$(BIN)/vigil rehearse examples/almaty-tashkent/plan.yaml --keep build/demo
	@$(BIN)/vigil verify build/demo/saxaul-22.packet.json --directory build/demo/directory.yaml

test: $(STAMP) ## run the tests (warnings are errors)
	@$(BIN)/python -m pytest -n 4 --dist worksteal

slow: $(STAMP) ## run the tests that `make test` leaves out: what wants a server, a real browser, processes killed, parsers given nonsense
	@$(BIN)/python -m pytest -n 4 --dist worksteal -m "(browser or kill or slow) and not whole"

all-tests: test slow ## run every test but those of `make whole`

whole: $(STAMP) ## go through all of what tests sample: every bit of a packet, every forgery, every guess, every change; and measure
	@$(BIN)/python -m pytest -n auto -m whole

campaign: seeds whole fuzz ## do what `make seeds`, `make whole` and `make fuzz` do, then every change of a plan at every wait and contingency, time passing WAITS=N times
	@$(BIN)/python -m rehearsal --changes $(WAITS)

seeds: $(STAMP) ## simulate SEEDS=N deliveries full of trouble from FROM=N on, every invariant checked
	@$(BIN)/python -m rehearsal --seed $(FROM) --seeds $(SEEDS)

check: $(STAMP) ## format, lint, strict types, import contracts, spelling, security, dependencies, deployment schemas
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/typos
	@$(BIN)/bandit --quiet --recursive -ll $(PACKAGES) worker.py
	@$(BIN)/python -m tests.dependencies
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose/compose.yaml

format: $(STAMP) ## format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

simulate: $(STAMP) ## replay one simulated delivery step by step: make simulate SEED=7 (SEEDS=N runs many)
	@$(BIN)/python -m rehearsal --seed $(SEED) --seeds $(if $(filter command line,$(origin SEEDS)),$(SEEDS),1)

words: $(STAMP) ## gather what people are told for translators, and put their translations to use
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping-file process/locale/babel.cfg --keyword mark --keyword fill --no-location --sort-output --project Vigil --output-file build/vigil.pot .
	@$(BIN)/pybabel --quiet update --domain vigil --input-file build/vigil.pot --output-dir process/locale --no-fuzzy-matching --ignore-pot-creation-date --no-wrap
	@$(BIN)/pybabel --quiet extract --mapping-file process/locale/terms.cfg --no-location --sort-output --project Vigil --output-file build/terms.pot .
	@$(BIN)/pybabel --quiet update --domain terms --input-file build/terms.pot --output-dir process/locale --no-fuzzy-matching --ignore-pot-creation-date --no-wrap
	@sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By)/d' process/locale/*/LC_MESSAGES/*.po
	@$(BIN)/pybabel --quiet compile --domain vigil --directory process/locale

pictures: $(STAMP) ## take a picture of every page in build/pictures, as a screen, a telephone and paper show it (needs Chromium)
	@$(BIN)/python -m tests.gateway.pictures

schemas: $(STAMP) ## write docs/schemas anew: what people write, what is sent, and what is recorded
	@$(BIN)/python -m tests.docs.published schemas

vectors: $(STAMP) ## write docs/vectors anew (proofs, envelopes, trees, receipts, a packet), and what docs/protocol.md computes
	@$(BIN)/python -m tests.docs.published vectors
	@$(BIN)/python -m tests.docs.published protocol

rules: $(STAMP) ## write docs/rules.md and docs/replay.md anew: every rule, code, kind of statement and contingency, and how all are run again
	@$(BIN)/python -m tests.docs.law
	@$(BIN)/python -m tests.docs.replay

reference: $(STAMP) ## write docs/reference anew: every command, every call of the API, every field of a plan and a packet
	@$(BIN)/python -m tests.docs.reference

site: $(STAMP) ## make the documentation site in build/site, by reader, for any browser and without a network; a link that leads nowhere fails
	@$(BIN)/python -m tests.docs.site

rules-lock: $(STAMP) ## lock the rules as they are, on purpose: say in the commit's message why they change
	@$(BIN)/python -m tests.rules_lock

golden: $(STAMP) ## record the golden ledgers of the newest rules anew (minutes; only while there is no release)
	@$(BIN)/python -m tests.goldens

histories: $(STAMP) ## record new Temporal histories for the replay tests (old ones are never deleted)
	@$(BIN)/python -m tests.workflows.record_histories

recuts: $(STAMP) ## cut the recorded runs into other tasks, each end of a task taken away and CUTS=1000 ways more, from SEED=1: no receipt or root may differ
	@$(BIN)/python -m tests.workflows.recutting --cuts $(CUTS) --seed $(SEED)

bench: $(STAMP) ## measure how new the board is, and what Vigil costs over bare Temporal, three ways in one run: make bench ARGS='-o json'
	@$(BIN)/python -m bench.freshness; kept=$$?; $(BIN)/python -m bench $(ARGS) && exit $$kept

benches: $(STAMP) ## measure everything else that Vigil promises of its speed, one after another (an hour)
	@$(BIN)/python -m bench.encryption
	@$(BIN)/python -m bench.reads
	@$(BIN)/python -m bench.hostile
	@$(BIN)/python -m bench.revocation
	@$(BIN)/python -m bench.archive
	@$(BIN)/python -m bench.largest
	@$(BIN)/python -m bench.crowd $(if $(SIZES),--sizes $(SIZES))
	@$(BIN)/python -m bench.sweep
	@$(BIN)/python -m bench.claims
	@$(BIN)/python -m bench.scale
	@$(BIN)/python -m bench.starts
	@$(BIN)/python -m bench.floor
	@$(BIN)/python -m bench.journeys
	@$(BIN)/python -m bench.papers

chaos: $(STAMP) ## let everything go wrong under load until KILLS=30 processes were killed with each of SEEDS=1,2: it goes on where it was ended
	@$(BIN)/python -m bench.chaos --kills $(KILLS) --seeds $(if $(filter command line,$(origin SEEDS)),$(SEEDS),1) $(if $(ONLY),--only $(ONLY))

restored: $(STAMP) ## lose a machine with all that lies on it, under load, and put it back by the scripts of deploy/systemd
	@$(BIN)/python -m bench.chaos.restored

soak: $(STAMP) ## MINUTES=60 of mixed load on real processes: no memory, task, thread, socket or file may grow; a picture in build/soak.svg
	@$(BIN)/python -m bench.soak --minutes $(MINUTES)

cluster-build: ## build Temporal's server for deploy/cluster, and the version before it, from their Go modules (needs Go; minutes)
	@mkdir -p build/cluster
	@cd deploy/cluster/temporal && go build -trimpath -buildvcs=false -ldflags="-s -w" -o $(CURDIR)/build/cluster/temporal-node .
	@cd deploy/cluster/temporal && go build -trimpath -buildvcs=false -ldflags="-s -w" -modfile=before.mod -o $(CURDIR)/build/cluster/temporal-node-before .

cluster-up: $(STAMP) ## bring up a cluster on this machine: see deploy/cluster/README.md (needs root, PostgreSQL and haproxy; ARGS=--before: Temporal's version before)
	@$(BIN)/python -m deploy.cluster up $(ARGS)

cluster-status: $(STAMP) ## what of the cluster runs
	@$(BIN)/python -m deploy.cluster status

cluster-down: $(STAMP) ## end what `make cluster-up` started (ARGS=--wipe: and remove all that it keeps)
	@$(BIN)/python -m deploy.cluster down $(ARGS)

cluster-bench: $(STAMP) ## measure on the cluster what `make bench`, bench.crowd and bench.claims measure on one machine: ARGS=ways, ARGS='crowd --sizes 100 1000' or ARGS=claims
	@$(BIN)/python -m deploy.cluster.measure $(or $(ARGS),ways)

drill: $(STAMP) ## kill, fail over, upgrade and restore the cluster under load, and compare all receipts (ARGS='--part failover': one part)
	@$(BIN)/python -m deploy.cluster.drill $(ARGS)

bugs: $(STAMP) ## plant bugs one at a time and see that the tests that must catch them do (ONLY=R15: those of one rule)
	@$(BIN)/python -m tests.planted_bugs $(ONLY)

fuzz: $(STAMP) ## REQUESTS=10000 requests at a real gateway, made from its own OpenAPI document
	@$(BIN)/python -m tests.fuzz.door --requests $(REQUESTS) --seed $(SEED)

fuzz-parsers: $(STAMP) ## everything that reads bytes from outside under atheris, SECONDS=60 each (Linux on x86-64)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade --target build/atheris --requirement tests/fuzz/atheris.lock
	@PYTHONPATH=build/atheris $(BIN)/python -m tests.fuzz.follow --seconds $(SECONDS)

audit: $(STAMP) ## look for known vulnerabilities of what is locked (needs the network)
	@$(BIN)/python -m tests.dependencies --advisories

kustomize: $(STAMP) ## compare what the tests build of deploy/kustomize with what kustomize makes (KUSTOMIZE names the program; else kustomize or kubectl)
	@$(BIN)/python -m tests.deploy.kustomized

bundle: $(STAMP) ## make in dist/ what a machine like this one installs without a network: wheels, digests, bill of materials, scripts
	@$(BIN)/python -m deploy.bundle

bundle-proof: bundle ## install that, rehearse, look with the doctor, change over and back, where there is no network (Linux; as root or with user namespaces)
	@PYTHON="$$($(BIN)/python -c 'import sys; print(sys._base_executable)')" sh deploy/bundle/proof.sh dist/vigil-*.tar

release: $(STAMP) ## make in dist/ the wheel, the source distribution and the bundle of this commit, with their digests
	@$(BIN)/python -m deploy.bundle --release

release-twice: $(STAMP) ## make the release twice, and compare every byte
	@$(BIN)/python -m deploy.bundle --release --twice

lock: ## resolve dependencies anew into requirements.lock (needs the `uv` command)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group pyproject.toml:dev pyproject.toml --output-file requirements.lock
	@sed -i '1i # Every dependency with the digests of its files. Made by `make lock`; do not edit by hand.' requirements.lock

clean: ## remove what was built
	@rm -rf .venv build dist dist.half .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
