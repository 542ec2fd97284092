# Everything runs in .venv, which the first target that needs it sets up, with the versions of constraints.txt.
PYTHON ?= python3
PORT ?= 8000
CONSOLE_PORT ?= 8001
MINUTES ?= 1
EXAMPLES ?= some
ROWS ?= 1000000
VENV ?= .venv
LOCK ?= constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/ready
GROUPS ?= dev neighbours docs
COMMA := ,
WORKERS ?= auto
EXTRAS := asgi,brotli,charts,check,console,mysql,oidc,office,postgres,redis,s3,serve,zstandard
# What `oidc` stands on needs a later cryptography than all else does.
LOWEST := $(subst oidc$(COMMA),,$(EXTRAS))
# What tests take from npm, where there is npm.
PACKAGES := $(if $(shell command -v npm),node_modules/.package-lock.json)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))

# Workers and commands would each compile every file anew.
unexport PYTHONDONTWRITEBYTECODE

# Tests wait for disks more than for anything else; they kill processes, not the machine, so that memory does as well.
MEMORY := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')
RUN = COMPLIANCE_EXAMPLES=$(EXAMPLES) $(addprefix TMPDIR=,$(MEMORY)) $(BIN)/python -m pytest --quiet \
    --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal

.PHONY: demo demo-code test test-browser test-cluster quick lowest latest constraints bench bench-large bench-browser bench-audit fuzz real lint build docs sbom assets translations screenshots widget htmx axe clean

# With MODE=opt-in or MODE=opt-out the site has trackers, and a page in one process that knows what they were asked for.
# Without one, the console of its editors stands beside it.
demo: $(READY) $(CATALOGUES)$(if $(MODE), build/demo-$(MODE).toml)
	@echo "The demo is at http://127.0.0.1:$(PORT) (stop it with Ctrl+C)."
ifdef MODE
	@echo "What its trackers are asked for is listed at http://127.0.0.1:$(PORT)/asked."
	@COMPLIANCE_SITE=demo.trackers:create_app COMPLIANCE_SETTINGS=build/demo-$(MODE).toml \
	    $(BIN)/gunicorn --bind 127.0.0.1:$(PORT) --workers 1 --threads 8 --log-level warning wsgi:app
else
	@$(BIN)/python -m demo.console $(CONSOLE_PORT) & console=$$!; trap "kill $$console 2>/dev/null" EXIT INT TERM; \
	    $(BIN)/gunicorn --bind 127.0.0.1:$(PORT) --workers 2 --threads 4 --log-level warning wsgi:app
endif

# The code with which one signs in to the demo's console, besides its password.
demo-code: $(READY)
	@$(BIN)/python -m demo.console

build/demo-%.toml: compliance.toml demo/trackers.toml
	@mkdir -p build
	@sed 's/^mode = .*/mode = "$*"/; s#"demo/#"../demo/#' compliance.toml | cat - demo/trackers.toml > $@

# All tests without a browser, and all with one: both on three tenths of the examples, or with EXAMPLES=all, as
# `.ci/run` has it, on all.
# What opens no browser waits a fifth of its time, for servers and for what it started: one more takes that.
test: WORKERS = $(shell expr $$(nproc) + 1)
test test-browser: $(READY) $(CATALOGUES) $(PACKAGES)
	@$(RUN) -r fEs -m "$(if $(filter test,$@),not browser and not cluster,browser)" $(ARGS)

# Clusters of databases under load, parts of which are killed, stopped and cut off; the tests of a file share one.
test-cluster: $(READY) $(CATALOGUES)
	@$(RUN) -r fEs --dist loadfile --maxprocesses 2 -m cluster $(ARGS)

# What one runs after every edit: no browser, no server, no package built, few examples.
quick: EXAMPLES = few
quick: $(READY) $(CATALOGUES)
	@$(RUN) -m "not slow" $(ARGS)

# Lock what tests install: the newest versions that go together, and the lowest of what pyproject.toml allows.
constraints: NOTE := made by `make constraints`; an installation takes what pyproject.toml allows.
constraints: $(READY)
	@rm -rf build/newest build/lowest
	@$(MAKE) --no-print-directory VENV=build/newest LOCK= build/newest/ready
	@{ echo '# What tests install, $(NOTE)'; \
	    build/newest/bin/python -m pip freeze --all --exclude-editable; } > constraints.txt
	@$(PYTHON) -m venv build/lowest
	@build/lowest/bin/python -m pip install --quiet --quiet --upgrade pip
	@$(BIN)/uv pip install --quiet --python build/lowest --resolution lowest-direct --editable '.[$(LOWEST)]'
	@$(BIN)/uv pip freeze --quiet --python build/lowest --exclude-editable > build/lowest.txt
	@$(BIN)/uv pip install --quiet --python build/lowest --constraint build/lowest.txt --group dev
	@{ echo '# What `make lowest` installs, $(NOTE)'; \
	    build/lowest/bin/python -m pip freeze --all --exclude-editable; } > constraints-lowest.txt

# What `quick` runs, on the lowest versions that are promised to do.
lowest:
	@$(MAKE) --no-print-directory VENV=build/lowest LOCK=constraints-lowest.txt GROUPS=dev EXTRAS=$(LOWEST) quick

# All tests on the newest versions, and what those are.
latest:
	@rm -rf build/newest
	@$(MAKE) --no-print-directory VENV=build/newest LOCK= build/newest/ready
	@build/newest/bin/python -m pip freeze --all --exclude-editable | diff --unified=0 constraints.txt - | grep '^[+-][^+-]' || true
	@$(MAKE) --no-print-directory VENV=build/newest LOCK= test test-browser test-cluster

bench: $(READY) $(CATALOGUES)
	@$(BIN)/python -m bench

# Boxes and ledgers of a million, which take longer to fill than all else takes; one ledger, of four years, has ROWS.
bench-large: $(READY) $(CATALOGUES)
	@ROWS=$(ROWS) $(BIN)/python -m bench large

# LOADS=3 of each page for a quick look.
bench-browser: $(READY) $(CATALOGUES) bench/node_modules/.package-lock.json
	@$(BIN)/python -m bench.browser

# `check --browser` beside other tools, which take minutes: PAGES=1 of each site, TOOLS="lighthouse pa11y" for some of them.
bench-audit: $(READY) $(CATALOGUES) bench/node_modules/.package-lock.json build/demo-opt-in.toml
	@$(BIN)/python -m bench.beside

# Inputs made up at random for all that reads what others write, MINUTES for each target, or for those of ARGS.
fuzz: $(READY) $(CATALOGUES)
	@$(BIN)/python -W ignore -m fuzz --minutes $(MINUTES) $(ARGS)

# Applications of others without and with us: all of them, or those that ARGS names.
real: $(READY) $(CATALOGUES)
	@$(BIN)/python -m real $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

build: $(READY)
	@$(BIN)/python -m build

# The site of documentation: build/docs/site, for any web server.
docs: $(READY)
	@$(BIN)/python -m docs.website build/docs

# What an installation with every extra consists of, in CycloneDX: dist/flask-compliance.cdx.json.
sbom:
	@mkdir -p dist
	@rm -rf build/installed build/cyclonedx
	@$(PYTHON) -m venv build/installed && $(PYTHON) -m venv build/cyclonedx
	@build/installed/bin/python -m pip install --quiet --quiet --constraint $(LOCK) '.[$(EXTRAS)]'
	@build/installed/bin/python -m pip uninstall --quiet --yes pip
	@build/cyclonedx/bin/python -m pip install --quiet --quiet --upgrade pip
	@build/cyclonedx/bin/python -m pip install --quiet --quiet --group sbom
	@build/cyclonedx/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible \
	    --output-file dist/flask-compliance.cdx.json build/installed/bin/python

# Minify and compress what readers load: assets/ into compliance/static/.
assets: $(READY) $(PACKAGES)
	@$(BIN)/python -m assets $(ARGS)

# Collect what templates and code say, bring every catalogue up to date, compile it.
translations: $(READY)
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --no-location --sort-output \
	    --project flask-compliance --output translations/compliance.pot .
	@$(BIN)/pybabel --quiet extract --mapping-file babel-owner.cfg --keywords Message --no-location --sort-output \
	    --project flask-compliance --output translations/compliance-owner.pot compliance templates/console
	@$(BIN)/pybabel --quiet update --domain compliance --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
	    --input-file translations/compliance.pot --output-dir translations
	@$(BIN)/pybabel --quiet update --domain compliance-owner --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
	    --input-file translations/compliance-owner.pot --output-dir translations
	@sed --in-place '/^"Generated-By: /d' translations/*/LC_MESSAGES/*.po # it would change with every version of Babel
	@$(BIN)/pybabel --quiet compile --domain "compliance compliance-owner" --directory translations --statistics

screenshots: $(READY) $(CATALOGUES)
	@$(BIN)/python docs/screenshots.py

# The widget of the proof of work, as its makers built it for pages with a strict policy: one script and its worker.
widget: ALTCHA := 3.2.2
widget: SHA256 := 0a1d0759ac0c4ada26e0622a6f8a0926da915078f27b3edec87453f8db33131c
widget:
	@rm -rf build/widget && mkdir -p build/widget
	@cd build/widget && npm pack --silent altcha@$(ALTCHA) >/dev/null
	@echo "$(SHA256)  build/widget/altcha-$(ALTCHA).tgz" | sha256sum --check --quiet
	@tar --extract --gzip --directory build/widget --file build/widget/altcha-$(ALTCHA).tgz
	@mkdir -p compliance/static/altcha
	@cp build/widget/package/dist/external/altcha.min.js build/widget/package/dist/workers/pbkdf2.js \
	    build/widget/package/LICENSE.txt compliance/static/altcha/

# What updates parts of the console's pages, as its makers built it.
htmx: HTMX := 2.0.11
htmx: SHA256 := 165a2655073e9e6e55e307a7c74e8ebcdb76afb7701f9c16cfd106a13add408e
htmx:
	@rm -rf build/htmx && mkdir -p build/htmx compliance/console/static/htmx
	@cd build/htmx && npm pack --silent htmx.org@$(HTMX) >/dev/null
	@echo "$(SHA256)  build/htmx/htmx.org-$(HTMX).tgz" | sha256sum --check --quiet
	@tar --extract --gzip --directory build/htmx --file build/htmx/htmx.org-$(HTMX).tgz
	@cp build/htmx/package/dist/htmx.min.js compliance/console/static/htmx/
	@cp build/htmx/package/LICENSE compliance/console/static/htmx/LICENSE.txt

# What finds barriers for people with disabilities in a page that a browser shows, as its makers built it, and what it
# says in Chinese.
axe: AXE := 4.14.1
axe: SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
axe:
	@rm -rf build/axe && mkdir -p build/axe
	@cd build/axe && npm pack --silent axe-core@$(AXE) >/dev/null
	@echo "$(SHA256)  build/axe/axe-core-$(AXE).tgz" | sha256sum --check --quiet
	@tar --extract --gzip --directory build/axe --file build/axe/axe-core-$(AXE).tgz
	@mkdir -p compliance/audit/browser/axe
	@cd build/axe/package && cp axe.min.js locales/zh_CN.json LICENSE LICENSE-3RD-PARTY.txt 	    $(CURDIR)/compliance/audit/browser/axe/

clean:
	rm -rf .venv dist build node_modules bench/node_modules $(CATALOGUES)

$(READY): pyproject.toml hatch_build.py $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3")'
	@echo "Setting up $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --upgrade $(addprefix --constraint ,$(LOCK)) pip
	@$(BIN)/python -m pip install --quiet --quiet $(foreach kind,constraint build-constraint,$(addprefix --$(kind) ,$(LOCK))) \
	    $(addprefix --group ,$(GROUPS)) --editable '.[$(EXTRAS)]'
	@touch $@

$(CATALOGUES): %.mo: %.po | $(READY)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

$(PACKAGES): package.json package-lock.json .npmrc
	@npm ci --silent --ignore-scripts
	@touch $@

bench/node_modules/.package-lock.json: bench/package.json bench/package-lock.json
	@npm ci --silent --ignore-scripts --prefix bench
	@touch $@
