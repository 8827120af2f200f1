# Reelway on slim Python, as a user without rights: `docker build -t reelway .`
#
# One image for every process: without arguments it serves everything, `reelway api`, `reelway worker` and all other
# commands are arguments. docs/how-to/run-it-for-real.md says how to run it; compose.yaml runs it.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY deploy/image/build.sh deploy/image/
RUN --mount=type=cache,target=/root/.cache/pip \
    sh deploy/image/build.sh wheel . /wheels \
    && sh deploy/image/build.sh install /wheels /opt/reelway
# Kernels are compiled for the processor that builds: code that runs on every processor takes twice as long to render.
# On another one they are compiled again when a process starts, half a minute beside its work, and a clip asked for
# meanwhile waits. A volume at /var/cache/reelway keeps what was compiled there.
RUN sh deploy/image/build.sh warm /opt/reelway /var/cache/reelway

FROM python:${PYTHON}-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Reelway" \
      org.opencontainers.image.description="One REST API and one key for every video model, on your own machines." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Fixed numbers, so that volumes belong to the same user from image to image.
RUN groupadd --gid 10001 reelway \
    && useradd --uid 10001 --gid reelway --no-create-home --home-dir /data --shell /usr/sbin/nologin reelway \
    && install -d -o reelway -g reelway /data
COPY --from=build /opt/reelway /opt/reelway
COPY --from=build --chown=10001:10001 /var/cache/reelway /var/cache/reelway
ENV PATH=/opt/reelway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    REELWAY_DATA=/data \
    REELWAY_PREVIZ_CACHE=/var/cache/reelway
USER 10001:10001
# The root file system may be read-only. Written are: /data (rows, files, half-made clips; with PostgreSQL and S3
# nothing but half-made clips, which may be lost), /var/cache/reelway (kernels) and /tmp.
VOLUME ["/data"]
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# `reelway worker` answers on port 9090: compose.yaml and the Helm chart ask it there.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as http; \
         http.urlopen('http://127.0.0.1:' + os.environ.get('REELWAY_PORT', '8080') + '/readyz', timeout=4)"]
ENTRYPOINT ["reelway"]
CMD ["serve", "--host", "0.0.0.0"]
