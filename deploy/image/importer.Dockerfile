# The image with OMERO's own command, Java and rsync, for imports. The image of the Dockerfile has to be there.
#
#   docker build -t coldroom-importer -f deploy/image/importer.Dockerfile .
#
# It needs no BuildKit. OMERO's Java client is no part of it: it comes from OMERO.server (docs/install-compose.md).

ARG COLDROOM_IMAGE=coldroom

# OMERO's transport is on PyPI as source only, for Pythons up to 3.10.
FROM ${COLDROOM_IMAGE} AS omero-py
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv python3-dev g++ libssl-dev libbz2-dev \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
ARG ICE_VERSION=3.6.5
ARG OMERO_PY_VERSION=5.23.0
COPY deploy/image/build_ice.py /build/
WORKDIR /build
RUN python3 -m venv /opt/omero && . /opt/omero/bin/activate \
 && pip install -q --disable-pip-version-check setuptools==80.9.0 wheel==0.45.1 \
 && pip download -q --no-deps --no-build-isolation --no-binary :all: zeroc-ice==${ICE_VERSION} \
 && python build_ice.py zeroc*ice-*.tar.gz wheels \
 && pip install -q --disable-pip-version-check --find-links wheels zeroc-ice==${ICE_VERSION} omero-py==${OMERO_PY_VERSION} \
 && python -c 'import Ice, omero.gateway'

FROM ${COLDROOM_IMAGE}
USER root
# openssh-client and rsync fetch data from instruments.
RUN mkdir -p /usr/share/man/man1 && apt-get update \
 && apt-get install -y --no-install-recommends default-jre-headless openssh-client python3 rsync \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
ENV IMPORT_OMERO_COMMAND=/opt/omero/bin/omero IMPORT_OMERO_CLIENT_DIR=/omero-client IMPORT_STATE_DIR=/imports
COPY --from=omero-py /opt/omero /opt/omero
ARG UID=1000
ARG GID=1000
# Named volumes that are mounted here for the first time get this owner.
RUN mkdir -p /imports /buffer /omero-client && chown ${UID}:${GID} /imports /buffer && chmod 0700 /imports
USER ${UID}:${GID}
CMD ["importer"]
