#!/bin/sh
# Puts a backup of backup.sh in its place, from the root of the project: sh deploy/compose/restore.sh BACKUP [KEYS.tar]
# PostgreSQL alone may run: docker compose --file deploy/compose/compose.yaml up --detach --wait postgres
# The databases of now are dumped beside the backup first, so that nothing is lost by a wrong choice, and put aside until those of the
# backup are whole: a full disk, or whatever else ends it before that, changes nothing. Ended with 4 it was broken off in the middle.
# Secrets come back where their file is named; those of now are kept beside them, under a name that ends with the moment. Settings are
# not unpacked: they are files of the project, and settings.tar is there to be compared.
#
# PostgreSQL elsewhere: as with backup.sh. ATTACHMENTS: the folder they go to; else the volume of the gateway.
set -eu
umask 077

here="${COMPOSE_FOLDER:-deploy/compose}"
compose="docker compose --file $here/compose.yaml"
USER_OF_ALL="${USER_OF_ALL:-temporal}"

say() { echo "restore: $*" >&2 || :; } # also where nobody hears it any more
[ $# -eq 1 ] || [ $# -eq 2 ] || { say "expected a backup: sh restore.sh BACKUP [KEYS.tar]"; exit 2; }
[ -f "$1/SHA256SUMS" ] || { say "$1 is no backup of backup.sh"; exit 3; }
from="$(cd "$1" && pwd -P)"
[ $# -eq 1 ] || [ -f "$2" ] || { say "there is no $2"; exit 3; }
(cd "$from" && sha256sum --check --quiet --strict SHA256SUMS >&2) || { say "the backup is damaged: nothing was changed"; exit 7; }
for one in temporal.dump temporal_visibility.dump vigil.dump attachments.tar; do
    [ -f "$from/$one" ] || { say "$1 is no backup of the composed system: it has no $one; nothing was changed"; exit 3; }
done
# The list of digests may be cut off itself: whatever is put back stands in it.
for one in temporal.dump temporal_visibility.dump vigil.dump attachments.tar keys.sha256; do
    grep -q "^[0-9a-f]\{64\}  $one\$" "$from/SHA256SUMS" || [ ! -f "$from/$one" ] || { say "the backup is damaged, its SHA256SUMS does not have $one: nothing was changed"; exit 7; }
done
# Those of another backup may be named, such as newer ones; that those of this one are whole is seen by their digest.
if [ $# -eq 2 ]; then
    { tar -tf "$2" >/dev/null && tar -tf "$2" | grep -q '[^/]$'; } || { say "$2 is damaged, or no file of keys: nothing was changed"; exit 7; }
    if [ -f "$from/keys.sha256" ] && [ "$(sha256sum <"$2" | cut -d ' ' -f 1)" != "$(cat "$from/keys.sha256")" ]; then
        [ "$(basename "$2")" != "$(basename "$from")-keys.tar" ] || { say "$2 is damaged: nothing was changed"; exit 7; }
        say "$2 are the keys of another backup"
    fi
fi
exec 9<"$here"
! command -v flock >/dev/null || flock -n 9 || { say "a backup is being made or put back: nothing was changed"; exit 1; }
composed=""
if [ -z "${IN_POSTGRES:-}" ]; then
    composed=yes
    IN_POSTGRES="$compose exec -T postgres"
    # One that ends and is started again runs too.
    if $compose ps --services --status running --status restarting --status paused | grep -Evq '^(|postgres|ui)$'; then
        say "stop temporal, worker and gateway first; nothing was changed"
        exit 1
    fi
fi
asked() { $IN_POSTGRES psql --username="$USER_OF_ALL" --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }
# Whoever is connected, but for what the server does by itself.
others="$(asked --command "SELECT count(*) FROM pg_stat_activity
    WHERE datname IN ('temporal', 'temporal_visibility', 'vigil') AND backend_type = 'client backend'")"
[ "$others" = 0 ] || { say "$others connections to the databases are open: stop whoever uses them; nothing was changed"; exit 1; }
for database in temporal temporal_visibility vigil; do
    $IN_POSTGRES pg_restore --file=/dev/null <"$from/$database.dump" || { say "$database.dump cannot be read: nothing was changed"; exit 7; }
done
has() { [ "$(asked --command "SELECT count(*) FROM pg_database WHERE datname = '$1'")" != 0 ]; }
drop() { ! has "$1" || asked --command "DROP DATABASE $1"; }
rename() { asked --command "ALTER DATABASE $1 RENAME TO $2"; }
dump() { $IN_POSTGRES pg_dump --username="$USER_OF_ALL" --format=custom "$1" >"$2"; }
# A second time within a second would put what is put aside over what was.
while
    moment="$(date -u +%Y%m%dT%H%M%SZ)"
    [ -e "$from.before-$moment.vigil.dump" ] || [ -e "$here/secrets.new-$moment" ] || [ -e "$here/secrets.before-$moment" ]
do sleep 1; done
for one in "$here"/secrets.new-* "${ATTACHMENTS:-$here}/#new-"*; do
    [ ! -e "$one" ] || say "$one is left of a restore that was killed, and takes room: remove it"
done
trap 'exit 1' HUP INT TERM
# What one that was killed has put aside is what was there; where something is in its place, who knows what: both are kept.
trap 'say "what a restore that was killed has put aside could not be kept: nothing was changed"' EXIT
for database in temporal temporal_visibility vigil; do
    has "${database}_before" || continue
    if has "$database"; then
        dump "${database}_before" "$from.killed-$moment.$database.dump"
        drop "${database}_before"
        say "a restore was killed here: $database from before it is in $from.killed-$moment.$database.dump"
    else
        rename "${database}_before" "$database"
        say "a restore was killed here: $database from before it was put back"
    fi
done
trap - EXIT
there=" $(asked --command "SELECT string_agg(datname, ' ') FROM pg_database") "
# On a new machine nobody has made the archive's role yet, to whom its database belongs. Its password is set at the next start.
role="$(asked --command "SELECT count(*) FROM pg_roles WHERE rolname = 'vigil'")"

laid="${ATTACHMENTS:-}/#new-$moment" # no object has such a name, and none of it comes into a backup
undo() {
    [ -z "${ATTACHMENTS:-}" ] || rm -rf "$laid"
    rm -rf "$here/secrets.new-$moment"
    for database in temporal temporal_visibility vigil; do
        case "$there" in
        *" $database "*) ! has "${database}_before" || { drop "$database" && rename "${database}_before" "$database"; } || return 1 ;;
        *) drop "$database" || return 1 ;;
        esac
    done
    rm -f "$from.before-$moment".*.dump
}
trap 'if undo; then say "nothing was changed"; else
    say "what was put aside could not be put back: start nothing, and restore again. It is in $from.before-$moment.*.dump"; exit 4
fi' EXIT
if [ $# -eq 2 ]; then
    mkdir -m 0700 "$here/secrets.new-$moment"
    # Numbers, of users in the containers: here they may be called otherwise than on another machine.
    tar -C "$here/secrets.new-$moment" --numeric-owner -xpf "$2"
fi
for database in temporal temporal_visibility vigil; do
    case "$there" in
    *" $database "*) dump "$database" "$from.before-$moment.$database.dump" ;;
    esac
done
[ "$role" != 0 ] || asked --command "CREATE ROLE vigil LOGIN"
for database in temporal temporal_visibility vigil; do
    case "$there" in *" $database "*) rename "$database" "${database}_before" ;; esac
    $IN_POSTGRES pg_restore --username="$USER_OF_ALL" --dbname=postgres --create --exit-on-error <"$from/$database.dump"
done
# An object is never changed, and none is in the way of another; half of one has no name yet.
if [ -n "${ATTACHMENTS:-}" ]; then
    mkdir -p "$ATTACHMENTS"
    mkdir -m 0700 "$laid"
    tar -C "$laid" -xpf "$from/attachments.tar"
    (cd "$laid" && find . -type f) | while IFS= read -r one; do
        mkdir -p "$(dirname "$ATTACHMENTS/$one")"
        mv -f "$laid/$one" "$ATTACHMENTS/$one"
    done
    rm -rf "$laid"
else
    $compose run --rm --no-deps -T gateway python -c '
import os, shutil, sys, tarfile
kept = "/var/lib/vigil-attachments"
os.umask(0o077)
with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as packed:
    for one in packed:
        if one.isfile():
            name = f"{kept}/{os.path.basename(one.name)}"
            try:
                with open(f"{name}#new", "wb") as file:
                    shutil.copyfileobj(packed.extractfile(one), file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(f"{name}#new", name)
            except BaseException:
                os.unlink(f"{name}#new")
                raise
' <"$from/attachments.tar"
fi

trap 'say "this was broken off in the middle: start nothing, and restore again. What was there before is in $from.before-$moment.*.dump and $here/secrets.before-$moment"; exit 4' EXIT
trap '' PIPE
if [ $# -eq 2 ]; then
    # PostgreSQL took the password of the secrets with which its volume was made; from now on it is that of those that came back.
    if [ -n "$composed" ] && [ -f "$here/secrets.new-$moment/postgres_password" ]; then
        printf "ALTER ROLE %s PASSWORD '%s';\n" "$USER_OF_ALL" "$(sed "s/'/''/g" "$here/secrets.new-$moment/postgres_password")" | asked
    fi
    [ ! -e "$here/secrets" ] || mv "$here/secrets" "$here/secrets.before-$moment"
    mv "$here/secrets.new-$moment" "$here/secrets"
fi
for database in temporal temporal_visibility vigil; do
    drop "${database}_before" || say "all is in its place, but for ${database}_before, which could not be removed: drop it yourself"
done
trap - EXIT
sync
say "done. Start all, and look: $compose up --detach --wait; vigil doctor"
say "what was there before is in $from.before-$moment.*.dump; remove it when all is well"
