#!/bin/sh
# Makes the files with passwords that are not there yet; those that are there stay as they are.
#
#   sh deploy/make-secrets.sh [DIRECTORY]     deploy/secrets if it is not given
#
# Afterwards, write your mail server's address to smtp_url, and give the role coldroom_scanner of OMERO's database the
# password in omero_url (docs/install-compose.md). For policies, the role coldroom_policies has the password in
# policies_omero_url. For imports, the role coldroom_importer has the password in import_omero_url, and the importer's
# account of OMERO the one in import_omero_password.
set -eu
secrets=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$secrets"
case $(stat -c %a "$secrets") in
  *00) ;;
  *)
    echo "Others on this machine can enter $secrets. Nothing was written. Close it first: chmod 0700 $secrets" >&2
    exit 1
    ;;
esac

random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }
make() { # NAME VALUE
  if [ ! -e "$secrets/$1" ]; then
    # Under its name only when it is whole: half a password would stay.
    printf '%s\n' "$2" >"$secrets/.$1.new"
    mv "$secrets/.$1.new" "$secrets/$1"
  fi
  # It is mounted into the containers that need it, where users of several ids read it.
  chmod 0644 "$secrets/$1"
}

make register_password "$(random)"
make register_url "postgres://coldroom:$(cat "$secrets/register_password")@register:5432/coldroom"
make omero_url "postgres://coldroom_scanner:$(random)@${OMERO_DATABASE_HOST:-database}:5432/${OMERO_DATABASE_NAME:-postgres}"
make session_secret "$(random)"
make smtp_url ''
make backup_omero_url ''
make policies_omero_url "postgres://coldroom_policies:$(random)@${OMERO_DATABASE_HOST:-database}:5432/${OMERO_DATABASE_NAME:-postgres}"
make import_omero_url "postgres://coldroom_importer:$(random)@${OMERO_DATABASE_HOST:-database}:5432/${OMERO_DATABASE_NAME:-postgres}"
make import_omero_password "$(random)"
make grafana_password "$(random)"

echo "$secrets is complete"
