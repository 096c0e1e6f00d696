#!/bin/sh
# Backs up the composed system while it runs, from the root of the project: sh deploy/compose/backup.sh FOLDER KEYS
# FOLDER gets a new folder with the three databases, attachments and settings; KEYS, on another medium, the secrets.
# Temporal's two databases come first: an archive that is newer can go on with them, one that is older lacks what workers have kept.
#
# PostgreSQL elsewhere: IN_POSTGRES=env, with PGHOST, PGUSER and PGPASSWORD; attachments in a folder: ATTACHMENTS=/the/folder.
set -eu
umask 077

here="${COMPOSE_FOLDER:-deploy/compose}"
IN_POSTGRES="${IN_POSTGRES:-docker compose --file $here/compose.yaml exec -T postgres}"
IN_GATEWAY="${IN_GATEWAY:-docker compose --file $here/compose.yaml exec -T gateway}"
USER_OF_ALL="${USER_OF_ALL:-temporal}"

say() { echo "backup: $*" >&2; }
[ $# -eq 2 ] || { say "expected two folders: sh backup.sh FOLDER KEYS"; exit 2; }
[ -d "$1" ] && [ -d "$2" ] || { say "both folders must be there: is the medium mounted?"; exit 3; }
to="$(cd "$1" && pwd -P)"
keys="$(cd "$2" && pwd -P)"
case "$keys/" in "$to"/*) say "the keys open the backup: they go to another medium than $to"; exit 2 ;; esac
case "$to/" in "$keys"/*) say "the keys open the backup: it goes to another medium than $keys"; exit 2 ;; esac

name="vigil-$(date -u +%Y%m%dT%H%M%SZ)"
new="$to/.$name.part"
[ ! -e "$to/$name" ] || { say "$to/$name is there already"; exit 1; }
rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new" "$keys/.$name.part"' EXIT
trap 'exit 1' HUP INT TERM

for database in temporal temporal_visibility vigil; do
    $IN_POSTGRES pg_dump --username="$USER_OF_ALL" --format=custom "$database" >"$new/$database.dump"
    # It has an end, and can be read.
    $IN_POSTGRES pg_restore --list <"$new/$database.dump" >/dev/null
done
# Files come and go meanwhile: tar says that of one by ending with 1. Of one that is still coming, the name has a # in it.
if [ -n "${ATTACHMENTS:-}" ]; then
    tar -C "$ATTACHMENTS" --exclude='*#*' -cf "$new/attachments.tar" . || [ $? -eq 1 ]
else
    $IN_GATEWAY python -c '
import os, sys, tarfile
kept = "/var/lib/vigil-attachments"
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as packed:
    for name in sorted(os.listdir(kept)):
        try:
            if "#" not in name:
                packed.add(f"{kept}/{name}", f"./{name}")
        except FileNotFoundError:
            pass
' >"$new/attachments.tar"
fi
# Former secrets too, which a restore has left there.
tar -C "$here" --exclude=./secrets --exclude='./secrets.before-*' -cf "$new/settings.tar" .
(cd "$new" && sha256sum -- * >SHA256SUMS)
if [ -d "$here/secrets" ]; then
    tar -C "$here/secrets" -cf "$keys/.$name.part" .
    mv "$keys/.$name.part" "$keys/$name-keys.tar"
else
    say "there is no $here/secrets: the keys, without which nobody opens this backup, are not in it"
fi
sync
mv "$new" "$to/$name"
trap - EXIT
echo "$to/$name"
