#!/usr/bin/env bash
# Runs the commands of verify-by-hand.md as they stand there, and stops at the first that fails.
#   docs/verify-by-hand.sh PACKAGE [VKEY]
#   docs/verify-by-hand.sh --proof FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
commands() { awk -v fence="$1" '$0 == fence { on = 1; next } $0 == "```" { on = 0 } on' "$here/verify-by-hand.md"; }
export SCHEMAS="$here/../schemas"
if [ "$1" = --proof ]; then
  cd "$2"
  proof=$(echo *.tlog-proof)
  number=${proof%.tlog-proof}
  # The number is that of this folder; without a native there is nothing to hash.
  edits="s/^n=AFF-[0-9]*/n=$number/"
  if [ ! -e "$number.eml" ]; then edits="$edits;/^echo /d"; fi
  exec bash -eu -c "$(commands '```sh proof' | sed "$edits")"
else
  cd "$1"
  export VKEY="${2:-}"
  exec bash -eu -c "$(commands '```sh')"
fi
