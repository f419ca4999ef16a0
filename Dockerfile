# One image for all services and commands; docs/install-compose.md shows how it is used.
#
#   docker build -t coldroom .
#   docker build -t coldroom-sample --target sample .     a sample OMERO, for trying and for tests
#   docker build -t coldroom-backup --target backup .     with pg_dump, age and gpg, for backups and drills
#
# deploy/image/importer.Dockerfile adds OMERO's importer to the image.
#
# It needs no BuildKit.

ARG NODE_IMAGE=node:24-bookworm-slim
# Of the target backup: its pg_dump must be at least as new as the servers.
ARG POSTGRES_IMAGE=postgres:16

# npm ci is repeated only if one of these files has changed.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /all
COPY . .
RUN mkdir /manifests \
 && find . \( -name package.json -o -name package-lock.json -o -name .npmrc \) -exec cp --parents -t /manifests {} +

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN NX_DAEMON=false npm run build

FROM build AS sample
ENTRYPOINT ["node", "/app/test/demo/dist/container.js"]

# What runs, and nothing else. The image has its own Node.js.
FROM build AS runtime
RUN npm prune --omit=dev --no-audit --no-fund && sh deploy/image/collect.sh /runtime

# PostgreSQL's programs are those of the register's image; the server in it is never started.
FROM ${POSTGRES_IMAGE} AS backup
RUN apt-get update && apt-get install -y --no-install-recommends age ca-certificates gnupg libstdc++6 tini \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
ENV NODE_ENV=production METRICS_HOST=0.0.0.0 METRICS_PORT=9464
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=runtime /runtime /app
WORKDIR /app
ARG UID=1000
ARG GID=1000
RUN mkdir -p /backup /archive /OMERO /etc/coldroom && chown ${UID}:${GID} /backup \
 && ln -s /app/image/coldroom.sh /usr/local/bin/coldroom
USER ${UID}:${GID}
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["node", "/app/image/healthy.js"]
ENTRYPOINT ["tini", "--", "/app/image/coldroom.sh"]
CMD ["backup"]

FROM ${NODE_IMAGE}
# tini passes signals on, and ends what a service leaves behind.
RUN apt-get update && apt-get install -y --no-install-recommends tini \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
LABEL org.opencontainers.image.title="Coldroom" \
      org.opencontainers.image.description="Archives, restores and imports the pixel data of OMERO servers" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production METRICS_HOST=0.0.0.0 METRICS_PORT=9464 CONSOLE_HOST=0.0.0.0
COPY --from=runtime /runtime /app
WORKDIR /app
# OMERO's containers run as 1000, and so must whatever handles OMERO's files.
ARG UID=1000
ARG GID=1000
# A named volume that is mounted here for the first time gets this owner.
RUN mkdir -p /archive /OMERO /etc/coldroom && chown ${UID}:${GID} /archive \
 && ln -s /app/image/coldroom.sh /usr/local/bin/coldroom
USER ${UID}:${GID}
EXPOSE 9464 9480
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["node", "/app/image/healthy.js"]
ENTRYPOINT ["tini", "--", "/app/image/coldroom.sh"]
CMD ["--help"]
