# One image for the web server, the worker, the scheduler and the migrations (compose.yaml).

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
# The packages come before the code, so that a change of the code does not reinstall them.
COPY requirements.txt .
RUN /venv/bin/pip install --only-binary :all: -r requirements.txt
COPY manage.py ./
COPY swecar swecar
COPY registry registry
COPY api api
# collectstatic needs valid settings; none of these values is in the image.
RUN DATABASE_URL=postgresql://nobody@localhost/nothing REDIS_URL=redis://localhost/0 \
    SECRET_KEY=only-for-this-step-and-of-no-use-to-anyone-who-reads-it IDENTITY_KEYS=none:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q swecar registry api

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# A number, so that a platform can see that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["gunicorn", "swecar.wsgi", "--worker-class", "swecar.http.web_worker.Worker", "--preload", \
    "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
