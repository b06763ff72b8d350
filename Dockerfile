# Built in one stage, run in another: the second has Paperboy and its locked dependencies, and nothing to build with.

FROM python:3.11-slim-bookworm AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /build \
    && /build/bin/pip install --quiet --require-hashes -r requirements-build.lock \
    && python -m venv /opt/paperboy \
    && /opt/paperboy/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY seeds seeds
COPY storage storage
COPY bot bot
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/paperboy/bin/pip install --quiet --no-deps --no-index /wheels/*.whl \
    && /opt/paperboy/bin/pip uninstall --quiet --yes pip setuptools

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Paperboy" \
      org.opencontainers.image.description="Delivers a community's daily paper digest into chat" \
      org.opencontainers.image.licenses="MIT"
# What a process that runs for years has freed makes the C library's own allocator slow for SQLite.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libjemalloc2 \
    && rm -rf /var/lib/apt/lists/*
ENV LD_PRELOAD=libjemalloc.so.2
RUN groupadd --gid 10001 paperboy \
    && useradd --uid 10001 --gid paperboy --home-dir /data --no-create-home --shell /usr/sbin/nologin paperboy \
    && install --directory --owner=paperboy --group=paperboy --mode=0750 /data
COPY --from=builder /opt/paperboy /opt/paperboy
ENV PATH=/opt/paperboy/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/paperboy.db \
    PAPERBOY_WEB_HOST=0.0.0.0
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('PAPERBOY_WEB_PORT', 8080)}/healthz\", timeout=4)"]
ENTRYPOINT ["paperboy"]
CMD ["run"]
