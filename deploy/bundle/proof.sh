#!/bin/sh
# Proves that a bundle needs no network: sh proof.sh BUNDLE.tar
# In a network namespace with nothing but a loopback interface it is installed, rehearses an operation, runs an installation that
# `vigil doctor` finds healthy, is changed over to another version, and back; and what must be refused is. Minutes; it leaves nothing.
set -eu

say() { echo "proof: $*" >&2; }
if [ "${1:-}" != --inside ]; then
    [ $# -eq 1 ] && [ -f "$1" ] || { say "expected a bundle: sh proof.sh BUNDLE.tar"; exit 2; }
    how="--net"
    [ "$(id -u)" -eq 0 ] || how="--map-root-user --net"
    place="$(mktemp -d)"
    trap 'rm -rf "$place"' EXIT
    tar -C "$place" -xf "$1"
    clean="HOME=$place LC_ALL=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin PYTHON=${PYTHON:-python3}"
    unshare $how env -i $clean sh "$0" --inside "$place"
    exit
fi

place="$2"
bundle="$(echo "$place"/vigil-*)"
into="$place/opt"
current="$into/current"
python="$current/.venv/bin/python"
PATH="$current/.venv/bin:$PATH"
ip link set lo up

refused() { # CODE COMMAND...: it ends with this code
    expected="$1"
    shift
    code=0
    "$@" || code=$?
    [ "$code" -eq "$expected" ] || { say "ended with $code, not with $expected: $*"; exit 1; }
    say "refused, as it must be"
}
up() {
    vigil up --directory "$place/first/directory.yaml" >"$place/up.log" 2>&1 &
    running=$!
    trap 'kill "$running" 2>/dev/null || true; wait "$running" || true' EXIT
    for _second in $(seq 90); do
        ! vigil doctor >"$place/doctor.log" 2>&1 || return 0
        kill -0 "$running" || { cat "$place/up.log" >&2; exit 1; }
        sleep 1
    done
    cat "$place/doctor.log" "$place/up.log" >&2
    exit 1
}
down() { kill "$running"; wait "$running" || true; trap - EXIT; }

say "1. there is no way out of here"
[ -z "$(ip route)$(ip -6 route show default)" ] || { say "there are routes"; exit 1; }
refused 1 "$PYTHON" -I -c 'import socket, sys
try: socket.create_connection(("192.0.2.1", 443), 5)
except OSError as error: sys.exit(str(error))'

say "2. a file that was changed is refused, and nothing is installed; then it is installed"
cp "$bundle/CHANGELOG.md" "$place/kept"
echo "?" >>"$bundle/CHANGELOG.md"
refused 7 sh "$bundle/install.sh" "$into"
[ ! -e "$into" ] || { say "something was installed"; exit 1; }
cp "$place/kept" "$bundle/CHANGELOG.md"
sh "$bundle/install.sh" "$into"
sh "$bundle/install.sh" "$into"
"$python" -I -m pip list --format=freeze | wc -l

say "3. an operation is rehearsed"
vigil rehearse "$current/examples/almaty-tashkent/plan.yaml" --keep "$place/rehearsed"
vigil verify "$place/rehearsed/saxaul-22.packet.json" --directory "$place/rehearsed/directory.yaml"

say "4. an installation runs, and the doctor finds nothing wrong"
cp -R "$current/examples" "$place/first"
vigil keys new vigil --plain --installation --directory "$place/first/directory.yaml"
vigil keys new --plain kz.knb kz.prosecutor uz.prosecutor kz.police uz.customs uz.police caricc --directory "$place/first/directory.yaml"
up
cat "$place/doctor.log"
down

say "5. a newer version, which is this one with one migration more, is installed beside it and changed over to"
first="$(sed -n 's/^name=//p' "$bundle/made-for")"
sed -i -e "s/^name=.*/&-next/" -e "s/^migrations=.*/& next/" "$bundle/made-for"
(cd "$bundle" && find . -type f ! -path ./SHA256SUMS -exec sha256sum {} + | sed 's|  \./|  |' >"$place/sums" && mv "$place/sums" SHA256SUMS)
sh "$bundle/install.sh" "$into"
sh "$current/switch.sh" "$first-next"
up
grep "beside this one" "$place/doctor.log"
down

say "6. back: not without the backup from before; what is current is not removed"
refused 1 sh "$current/switch.sh" back
refused 1 sh "$current/uninstall.sh" "$first-next"
sh "$current/switch.sh" back --restored
[ "$(readlink "$current")" = "versions/$first" ] || { say "the link shows another version"; exit 1; }
up
grep "beside this one" "$place/doctor.log"
down
sh "$current/uninstall.sh" "$first-next"
sh "$current/uninstall.sh" --all
[ -z "$(ls "$into")" ] || { say "something is left in $into"; exit 1; }
say "all of it held, without a network"
