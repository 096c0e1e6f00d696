#!/bin/sh
# Puts a backup of backup.sh in its place, from the root of the project: sh deploy/compose/restore.sh BACKUP [KEYS.tar]
# PostgreSQL alone may run: docker compose --file deploy/compose/compose.yaml up --detach --wait postgres
# The databases of now are dumped beside the backup first, so that nothing is lost by a wrong choice.
# Secrets come back where their file is named; those of now are kept beside them, under a name that ends with the moment. Settings are
# not unpacked: they are files of the project, and settings.tar is there to be compared.
#
# PostgreSQL elsewhere: as with backup.sh. ATTACHMENTS: the folder they go to; else the volume of the gateway.
set -eu
umask 077

here="${COMPOSE_FOLDER:-deploy/compose}"
compose="docker compose --file $here/compose.yaml"
USER_OF_ALL="${USER_OF_ALL:-temporal}"

say() { echo "restore: $*" >&2; }
[ $# -eq 1 ] || [ $# -eq 2 ] || { say "expected a backup: sh restore.sh BACKUP [KEYS.tar]"; exit 2; }
[ -f "$1/SHA256SUMS" ] || { say "$1 is no backup of backup.sh"; exit 3; }
from="$(cd "$1" && pwd -P)"
[ $# -eq 1 ] || [ -f "$2" ] || { say "there is no $2"; exit 3; }
[ $# -eq 1 ] || { tar -tf "$2" >/dev/null && tar -tf "$2" | grep -q '[^/]$'; } || { say "$2 is damaged, or no file of keys: nothing was changed"; exit 7; }
(cd "$from" && sha256sum --check --quiet SHA256SUMS >&2) || { say "the backup is damaged: nothing was changed"; exit 7; }
composed=""
if [ -z "${IN_POSTGRES:-}" ]; then
    composed=yes
    IN_POSTGRES="$compose exec -T postgres"
    if $compose ps --services --status running | grep -Eq '^(temporal|worker|gateway)$'; then
        say "stop temporal, worker and gateway first; nothing was changed"
        exit 1
    fi
fi
asked() { $IN_POSTGRES psql --username="$USER_OF_ALL" --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }
# Whoever is connected, but for what the server does by itself.
others="$(asked --command "SELECT count(*) FROM pg_stat_activity
    WHERE datname IN ('temporal', 'temporal_visibility', 'vigil') AND backend_type = 'client backend'")"
[ "$others" = 0 ] || { say "$others connections to the databases are open: stop whoever uses them; nothing was changed"; exit 1; }
there=" $(asked --command "SELECT string_agg(datname, ' ') FROM pg_database") "
# On a new machine nobody has made the archive's role yet, to whom its database belongs. Its password is set at the next start.
role="$(asked --command "SELECT count(*) FROM pg_roles WHERE rolname = 'vigil'")"

moment="$(date -u +%Y%m%dT%H%M%SZ)"
trap 'exit 1' HUP INT TERM
trap 'rm -f "$from.before-$moment".*.dump; say "nothing was changed"' EXIT
for database in temporal temporal_visibility vigil; do
    case "$there" in
    *" $database "*) $IN_POSTGRES pg_dump --username="$USER_OF_ALL" --format=custom "$database" >"$from.before-$moment.$database.dump" ;;
    esac
done
trap 'say "this was broken off in the middle: start nothing, and restore again. What was there before is in $from.before-$moment.*.dump"' EXIT
[ "$role" != 0 ] || asked --command "CREATE ROLE vigil LOGIN"
for database in temporal temporal_visibility vigil; do
    asked --command "DROP DATABASE IF EXISTS $database"
    $IN_POSTGRES pg_restore --username="$USER_OF_ALL" --dbname=postgres --create --exit-on-error <"$from/$database.dump"
done
if [ -n "${ATTACHMENTS:-}" ]; then
    mkdir -p "$ATTACHMENTS"
    tar -C "$ATTACHMENTS" -xpf "$from/attachments.tar"
else
    $compose run --rm --no-deps -T gateway \
        python -c 'import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode="r|").extractall("/var/lib/vigil-attachments", filter="data")' \
        <"$from/attachments.tar"
fi
if [ $# -eq 2 ]; then
    [ ! -e "$here/secrets" ] || mv "$here/secrets" "$here/secrets.before-$moment"
    mkdir -m 0700 "$here/secrets"
    tar -C "$here/secrets" -xpf "$2"
    # PostgreSQL took the password of the secrets with which its volume was made; from now on it is that of those that came back.
    if [ -n "$composed" ] && [ -f "$here/secrets/postgres_password" ]; then
        printf "ALTER ROLE %s PASSWORD '%s';\n" "$USER_OF_ALL" "$(sed "s/'/''/g" "$here/secrets/postgres_password")" | asked
    fi
fi
trap - EXIT
say "done. Start all, and look: $compose up --detach --wait; vigil doctor"
say "what was there before is in $from.before-$moment.*.dump; remove it when all is well"
