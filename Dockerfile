# One image for every role (APP_ROLE): the web servers, the worker, the scheduler and the migrations (compose.yaml).
# The base is any Debian with Python 3.11 to 3.14 and a PostgreSQL client as new as the server; give it by digest, so
# that the same image can be built again:
#   docker build --build-arg BASE_IMAGE=python:3.13-slim-trixie@sha256:… .

ARG BASE_IMAGE=python:3.13-slim-trixie

FROM ${BASE_IMAGE} AS docs
WORKDIR /app
COPY requirements-docs.txt ./
RUN python3 -m venv /tools \
    && /tools/bin/pip install --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: -r requirements-docs.txt
COPY LICENSE NOTICE README.md CONTRIBUTING.md CHANGELOG.md zensical.toml ./
COPY docs docs
COPY .ci/build-docs .ci/build-docs
RUN .ci/build-docs /tools/bin/zensical

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# For strip, which stays here, and for pg_dump and pg_restore, which go without the rest of their package and its Perl.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends binutils postgresql-client \
    && mkdir /postgresql && cp /usr/lib/postgresql/*/bin/pg_dump /usr/lib/postgresql/*/bin/pg_restore /postgresql \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# The packages come before the code, so that a change of the code does not reinstall them.
COPY requirements.txt requirements-image.txt ./
RUN python3 -m venv --without-pip /venv && python3 -m venv /tools \
    && /tools/bin/pip install --require-hashes --only-binary :all: -r requirements-image.txt \
    && /tools/bin/pip --python /venv install --require-hashes --only-binary :all: --no-compile -r requirements.txt \
    && rm requirements-image.txt
COPY LICENSE NOTICE manage.py ./
COPY swecar swecar
COPY registry registry
COPY api api
# collectstatic needs valid settings; none of these values is in the image. What the packages bring beside their code
# (a second copy of the static files, other languages, types, tests, other ways to sign in, a format of pictures that
# nothing here reads, symbols for debuggers) stays out. sbom.cdx.json says what is inside.
RUN export DATABASE_URL=postgresql://nobody@localhost/nothing REDIS_URL=redis://localhost/0 \
    SECRET_KEY=only-for-this-step-and-of-no-use-to-anyone-who-reads-it IDENTITY_KEYS=none:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    && /venv/bin/python manage.py collectstatic --noinput --ignore redoc \
    && find staticfiles -name '*.map' -delete \
    && find /venv -path '*/locale/*' -name '*.mo' -not -path '*/sv/*' -not -path '*/en/*' -delete \
    && find /venv -type f \( -name '*.pyi' -o -name '*.po' -o -name '*.px[di]' -o -name '*.pyx' -o -name '*.[ch]' \
    -o -path '*/static/*' -o -path '*/tests/*' -o -path '*/django/contrib/gis/*' -o -name '_avif*' -o -name 'libavif*' \) -delete \
    && find /venv -path '*/allauth/socialaccount/providers/*/*' -not -path '*/base/*' -not -path '*/oauth/*' \
    -not -path '*/oauth2/*' -not -path '*/openid_connect/*' -delete \
    && find /venv -type f -name '*.so*' -exec strip --strip-unneeded {} + \
    && /tools/bin/python -m whitenoise.compress --quiet --no-gzip staticfiles \
    && /tools/bin/cyclonedx-py environment --output-reproducible --output-file sbom.cdx.json /venv/bin/python \
    && /venv/bin/python -m compileall -q -j 0 /venv/lib swecar registry api

FROM ${BASE_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* /usr/share/doc/*
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 APP_ROLE=clinic PORT=8000
COPY --from=build /venv /venv
COPY --from=build /postgresql /usr/local/bin
COPY --from=build /app /app
COPY --from=docs /app/site /app/site
WORKDIR /app
# A number, so that a platform can see that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-I", "swecar/alive.py"]
CMD ["python", "-m", "swecar.start"]
