# Everything runs in .venv, which the first target that needs it sets up.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
READY := .venv/ready
# What tests take from npm, where there is npm.
PACKAGES := $(if $(shell command -v npm),node_modules/.package-lock.json)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))

.PHONY: demo test bench bench-browser lint build assets translations screenshots widget clean

demo: $(READY) $(CATALOGUES)
	@echo "The demo is at http://127.0.0.1:$(PORT) (stop it with Ctrl+C)."
	@$(BIN)/gunicorn --bind 127.0.0.1:$(PORT) --workers 2 --threads 4 --log-level warning wsgi:app

test: $(READY) $(CATALOGUES) $(PACKAGES)
	@$(BIN)/python -m pytest --quiet --numprocesses auto --maxprocesses 8 -r fEs $(ARGS)

bench: $(READY) $(CATALOGUES)
	@$(BIN)/python -m bench $(ARGS)

bench-browser: $(READY) $(CATALOGUES) bench/node_modules/.package-lock.json
	@$(BIN)/python -m bench.browser

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

build: $(READY)
	@$(BIN)/python -m build

# Minify and compress what readers load: assets/ into compliance/static/.
assets: $(READY) $(PACKAGES)
	@$(BIN)/python -m assets $(ARGS)

# Collect what templates and code say, bring every catalogue up to date, compile it.
translations: $(READY)
	@$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --no-location --sort-output \
	    --project flask-compliance --output translations/compliance.pot .
	@$(BIN)/pybabel --quiet update --domain compliance --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
	    --input-file translations/compliance.pot --output-dir translations
	@sed --in-place '/^"Generated-By: /d' translations/*/LC_MESSAGES/*.po # it would change with every version of Babel
	@$(BIN)/pybabel --quiet compile --domain compliance --directory translations --statistics

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

clean:
	rm -rf .venv dist build node_modules bench/node_modules $(CATALOGUES)

$(READY): pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3")'
	@echo "Setting up .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --quiet --group dev --editable '.[brotli,charts,check,mysql,postgres,redis,zstandard]'
	@touch $@

$(CATALOGUES): %.mo: %.po | $(READY)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

$(PACKAGES): package.json package-lock.json .npmrc
	@npm ci --silent --ignore-scripts
	@touch $@

bench/node_modules/.package-lock.json: bench/package.json bench/package-lock.json
	@npm ci --silent --ignore-scripts --prefix bench
	@touch $@
