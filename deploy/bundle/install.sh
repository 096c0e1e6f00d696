#!/bin/sh
# Installs this version beside those that are there, without a network: sh install.sh [FOLDER]
# FOLDER is /opt/vigil unless another is named, PYTHON the program if it is not the one that is found. What runs is not touched:
# only where nothing was installed before does this version become the current one. FOLDER/current/switch.sh changes over.
set -eu
umask 022

say() { echo "install: $*" >&2; }
[ $# -le 1 ] || { say "expected at most a folder: sh install.sh [FOLDER]"; exit 2; }
into="${1:-/opt/vigil}"
case "$into" in /*) ;; *) into="$PWD/$into" ;; esac
into="${into%/}"
# The units name it, and systemd would take a blank or a percent sign in it for something else.
case "$into" in "" | *[!0-9A-Za-z/._+-]*) say "$into: units can name letters, digits and /._+- alone. Name another folder; nothing was installed"; exit 2 ;; esac
cd -P "$(dirname "$0")"

# What was carried here is what was made: every file, and no other.
[ -f SHA256SUMS ] && [ -f made-for ] || { say "$PWD is no bundle of Vigil"; exit 3; }
anew="nothing was installed. Copy the bundle anew, and compare its digest with the one that you were told"
sha256sum --check --quiet --strict SHA256SUMS >&2 || { say "the bundle is damaged: $anew"; exit 7; }
[ "$(find . ! -type d ! -path ./SHA256SUMS | wc -l)" -eq "$(wc -l <SHA256SUMS)" ] || { say "a file is here that is not in the bundle: $anew"; exit 7; }

value() { sed -n "s/^$1=//p" made-for; }
name="$(value name)"
case "$name" in "" | [!0-9]* | *[!0-9A-Za-z.+-]*) say "made-for names no version"; exit 7 ;; esac
[ "$(uname -s) $(uname -m)" = "$(value system) $(value machine)" ] || {
    say "this bundle is for $(value system) on $(value machine), and this machine is $(uname -s) on $(uname -m): nothing was installed"
    exit 1
}

# Wheels are made for one Python, and for a C library that is not older than theirs.
fits() {
    command -v "$1" >/dev/null || { why="there is no $1"; return 1; }
    why="$("$1" -I - "$(value python)" "$(value glibc)" 2>&1 <<'PY'
import platform, sys
number = lambda text: tuple(map(int, text.split(".")))
wanted, library = sys.argv[1:]
here, (kind, glibc) = "%d.%d" % sys.version_info[:2], platform.libc_ver()
if here != wanted:
    sys.exit("%s is Python %s, which is too %s" % (sys.executable, here, "old" if number(here) < number(wanted) else "new"))
if kind != "glibc" or number(glibc) < number(library):
    sys.exit("the C library here is %s, and glibc %s or newer is needed" % (" ".join((kind, glibc)).strip() or "another", library))
try:
    import ensurepip, venv
except ImportError:
    sys.exit("%s cannot make environments: install python%s-venv from the media of your system" % (sys.executable, wanted))
PY
    )"
}
python=""
set -- "python$(value python)" python3
[ -z "${PYTHON:-}" ] || set -- "$PYTHON"
for one in "$@"; do
    if fits "$one"; then python="$one"; break; fi
done
[ -n "$python" ] || { say "this bundle is for Python $(value python): $why. Name another: PYTHON=... sh install.sh; nothing was installed"; exit 1; }

# Two at once would each remove what the other has made.
mkdir -p "$into/versions"
exec 9<"$into/versions"
! command -v flock >/dev/null || flock -n 9 || { say "a version is being installed there already: wait for it; nothing was installed"; exit 1; }
there="$into/versions/$name"
# One whose Python is gone, or is another since, does not run any more, and is made anew.
runs() { [ "$("$there/.venv/bin/python" -I -c 'import sys; print("python=%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$(grep '^python=' "$there/made-for")" ]; }
if [ -f "$there/made-for" ] && runs; then
    # One that was interrupted in its last step is finished.
    [ -e "$into/current" ] || ln -s "versions/$name" "$into/current"
    say "$name is installed already: $there"
    exit 0
fi
rm -rf "$there" # also of one that was interrupted
trap 'rm -rf "$there"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$there"
"$python" -I -m venv "$there/.venv"
pip() { PIP_CONFIG_FILE=/dev/null "$there/.venv/bin/python" -I -m pip --isolated --disable-pip-version-check "$@"; }
pip install --quiet --no-index --no-cache-dir --no-deps --require-hashes --find-links "$PWD/wheels" --requirement requirements.lock
pip check >/dev/null || { say "what was installed does not fit together: nothing is left of it"; exit 1; }
cp -R deploy docs examples CHANGELOG.md LICENSE SECURITY.md requirements.lock sbom.cdx.json switch.sh uninstall.sh upgrade.sh "$there"
cp made-for "$there/.made-for"
# Whoever unpacked it may have kept it from others: it is for everybody on this machine to read.
chmod -R a+rX "$there"
[ "$into" = /opt/vigil ] || sed -i "s|/opt/vigil/current|$into/current|g" "$there"/deploy/systemd/*
sync
mv "$there/.made-for" "$there/made-for" # the last: whatever has it is whole, also after the power was cut
trap - EXIT
if [ ! -e "$into/current" ]; then
    ln -s "versions/$name" "$into/current"
    say "$name is installed and current: $into/current. deploy/README.md says what comes next"
else
    say "$name is installed beside the others. Change over: sh $into/current/switch.sh $name"
fi
