#!/bin/sh
# Backs up one machine with the units of this folder, while it runs: sh backup.sh FOLDER KEYS
# FOLDER gets a new folder with Temporal's file, the archive, attachments and settings; KEYS, on another medium, the keys.
# Temporal comes first: an archive that is newer can go on with it, one that is older lacks what workers have kept in it.
set -eu
umask 077

PYTHON="${PYTHON:-/opt/vigil/current/.venv/bin/python}"
SETTINGS="${SETTINGS:-/etc/vigil}"

say() { echo "backup: $*" >&2; }
# Not of what is half put back.
exec 9<"$(dirname "$SETTINGS")"
! command -v flock >/dev/null || flock -s -n 9 || { say "a backup is being put back: nothing was backed up"; exit 1; }
# What vigil.env sets: where things lie that are not where the units put them.
set_to() {
    [ ! -f "$SETTINGS/vigil.env" ] || sed -n "s/^[[:space:]]*$1=[[:space:]]*//p" "$SETTINGS/vigil.env" | tail -n 1 |
        sed -e 's/[[:space:]]*$//' -e "s/^\([\"']\)\(.*\)\1\$/\2/"
}
temporal="$(set_to VIGIL_TEMPORAL_FILE)"
archive="$(set_to VIGIL_ARCHIVE_URL)"
files="$(set_to VIGIL_ATTACHMENTS)"
case "${ARCHIVE_DB:-$archive}" in
postgresql*) say "the archive is in PostgreSQL, which is not backed up here: nothing was backed up. See deploy/README.md, Backup and restore"; exit 3 ;;
esac
if [ -z "${TEMPORAL_DB:-}$temporal" ] && grep -q '^[[:space:]]*VIGIL_TEMPORAL_FILE=' "$SETTINGS/vigil.env" 2>/dev/null; then
    say "VIGIL_TEMPORAL_FILE is empty: Temporal runs elsewhere, and is not backed up here: nothing was backed up. See deploy/README.md, Backup and restore"
    exit 3
fi
case "$archive" in sqlite*:///*) archive="${archive#*:///}" archive="${archive%%\?*}" ;; esac
case "${ATTACHMENTS:-$files}" in
s3://*) say "attachments are in a bucket, which is not in this backup: back it up after this"; ATTACHMENTS=/dev/null ;;
esac
TEMPORAL_DB="${TEMPORAL_DB:-${temporal:-/var/lib/vigil/temporal.db}}"
ARCHIVE_DB="${ARCHIVE_DB:-${archive:-/var/lib/vigil-archive/archive.db}}"
ATTACHMENTS="${ATTACHMENTS:-${files:-/var/lib/vigil-attachments}}"
[ $# -eq 2 ] || { say "expected two folders: sh backup.sh FOLDER KEYS"; exit 2; }
[ -d "$1" ] && [ -d "$2" ] || { say "both folders must be there: is the medium mounted?"; exit 3; }
to="$(cd "$1" && pwd -P)"
keys="$(cd "$2" && pwd -P)"
case "$keys/" in "$to"/*) say "the keys open the backup: they go to another medium than $to"; exit 2 ;; esac
case "$to/" in "$keys"/*) say "the keys open the backup: it goes to another medium than $keys"; exit 2 ;; esac
[ "$(stat -c %d "$to")" != "$(stat -c %d "$keys")" ] || say "$to and $keys are on one medium: whoever has it opens the backup. Move the keys to another"

[ "$ATTACHMENTS" != "$files" ] || [ -d "$files" ] || { say "there is no folder $files, where attachments are kept: is its disk mounted?"; exit 3; }

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

# A copy of one moment, though the file is written to meanwhile; and it is whole.
copy() {
    [ -f "$1" ] || { say "there is no $1"; exit 3; }
    "$PYTHON" - "$1" "$2" <<'PY'
import sqlite3, sys
there, copy = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), sqlite3.connect(sys.argv[2])
there.backup(copy)
if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
    sys.exit(f"backup: {sys.argv[1]} is damaged")
copy.execute("PRAGMA journal_mode=DELETE")
copy.close()
PY
}
copy "$TEMPORAL_DB" "$new/temporal.db"
copy "$ARCHIVE_DB" "$new/archive.db"
# Files come and go meanwhile. tar says that of one by ending with 1; of one that is still coming, the name has a # in it.
[ ! -d "$ATTACHMENTS" ] || tar -C "$ATTACHMENTS" --exclude='*#*' -cf "$new/attachments.tar" . || [ $? -eq 1 ]
# What they name or show elsewhere is for whoever runs this to copy.
inside="$(cd "$SETTINGS" && pwd -P)"
lacks() { case "$(readlink -m "$1")/" in "$inside"/*) ;; *) say "not in this backup, copy it yourself: $1 ($2)" ;; esac; }
for one in $(sed -n 's/^[[:space:]]*\(VIGIL_[A-Z_]*\)=.*/\1/p' "$SETTINGS/vigil.env" 2>/dev/null | sort -u); do
    case "$one" in VIGIL_TEMPORAL_FILE | VIGIL_ATTACHMENTS) continue ;; esac
    shown="$(set_to "$one")"
    case "$shown" in /*) lacks "$shown" "$one" ;; esac
done
find "$inside" -path "$inside/keys" -prune -o -path "$inside/keys.before-*" -prune -o -type l -print | while IFS= read -r one; do lacks "$one" link; done
# Former keys too, which a restore has left there.
tar -C "$SETTINGS" --exclude=./keys --exclude='./keys.before-*' -cf "$new/settings.tar" .
if [ -n "$(find -L "$SETTINGS/keys" -type f 2>/dev/null)" ]; then
    # Of a link what it shows: on another machine it would show nothing.
    tar -h -C "$SETTINGS/keys" -cf "$new_keys" .
    sha256sum <"$new_keys" | cut -d ' ' -f 1 >"$new/keys.sha256"
else
    say "there are no keys in $SETTINGS/keys: those without which nobody opens this backup are not in it"
fi
# The version that is to be there before this is put back on a new machine.
[ ! -f "$(dirname "$0")/../../made-for" ] || cp "$(dirname "$0")/../../made-for" "$new/made-for"
(cd "$new" && sha256sum -- * >SHA256SUMS)
[ ! -f "$new_keys" ] || mv "$new_keys" "$keys/$name-keys.tar"
sync
mv "$new" "$to/$name"
trap - EXIT
echo "$to/$name"
