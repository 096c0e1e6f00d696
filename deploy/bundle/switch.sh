#!/bin/sh
# Changes over to another installed version, forward or back: sh switch.sh VERSION [--restored]
# VERSION is the name of a folder beside this one, or `back`: the one that was current before, once: said again, it does not lead
# forward. Nothing of Vigil may run meanwhile.
# No migration of the archive can be undone. --restored says that the archive and Temporal are as they were before the newer
# version first started: the backup from before was put back, or that version never ran.
set -eu

say() { echo "switch: $*" >&2 || :; }
[ $# -eq 1 ] || { [ $# -eq 2 ] && [ "$2" = --restored ]; } || { say "expected a version: sh switch.sh VERSION|back [--restored]"; exit 2; }
root="$(cd -P "$(dirname "$0")/../.." && pwd -P)"
# Who upgrades has it locked, and hands that on.
[ -e /proc/self/fd/8 ] || exec 8<"$root"
! command -v flock >/dev/null || flock -n 8 || { say "a version is being changed over or removed: wait for it; nothing was changed"; exit 1; }
# The folder that a link shows, wherever it was made.
shown() { basename "$(cd -P "$root/$1" && pwd -P)"; }
to="$1"
if [ "$to" = back ]; then
    [ -e "$root/previous" ] || { say "no other version was current before, or it was gone back to already: name a version"; exit 3; }
    to="$(shown previous)"
fi
case "$to" in "" | [!0-9]* | */*) say "$to is no name of a version"; exit 2 ;; esac
[ -f "$root/versions/$to/made-for" ] || { say "$to is not installed. There are: $(cd "$root/versions" && echo *)"; exit 3; }
from="$(shown current)"
[ "$from" != "$to" ] || { say "$to is current already"; exit 0; }
# One that ends and is started again, or stops, runs too.
if command -v systemctl >/dev/null &&
    systemctl show --property=ActiveState 'vigil-*' 2>/dev/null | grep -Evq '^(|ActiveState=(inactive|failed))$'; then
    say "stop all first: systemctl stop 'vigil-*'; nothing was changed"
    exit 1
fi

value() { sed -n "s/^$2=//p" "$root/versions/$1/made-for"; }
# What one version has and the other does not know.
beyond() { for one in $(value "$1" migrations); do case " $(value "$2" migrations) " in *" $one "*) ;; *) printf ' %s' "$one" ;; esac; done; }
lost="$(beyond "$from" "$to")"
before="stop all, put back the backup that was made before $from (restore.sh), and say --restored; what was said since then is in the receipts of the services"
if [ $# -eq 1 ]; then
    [ -z "$lost" ] || { say "$to does not know migrations of the archive that $from has made, and none can be undone:$lost. Nothing was changed. Stay, or $before"; exit 1; }
    [ "$(value "$to" rules)" -ge "$(value "$from" rules)" ] || { say "$to does not have rules $(value "$from" rules), under which deliveries may have begun. Nothing was changed. Stay, or $before"; exit 1; }
fi
# A link is replaced in one step: there is always a current version.
"$root/versions/$to/.venv/bin/python" -I - "$root" "$from" "$to" "$1" <<'PY'
import os, sys
root, before, now, asked = sys.argv[1:]
for name, version in (("previous", before), ("current", now)):
    new = os.path.join(root, ".%s.new" % name)
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(os.path.join("versions", version), new)
    os.replace(new, os.path.join(root, name))
if asked == "back":
    os.unlink(os.path.join(root, "previous"))
PY
new="$(beyond "$to" "$from")"
[ -z "$new" ] || say "$to migrates the archive when it starts, which cannot be undone:$new. If there is no backup of now, make it before you start anything"
say "$to is current. Install its units anew, start all, and look: vigil doctor"
