#!/bin/sh
# Puts a backup of backup.sh in its place: sh restore.sh BACKUP [KEYS.tar]
# Nothing of Vigil may run meanwhile. All of it is laid beside what is there first, and put in its place only once it is whole there: a
# full disk changes nothing. What was there before is kept beside it, under a name that ends with the moment.
set -eu
umask 077

SETTINGS="${SETTINGS:-/etc/vigil}"

say() { echo "restore: $*" >&2; }
[ $# -eq 1 ] || [ $# -eq 2 ] || { say "expected a backup: sh restore.sh BACKUP [KEYS.tar]"; exit 2; }
[ -f "$1/SHA256SUMS" ] || { say "$1 is no backup of backup.sh"; exit 3; }
from="$(cd "$1" && pwd -P)"
[ $# -eq 1 ] || [ -f "$2" ] || { say "there is no $2"; exit 3; }
(cd "$from" && sha256sum --check --quiet SHA256SUMS >&2) || { say "the backup is damaged: nothing was changed"; exit 7; }
# Those of another backup may be named, such as newer ones; that those of this one are whole is seen by their digest.
if [ $# -eq 2 ]; then
    { tar -tf "$2" >/dev/null && tar -tf "$2" | grep -q '[^/]$'; } || { say "$2 is damaged, or no file of keys: nothing was changed"; exit 7; }
    if [ -f "$from/keys.sha256" ] && [ "$(sha256sum <"$2" | cut -d ' ' -f 1)" != "$(cat "$from/keys.sha256")" ]; then
        [ "$(basename "$2")" != "$(basename "$from")-keys.tar" ] || { say "$2 is damaged: nothing was changed"; exit 7; }
        say "$2 are the keys of another backup"
    fi
fi
# One that ends and is started again, or stops, runs too.
if command -v systemctl >/dev/null &&
    systemctl show --property=ActiveState 'vigil-*' 2>/dev/null | grep -Evq '^(|ActiveState=(inactive|failed))$'; then
    say "stop all first: systemctl stop 'vigil-*'; nothing was changed"
    exit 1
fi

# Where the settings that come back say that it lies, as backup.sh found it.
set_to() {
    tar -xOf "$from/settings.tar" ./vigil.env 2>/dev/null | sed -n "s/^[[:space:]]*$1=[[:space:]]*//p" | tail -n 1 |
        sed -e 's/[[:space:]]*$//' -e "s/^\([\"']\)\(.*\)\1\$/\2/"
}
temporal="$(set_to VIGIL_TEMPORAL_FILE)"
archive="$(set_to VIGIL_ARCHIVE_URL)"
files="$(set_to VIGIL_ATTACHMENTS)"
case "$archive" in sqlite*:///*) archive="${archive#*:///}" archive="${archive%%\?*}" ;; *) archive="" ;; esac
case "$files" in s3://*) files="" ;; esac
TEMPORAL_DB="${TEMPORAL_DB:-${temporal:-/var/lib/vigil/temporal.db}}"
ARCHIVE_DB="${ARCHIVE_DB:-${archive:-/var/lib/vigil-archive/archive.db}}"
ATTACHMENTS="${ATTACHMENTS:-${files:-/var/lib/vigil-attachments}}"

moment="$(date -u +%Y%m%dT%H%M%SZ)"
new="new-$moment"
undo() {
    rm -rf "$TEMPORAL_DB.$new" "$ARCHIVE_DB.$new" "$ATTACHMENTS.$new" "$SETTINGS.$new"
    say "nothing was changed"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM

# The owner of the folder owns what comes into it.
into() { chown -R "$(stat -L -c %u:%g "$(dirname "$1")")" "$1"; }
lay() {
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.$new"
    into "$2.$new"
}
unpack() {
    mkdir -p "$(dirname "$2")"
    mkdir -m "$3" "$2.$new"
    tar -C "$2.$new" -xpf "$1"
    [ ! -d "$2" ] || chown "$(stat -L -c %u:%g "$2")" "$2.$new"
}
lay "$from/temporal.db" "$TEMPORAL_DB"
lay "$from/archive.db" "$ARCHIVE_DB"
if [ ! -f "$from/attachments.tar" ]; then
    : # in a bucket, or there were none
elif mountpoint -q "$ATTACHMENTS"; then
    # A disk of their own is not put aside. An object is never changed, and none is in the way of another.
    tar -C "$ATTACHMENTS" -xpf "$from/attachments.tar"
else
    unpack "$from/attachments.tar" "$ATTACHMENTS" 0700
fi
unpack "$from/settings.tar" "$SETTINGS" 0750
if [ $# -eq 2 ]; then
    mkdir -m 0700 "$SETTINGS.$new/keys"
    tar -C "$SETTINGS.$new/keys" -xpf "$2"
elif [ -d "$SETTINGS/keys" ]; then
    cp -a "$SETTINGS/keys" "$SETTINGS.$new/keys"
else
    say "there are no keys in $SETTINGS/keys, and none were named: nobody opens what was put back until they are there"
fi
sync

trap 'say "this was broken off in the middle: start nothing, and restore again. What was there before ends with .before-$moment"' EXIT
aside() { [ ! -e "$1" ] || mv "$1" "$1.before-$moment"; }
put() { aside "$1" && mv "$1.$new" "$1"; }
for part in "$TEMPORAL_DB-wal" "$TEMPORAL_DB-shm" "$ARCHIVE_DB-wal" "$ARCHIVE_DB-shm"; do aside "$part"; done
put "$TEMPORAL_DB"
put "$ARCHIVE_DB"
[ ! -d "$ATTACHMENTS.$new" ] || put "$ATTACHMENTS"
put "$SETTINGS"
trap - EXIT
sync
say "done. Start all, and look: systemctl start vigil-temporal 'vigil-worker@1' vigil-gateway; vigil doctor"
say "what was there before ends with .before-$moment; remove it when all is well"
