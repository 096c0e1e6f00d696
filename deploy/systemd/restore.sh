#!/bin/sh
# Puts a backup of backup.sh in its place: sh restore.sh BACKUP [KEYS.tar]
# Nothing of Vigil may run meanwhile. What was there before is kept beside it, under a name that ends with the moment.
set -eu
umask 077

TEMPORAL_DB="${TEMPORAL_DB:-/var/lib/vigil/temporal.db}"
ARCHIVE_DB="${ARCHIVE_DB:-/var/lib/vigil-archive/archive.db}"
ATTACHMENTS="${ATTACHMENTS:-/var/lib/vigil-attachments}"
SETTINGS="${SETTINGS:-/etc/vigil}"

say() { echo "restore: $*" >&2; }
[ $# -eq 1 ] || [ $# -eq 2 ] || { say "expected a backup: sh restore.sh BACKUP [KEYS.tar]"; exit 2; }
[ -f "$1/SHA256SUMS" ] || { say "$1 is no backup of backup.sh"; exit 3; }
from="$(cd "$1" && pwd -P)"
[ $# -eq 1 ] || [ -f "$2" ] || { say "there is no $2"; exit 3; }
(cd "$from" && sha256sum --check --quiet SHA256SUMS >&2) || { say "the backup is damaged: nothing was changed"; exit 7; }
if command -v systemctl >/dev/null && systemctl --quiet is-active 'vigil-*' 2>/dev/null; then
    say "stop all first: systemctl stop 'vigil-*'; nothing was changed"
    exit 1
fi

moment="$(date -u +%Y%m%dT%H%M%SZ)"
aside() { [ ! -e "$1" ] || mv "$1" "$1.before-$moment"; }
# The owner of the folder owns what comes into it.
into() { chown -R "$(stat -c %u:%g "$(dirname "$1")")" "$1"; }
put() {
    mkdir -p "$(dirname "$2")"
    for part in "$2" "$2-wal" "$2-shm"; do aside "$part"; done
    cp "$1" "$2"
    into "$2"
}
unpack() {
    mkdir -p "$(dirname "$2")"
    owner="$([ ! -d "$2" ] || stat -c %u:%g "$2")"
    aside "$2"
    mkdir -m "${3:-0700}" "$2"
    tar -C "$2" -xpf "$1"
    [ -z "$owner" ] || chown "$owner" "$2"
}
put "$from/temporal.db" "$TEMPORAL_DB"
put "$from/archive.db" "$ARCHIVE_DB"
[ ! -f "$from/attachments.tar" ] || unpack "$from/attachments.tar" "$ATTACHMENTS"
kept="$(mktemp -d)"
trap 'rm -rf "$kept"' EXIT
[ ! -d "$SETTINGS/keys" ] || cp -a "$SETTINGS/keys" "$kept/keys"
unpack "$from/settings.tar" "$SETTINGS" 0750
[ ! -d "$kept/keys" ] || cp -a "$kept/keys" "$SETTINGS/keys"
[ $# -eq 1 ] || unpack "$2" "$SETTINGS/keys"
sync
say "done. Start all, and look: systemctl start vigil-temporal 'vigil-worker@1' vigil-gateway; vigil doctor"
say "what was there before ends with .before-$moment; remove it when all is well"
