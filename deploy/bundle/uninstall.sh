#!/bin/sh
# Removes one installed version that is not current, or the program altogether: sh uninstall.sh VERSION|--all
# What lasts stays: settings and keys in /etc/vigil, Temporal, archive and attachments in /var/lib.
set -eu

say() { echo "uninstall: $*" >&2; }
[ $# -eq 1 ] || { say "expected a version: sh uninstall.sh VERSION|--all"; exit 2; }
root="$(cd -P "$(dirname "$0")/../.." && pwd -P)"
shown() { [ ! -e "$root/$1" ] || basename "$(cd -P "$root/$1" && pwd -P)"; }
[ -d "$root/versions" ] || { say "$root holds no versions of Vigil"; exit 3; }
# The one that is removed may be the one that is installed, or changed over to.
exec 8<"$root" 9<"$root/versions"
! command -v flock >/dev/null || { flock -n 8 && flock -n 9; } || { say "a version is being installed or changed over: wait for it; nothing was removed"; exit 1; }
if [ "$1" = --all ]; then
    # One that ends and is started again, or stops, runs too.
    if command -v systemctl >/dev/null &&
        systemctl show --property=ActiveState 'vigil-*' 2>/dev/null | grep -Evq '^(|ActiveState=(inactive|failed))$'; then
        say "stop all first: systemctl disable --now 'vigil-*'; nothing was removed"
        exit 1
    fi
    rm -f "$root"/versions/*/made-for # the first: whatever has it is whole, also where this is killed
    rm -rf "$root/current" "$root/previous" "$root/versions"
    say "no version is left. Settings, keys and what was kept are where they were: /etc/vigil, /var/lib/vigil*"
    exit 0
fi
case "$1" in "" | [!0-9]* | */*) say "$1 is no name of a version"; exit 2 ;; esac
[ -d "$root/versions/$1" ] || { say "$1 is not installed. There are: $(cd "$root/versions" && echo *)"; exit 3; }
[ "$1" != "$(shown current)" ] || { say "$1 is current: change over first (switch.sh), or remove everything with --all; nothing was removed"; exit 1; }
[ "$1" != "$(shown previous)" ] || rm "$root/previous"
rm -f "$root/versions/$1/made-for"
rm -rf "${root:?}/versions/$1"
say "$1 is removed"
