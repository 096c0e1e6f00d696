#!/bin/sh
# Puts a backup of backup.sh in its place: sh restore.sh BACKUP [KEYS.tar]
# Nothing of Vigil may run meanwhile. All of it is laid beside what is there first, and put in its place only once it is whole there: a
# full disk changes nothing. What was there before is kept beside it, under a name that ends with the moment.
# Whatever ends it before that, nothing is changed; ended with 4 it was broken off in the middle.
set -eu
umask 077

SETTINGS="${SETTINGS:-/etc/vigil}"

say() { echo "restore: $*" >&2 || :; } # also where nobody hears it any more
[ $# -eq 1 ] || [ $# -eq 2 ] || { say "expected a backup: sh restore.sh BACKUP [KEYS.tar]"; exit 2; }
[ -f "$1/SHA256SUMS" ] || { say "$1 is no backup of backup.sh"; exit 3; }
from="$(cd "$1" && pwd -P)"
[ $# -eq 1 ] || [ -f "$2" ] || { say "there is no $2"; exit 3; }
(cd "$from" && sha256sum --check --quiet --strict SHA256SUMS >&2) || { say "the backup is damaged: nothing was changed"; exit 7; }
for one in temporal.db archive.db settings.tar; do
    [ -f "$from/$one" ] || { say "$1 is no backup of one machine: it has no $one; nothing was changed"; exit 3; }
done
# The list of digests may be cut off itself: whatever is put back stands in it.
for one in temporal.db archive.db settings.tar attachments.tar keys.sha256; do
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
exec 9<"$(dirname "$SETTINGS")"
! command -v flock >/dev/null || flock -n 9 || { say "a backup is being made or put back: nothing was changed"; exit 1; }

# Where the settings that come back say that it lies, as backup.sh found it.
if [ -z "${TEMPORAL_DB:-}" ] || [ -z "${ARCHIVE_DB:-}" ] || [ -z "${ATTACHMENTS:-}" ]; then
    ! tar -tvf "$from/settings.tar" ./vigil.env 2>/dev/null | grep -q '^l' || {
        say "vigil.env is a link, and what it shows is not in the backup: say where things lie (TEMPORAL_DB=..., ARCHIVE_DB=..., ATTACHMENTS=...); nothing was changed"
        exit 3
    }
fi
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
# What is laid beside a link, or behind a slash at the end, would lie on another disk, or in what is to be put aside.
TEMPORAL_DB="$(readlink -m "$TEMPORAL_DB")" ARCHIVE_DB="$(readlink -m "$ARCHIVE_DB")"
ATTACHMENTS="$(readlink -m "$ATTACHMENTS")" SETTINGS="$(readlink -m "$SETTINGS")"

# One that ends and is started again, or stops, runs too. So does what no unit started: it would go on with what is put aside.
stopped() {
    if command -v systemctl >/dev/null &&
        systemctl show --property=ActiveState 'vigil-*' 2>/dev/null | grep -Evq '^(|ActiveState=(inactive|failed))$'; then
        say "stop all first: systemctl stop 'vigil-*'; nothing was changed"
        return 1
    fi
    for one in "$TEMPORAL_DB" "$ARCHIVE_DB"; do
        [ -e "$one" ] || continue
        by="$(find -L /proc/[0-9]*/fd -maxdepth 1 -inum "$(stat -L -c %i "$one")" -printf '%D/%p\n' 2>/dev/null |
            sed -n "s|^$(stat -L -c %d "$one")//proc/\([0-9]*\)/.*|\1|p" | sort -u | tr '\n' ' ')"
        [ -z "$by" ] || { say "stop all first: process ${by}has $one open; nothing was changed"; return 1; }
    done
}
stopped || exit 1
# It could not be put aside with the rest.
! mountpoint -q "$SETTINGS" || {
    say "$SETTINGS is a disk of its own: name another folder (SETTINGS=...), and put what comes there in its place yourself; nothing was changed"
    exit 3
}
# What belongs to somebody whom nobody knows here would belong to whoever has that number.
owners() { for one in "$@"; do [ ! -f "$one" ] || tar -tvf "$one" | sed 's/^[^ ]* \([^ ]*\) .*/\1/'; done | sort -u; }
if [ "$(id -u)" -eq 0 ]; then
    for owner in $(owners "$from/settings.tar" "$from/attachments.tar" ${2+"$2"}); do
        { getent passwd "${owner%%/*}" && getent group "${owner#*/}"; } >/dev/null || case "$owner" in
        *[!0-9/]*)
            say "what is to be put back belongs to $owner, who is not known here: make user and group first (systemd-sysusers, see deploy/README.md); nothing was changed"
            exit 3
            ;;
        esac
    done
fi

# A second time within a second would put what is put aside over what was.
taken() { for one in "$TEMPORAL_DB" "$ARCHIVE_DB" "$ATTACHMENTS" "$SETTINGS"; do [ ! -e "$one.before-$1" ] && [ ! -e "$one.new-$1" ] || return 0; done; return 1; }
while
    moment="$(date -u +%Y%m%dT%H%M%SZ)"
    taken "$moment"
do sleep 1; done
new="new-$moment"
for one in "$TEMPORAL_DB".new-* "$ARCHIVE_DB".new-* "$ATTACHMENTS".new-* "$ATTACHMENTS/#new-"* "$SETTINGS".new-*; do
    [ ! -e "$one" ] || say "$one is left of a restore that was killed, and takes room: remove it"
done
laid="$ATTACHMENTS/#$new" # no object has such a name, and none of it comes into a backup
undo() {
    rm -rf "$TEMPORAL_DB.$new" "$ARCHIVE_DB.$new" "$ATTACHMENTS.$new" "$laid" "$SETTINGS.$new"
    say "nothing was changed"
}
trap undo EXIT
trap 'exit 1' HUP INT TERM

# The owner of the folder owns what comes into it.
into() { chown -R "$(stat -c %u:%g "$(dirname "$1")")" "$1"; }
# On a new machine systemd gives what lies in /var/lib to its units, and nothing else.
folder() {
    [ ! -d "$1" ] || return 0
    mkdir -p "$1"
    case "$1" in /var/lib/vigil*) ;; *) say "$1 was not there: give it to the user of the unit that uses it (chown -R) before you start anything" ;; esac
}
lay() {
    folder "$(dirname "$2")"
    cp "$1" "$2.$new"
    into "$2.$new"
}
unpack() {
    folder "$(dirname "$2")"
    mkdir -m "$3" "$2.$new"
    tar -C "$2.$new" -xpf "$1"
    [ ! -d "$2" ] || chown "$(stat -c %u:%g "$2")" "$2.$new"
}
lay "$from/temporal.db" "$TEMPORAL_DB"
lay "$from/archive.db" "$ARCHIVE_DB"
if [ ! -f "$from/attachments.tar" ]; then
    : # in a bucket, or there were none
elif mountpoint -q "$ATTACHMENTS"; then
    # A disk of their own is not put aside. An object is never changed, and none is in the way of another.
    # What is there as it is in the backup is not laid again: most of them, and there may be no room for two.
    mkdir -m 0700 "$laid"
    listed="$(tar -tf "$from/attachments.tar")"
    differs="$(LC_ALL=C tar -C "$ATTACHMENTS" -df "$from/attachments.tar" 2>/dev/null)" || [ $? -eq 1 ] || differs="$(echo "$listed" | sed 's/$/:/')"
    {
        echo "$differs" | sed 's/^\(\.[^:]*\):.*/\1/'
        echo end
        echo "$listed" | while IFS= read -r one; do [ ! -f "$ATTACHMENTS/$one" ] || echo "$one"; done
    } | awk '$0 == "end" { listed = 1; next } !listed { differs[$0]; next } !($0 in differs)' |
        tar -C "$laid" --anchored --no-wildcards --exclude-from=- -xpf "$from/attachments.tar"
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
stopped || exit 1

trap 'say "this was broken off in the middle: start nothing, and restore again. What was there before ends with .before-$moment"; exit 4' EXIT
trap '' PIPE
aside() { [ ! -e "$1" ] || mv "$1" "$1.before-$moment"; }
put() { aside "$1" && mv "$1.$new" "$1"; }
# What is left of a transaction would be played into the file that takes their place.
for log in wal shm journal; do
    aside "$TEMPORAL_DB-$log"
    aside "$ARCHIVE_DB-$log"
done
put "$TEMPORAL_DB"
put "$ARCHIVE_DB"
[ ! -d "$ATTACHMENTS.$new" ] || put "$ATTACHMENTS"
if [ -d "$laid" ]; then
    chown "$(stat -c %u:%g "$laid")" "$ATTACHMENTS"
    chmod "$(stat -c %a "$laid")" "$ATTACHMENTS"
    (cd "$laid" && find . -type f) | while IFS= read -r one; do
        mkdir -p "$(dirname "$ATTACHMENTS/$one")"
        mv -f "$laid/$one" "$ATTACHMENTS/$one"
    done
    rm -rf "$laid"
fi
put "$SETTINGS"
trap - EXIT
sync
say "done. Start all, and look: systemctl start vigil-temporal 'vigil-worker@1' vigil-gateway; vigil doctor"
say "what was there before ends with .before-$moment; remove it when all is well"
