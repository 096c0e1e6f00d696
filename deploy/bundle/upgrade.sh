#!/bin/sh
# Changes over to an installed version with all that belongs to it, on one machine with systemd:
#   sh upgrade.sh VERSION BACKUPS KEYS   stops Vigil, backs it up to these two folders, changes over, installs the units, starts, looks
#   sh upgrade.sh VERSION --backed-up    the same without that: whoever runs this has backed up what is elsewhere
#   sh upgrade.sh back                   the same without a backup, to the version from before, where nothing was migrated since
#   sh upgrade.sh back BACKUP KEYS.tar   puts that backup in its place first: what came later is in the receipts of the services
# A unit that was changed by hand is not installed anew, and nothing is changed over: such a change belongs into a drop-in.
# What ran before runs afterwards. Where it cannot change over, what ran is started again, but for what is half put back.
set -eu

UNITS="${UNITS:-/etc/systemd/system}"
SETTINGS="${SETTINGS:-/etc/vigil}"
PATIENCE="${PATIENCE:-90}" # seconds until the doctor must find nothing wrong

say() { echo "upgrade: $*" >&2 || :; }
trap '' PIPE # also where nobody hears it any more
case "$#:${1:-}" in
1:back | 3:back | 3:[0-9]*) ;;
2:[0-9]*) [ "$2" = --backed-up ] || { say "expected: sh upgrade.sh VERSION BACKUPS KEYS, or: sh upgrade.sh VERSION --backed-up"; exit 2; } ;;
*) say "expected: sh upgrade.sh VERSION BACKUPS KEYS, or: sh upgrade.sh back [BACKUP KEYS.tar]"; exit 2 ;;
esac
root="$(cd -P "$(dirname "$0")/../.." && pwd -P)"
current="$root/current"
exec 8<"$root"
! command -v flock >/dev/null || flock -n 8 || { say "it is being changed over already: nothing was changed"; exit 1; }
[ "$1" = back ] || [ -f "$root/versions/$1/made-for" ] || { say "$1 is not installed. There are: $(cd "$root/versions" && echo *)"; exit 3; }
# Before anything is stopped or put back: a way back that there is.
if [ "$1" = back ]; then
    [ -f "$root/previous/made-for" ] || { say "no other version was current before, or it was gone back to already: name a version"; exit 3; }
    to="$root/previous"
else
    to="$root/versions/$1"
fi
[ "$1" != back ] || [ "$(cd -P "$to" && pwd -P)" != "$(cd -P "$current" && pwd -P)" ] || {
    say "the version from before is current already: name another to switch.sh"
    exit 3
}
"$to/.venv/bin/python" -I -c '' || { say "$to does not run here: its Python is gone. Install a bundle for the one that is here"; exit 1; }
# What an administrator has changed in a unit itself would be undone with its next version, and nobody would know.
changed=""
for one in "$to"/deploy/systemd/*.service; do
    unit="$(basename "$one")"
    [ -e "$UNITS/$unit" ] || [ -L "$UNITS/$unit" ] || continue
    as_it_was=""
    for version in "$root"/versions/*/deploy/systemd/"$unit"; do
        ! cmp -s "$version" "$UNITS/$unit" || as_it_was=yes
    done
    [ -n "$as_it_was" ] || changed="$changed $unit"
done
[ -z "$changed" ] || {
    say "in $UNITS this is as no installed version has it:$changed. What you changed belongs into a drop-in (systemctl edit UNIT);" \
        "then put the unit of $current/deploy/systemd in its place. Nothing was changed"
    exit 1
}
# A backup of tables that the version from before does not know leads to where one comes from.
if [ $# -eq 3 ] && [ "$1" = back ] && [ -f "$2/archive.db" ]; then
    has="$("$to/.venv/bin/python" -I - "$2/archive.db" <<'PY'
import contextlib, pathlib, sqlite3, sys
with contextlib.suppress(sqlite3.OperationalError):
    file = pathlib.Path(sys.argv[1]).resolve().as_uri() + "?mode=ro&immutable=1"
    print(*(one for (one,) in sqlite3.connect(file, uri=True).execute("SELECT version_num FROM alembic_version")))
PY
    )"
    for one in $has; do
        case " $(sed -n 's/^migrations=//p' "$to/made-for") " in *" $one "*) ;; *)
            say "$2 was made by a newer version: $(basename "$(cd -P "$to" && pwd -P)") does not know its migration $one. Name the one from before; nothing was changed"
            exit 1
            ;;
        esac
    done
fi
# Nor does one of deliveries that were begun under newer rules.
rules() { sed -n 's/^rules=//p' "$1/made-for"; }
if [ $# -eq 3 ] && [ "$1" = back ] && [ -f "$2/made-for" ] && [ "$(rules "$to")" -lt "$(rules "$2")" ]; then
    say "$2 was made by a newer version: $(basename "$(cd -P "$to" && pwd -P)") does not have rules $(rules "$2"). Name the one from before; nothing was changed"
    exit 1
fi
export PYTHON="${PYTHON:-$to/.venv/bin/python}" # that of the version that runs may be gone

# One word for each unit that runs, or ends and is started again: it would come up in the middle of this.
listed="$(systemctl list-units --plain --no-legend --state=active,activating,reloading 'vigil-*')"
running="$(echo "$listed" | cut -d ' ' -f 1 | tr '\n' ' ')"
[ "$running" != " " ] || running=""
start_again() { [ -z "$running" ] || systemctl start $running; }
# Also where whoever runs this goes away: the shell runs no trap for EXIT when a signal ends it.
trap 'exit 1' HUP INT TERM
trap 'start_again || true; say "it was not changed over; what ran is started again"' EXIT
[ -z "$running" ] || systemctl stop $running
case "$#:$1" in
1:back) sh "$current/switch.sh" back ;;
3:back)
    # What is half put back is not started, nor the newer version with what was put back: it would migrate it.
    code=0
    trap : HUP INT TERM
    sh "$current/deploy/systemd/restore.sh" "$2" "$3" || code=$?
    if [ "$code" -ne 0 ]; then
        [ "$code" -ne 4 ] && [ "$code" -lt 128 ] || trap 'say "nothing is started: run the same once more, then systemctl start $running"' EXIT
        exit "$code"
    fi
    trap 'say "the backup is in its place, and it was not changed over: nothing is started. sh $current/switch.sh back --restored, then systemctl start $running"' EXIT
    trap 'exit 1' INT TERM HUP
    sh "$current/switch.sh" back --restored
    ;;
2:*) sh "$current/switch.sh" "$1" ;;
*)
    sh "$current/deploy/systemd/backup.sh" "$2" "$3"
    sh "$current/switch.sh" "$1"
    ;;
esac
trap 'start_again || true; say "it is changed over, and what ran is started; its units are not installed, or not started: see above"' EXIT

install -m 0644 "$current"/deploy/systemd/*.service "$UNITS/"
systemctl daemon-reload
start_again
trap - EXIT
[ -n "$running" ] || { say "nothing ran, and nothing was started"; exit 0; }
export VIGIL_KEY="$SETTINGS/keys/vigil.pem" VIGIL_PAYLOAD_KEYS="$SETTINGS/keys/payload.keys" VIGIL_DECONFLICTION_KEY="$SETTINGS/keys/deconfliction.key"
end=$(($(date +%s) + PATIENCE))
until found="$("$current/.venv/bin/vigil" doctor --settings "$SETTINGS/vigil.env")"; do
    [ "$(date +%s)" -lt "$end" ] || { echo "$found"; say "it is changed over, and the doctor finds something wrong"; exit 1; }
    sleep 3
done
echo "$found"
say "$(basename "$(cd -P "$current" && pwd -P)") runs, and the doctor finds nothing wrong"
