# Debian's PostgreSQL, with as much of the official image's start as docker-compose.yml uses.
FROM debian:bookworm-slim
RUN mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get update && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
COPY postgres-start.sh /usr/local/bin/
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-start.sh"]
CMD ["postgres"]
