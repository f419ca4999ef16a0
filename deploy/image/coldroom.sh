#!/bin/sh
# coldroom SERVICE, or coldroom COMMAND ...
set -eu
case "${1:-}" in
  scanner | checksum | transfer | ingest-watcher | linker | console | notifier)
    service=$1
    shift
    # The flags keep a service below 300 MB.
    exec node --max-semi-space-size=4 --max-old-space-size=256 "/app/apps/$service/dist/main.js" "$@"
    ;;
  *) exec node /app/apps/cli/bin/coldroom.js "$@" ;;
esac
