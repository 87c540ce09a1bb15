# docker build --tag mainspring .
# The wheel and everything below it are installed by hash; nothing is compiled, and no installer reaches the last stage.
FROM python:3.13-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

COPY deploy/docker/requirements.lock deploy/docker/build.lock ./
RUN python -m venv --without-pip /opt/mainspring \
    && python -m venv --without-pip /opt/build \
    && pip --python /opt/mainspring/bin/python install --no-deps --only-binary :all: --require-hashes --requirement requirements.lock \
    && pip --python /opt/build/bin/python install --no-deps --only-binary :all: --require-hashes --requirement build.lock

COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip --python /opt/build/bin/python wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/mainspring/bin/python install --no-deps --no-index dist/*.whl

FROM python:3.13-slim-bookworm

LABEL org.opencontainers.image.title="Mainspring" \
      org.opencontainers.image.description="The production backend that a team installs instead of writing." \
      org.opencontainers.image.licenses="MIT"

RUN groupadd --system --gid 10001 mainspring \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin mainspring \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data

COPY --from=build /opt/mainspring /opt/mainspring

ENV PATH=/opt/mainspring/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data

# an address and a volume, so that the rest may be read-only
WORKDIR /opt/mainspring
VOLUME /data
EXPOSE 8000
USER 10001:10001
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/live', timeout=4)"]

ENTRYPOINT ["mainspring"]
CMD ["serve"]
