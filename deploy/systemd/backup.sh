#!/bin/sh
# Backs up one machine with the units of this folder, while it runs: sh backup.sh FOLDER KEYS
# FOLDER gets a new folder with Temporal's file, the archive, attachments and settings; KEYS, on another medium, the keys.
# Temporal comes first: an archive that is newer can go on with it, one that is older lacks what workers have kept in it.
set -eu
umask 077

PYTHON="${PYTHON:-/opt/vigil/current/.venv/bin/python}"
TEMPORAL_DB="${TEMPORAL_DB:-/var/lib/vigil/temporal.db}"
ARCHIVE_DB="${ARCHIVE_DB:-/var/lib/vigil-archive/archive.db}"
ATTACHMENTS="${ATTACHMENTS:-/var/lib/vigil-attachments}"
SETTINGS="${SETTINGS:-/etc/vigil}"

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
trap 'rm -rf "$new"' EXIT

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
[ ! -d "$ATTACHMENTS" ] || tar -C "$ATTACHMENTS" -cf "$new/attachments.tar" .
tar -C "$SETTINGS" --exclude=./keys -cf "$new/settings.tar" .
(cd "$new" && sha256sum -- * >SHA256SUMS)
if [ -d "$SETTINGS/keys" ]; then
    tar -C "$SETTINGS/keys" -cf "$keys/.$name.part" .
    mv "$keys/.$name.part" "$keys/$name-keys.tar"
fi
sync
mv "$new" "$to/$name"
trap - EXIT
echo "$to/$name"
