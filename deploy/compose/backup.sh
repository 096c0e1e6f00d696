#!/bin/sh
# Backs up the composed system while it runs, from the root of the project: sh deploy/compose/backup.sh FOLDER KEYS
# FOLDER gets a new folder with the three databases, attachments and settings; KEYS, on another medium, the secrets.
# Temporal's two databases come first: an archive that is newer can go on with them, one that is older lacks what workers have kept.
#
# PostgreSQL elsewhere: IN_POSTGRES=env, with PGHOST, PGUSER and PGPASSWORD; attachments in a folder: ATTACHMENTS=/the/folder.
set -eu
umask 077

here="${COMPOSE_FOLDER:-deploy/compose}"
compose="docker compose --file $here/compose.yaml"
IN_POSTGRES="${IN_POSTGRES:-$compose exec -T postgres}"
USER_OF_ALL="${USER_OF_ALL:-temporal}"

say() { echo "backup: $*" >&2; }
# Not of what is half put back.
exec 9<"$here"
! command -v flock >/dev/null || flock -s -n 9 || { say "a backup is being put back: nothing was backed up"; exit 1; }
[ $# -eq 2 ] || { say "expected two folders: sh backup.sh FOLDER KEYS"; exit 2; }
[ -d "$1" ] && [ -d "$2" ] || { say "both folders must be there: is the medium mounted?"; exit 3; }
to="$(cd "$1" && pwd -P)"
keys="$(cd "$2" && pwd -P)"
case "$keys/" in "$to"/*) say "the keys open the backup: they go to another medium than $to"; exit 2 ;; esac
case "$to/" in "$keys"/*) say "the keys open the backup: it goes to another medium than $keys"; exit 2 ;; esac
[ "$(stat -c %d "$to")" != "$(stat -c %d "$keys")" ] || say "$to and $keys are on one medium: whoever has it opens the backup. Move the keys to another"

name="vigil-$(date -u +%Y%m%dT%H%M%SZ)"
new="$to/.$name.part"
new_keys="$keys/.$name.$$.part" # another backup may bring its keys to this medium at the same moment
for one in "$to"/.vigil-*.part "$keys"/.vigil-*.part; do
    [ ! -e "$one" ] || say "$one is left of a backup that was killed, if none is being made, and takes room: remove it"
done
[ ! -e "$to/$name" ] || { say "$to/$name is there already"; exit 1; }
mkdir "$new" || { say "another backup is being made there: nothing was backed up"; exit 1; }
trap 'rm -rf "$new" "$new_keys"' EXIT
trap 'exit 1' HUP INT TERM

for database in temporal temporal_visibility vigil; do
    $IN_POSTGRES pg_dump --username="$USER_OF_ALL" --format=custom "$database" >"$new/$database.dump"
    # It has an end, and can be read: the list of what is in it stands at its beginning.
    $IN_POSTGRES pg_restore --file=/dev/null <"$new/$database.dump"
done
# Files come and go meanwhile: tar says that of one by ending with 1. Of one that is still coming, the name has a # in it.
if [ -n "${ATTACHMENTS:-}" ]; then
    tar -C "$ATTACHMENTS" --exclude='*#*' -cf "$new/attachments.tar" . || [ $? -eq 1 ]
else
    # The volume is there also where the gateway is stopped.
    in_gateway="${IN_GATEWAY:-$compose exec -T gateway}"
    [ -n "${IN_GATEWAY:-}" ] || $compose ps --services --status running | grep -qx gateway || in_gateway="$compose run --rm --no-deps -T gateway"
    $in_gateway python -c '
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
# Former secrets too, which a restore has left there. Of a link what it shows: on another machine it would show nothing.
tar -h -C "$here" --exclude=./secrets --exclude='./secrets.before-*' --exclude='./secrets.new-*' -cf "$new/settings.tar" .
if [ -n "$(find -L "$here/secrets" -type f 2>/dev/null)" ]; then
    tar -h -C "$here/secrets" -cf "$new_keys" .
    sha256sum <"$new_keys" | cut -d ' ' -f 1 >"$new/keys.sha256"
else
    say "there are no keys in $here/secrets: those without which nobody opens this backup are not in it"
fi
(cd "$new" && sha256sum -- * >SHA256SUMS)
[ ! -f "$new_keys" ] || mv "$new_keys" "$keys/$name-keys.tar"
sync
mv "$new" "$to/$name"
trap - EXIT
echo "$to/$name"
