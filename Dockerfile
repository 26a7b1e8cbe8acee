# One image for each service, and one that sets an installation up and plays the demonstration:
#
#   docker build --build-arg SERVICE=intake --tag kobling-intake .
#   docker build --target installation --tag kobling-installation .
#
# They need no root, no capability and no writable file but below /tmp.
ARG PYTHON=python:3.11-slim-bookworm

# The package, made by the locked build backend: the same bytes wherever it is built.
FROM ${PYTHON} AS wheel
WORKDIR /source
COPY requirements/build.txt requirements/
RUN python -m venv /backend \
    && /backend/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY shared shared
COPY services services
COPY kobling kobling
RUN /backend/bin/hatchling build --target wheel --directory /wheel

# An environment with what `requirements/<set>.txt` locks, and without pip.
FROM ${PYTHON} AS service-environment
ARG SERVICE
COPY requirements/${SERVICE:-core}.txt /requirements.txt
COPY --from=wheel /wheel /wheel
RUN test -n "${SERVICE}" || { echo "SERVICE must be given: intake, matching, notifications or reporting" >&2; exit 1; } \
    && python -m venv --without-pip /opt/kobling \
    && python -m pip --python /opt/kobling/bin/python install --quiet --no-cache-dir --require-hashes --only-binary :all: -r /requirements.txt \
    && python -m pip --python /opt/kobling/bin/python install --quiet --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM ${PYTHON} AS installation-environment
COPY requirements/installation.txt /requirements.txt
COPY --from=wheel /wheel /wheel
RUN python -m venv --without-pip /opt/kobling \
    && python -m pip --python /opt/kobling/bin/python install --quiet --no-cache-dir --require-hashes --only-binary :all: -r /requirements.txt \
    && python -m pip --python /opt/kobling/bin/python install --quiet --no-cache-dir --no-deps --no-index /wheel/*.whl

# What both kinds of image share. Volumes that are mounted below /run/kobling begin as these directories: our own
# user's, and readable for its group, which servers of others' images join.
FROM ${PYTHON} AS base
RUN groupadd --gid 10001 kobling \
    && useradd --uid 10001 --gid kobling --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kobling \
    && for name in accounts ca grafana intake kafka mail matching mongodb notifications reporting ui; do \
        install -d -o kobling -g kobling -m 0750 "/run/kobling/${name}"; done
ENV PATH=/opt/kobling/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /kobling

FROM base AS installation
COPY --from=installation-environment /opt/kobling /opt/kobling
COPY deploy deploy
COPY examples examples
USER 10001:10001
CMD ["kobling", "--help"]

FROM base AS service
ARG SERVICE
LABEL org.opencontainers.image.title="kobling-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=service-environment /opt/kobling /opt/kobling
ENV SERVICE=${SERVICE} HEALTH_PORT=8080
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as ask; ask.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/health/live', timeout=4)"]
CMD ["sh", "-c", "exec python -m \"services.${SERVICE}\""]
