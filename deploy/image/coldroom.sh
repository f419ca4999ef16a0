#!/bin/sh
# SERVICE, or COMMAND ...; called as coldroom, or with that as its first word, always a command: backup is both.
set -eu
[ "${0##*/}" != coldroom ] || set -- coldroom "$@"
case "${1:-}" in
  scanner | checksum | transfer | ingest-watcher | linker | console | notifier | backup | importer)
    service=$1
    shift
    # The flags keep a service below 300 MB.
    exec node --max-semi-space-size=4 --max-old-space-size=256 "/app/apps/$service/dist/main.js" "$@"
    ;;
  coldroom)
    shift
    exec node /app/apps/cli/bin/coldroom.js "$@"
    ;;
  *) exec node /app/apps/cli/bin/coldroom.js "$@" ;;
esac
