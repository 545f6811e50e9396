#!/usr/bin/env bash
# Compiles the kernels to PTX. Needs clang 19 (Debian: clang-19) and no CUDA toolkit.
#
#   build.sh [WORD]           writes Ptx/; with WORD only outputs whose name holds it
#   build.sh --check [WORD]   compiles into a temporary folder and fails where the committed PTX differs
#
# Each folder's builds.txt has a line per output:  NAME ARCHITECTURE SOURCE [-DMACRO=VALUE …]
set -euo pipefail
cd "$(dirname "$0")"

check=0
if [ "${1:-}" = --check ]; then check=1; shift; fi
export word=${1:-} out=Ptx CLANG=${CLANG:-clang-19}
command -v "$CLANG" >/dev/null || { echo "build.sh: $CLANG is needed (Debian package clang-19)" >&2; exit 2; }
if [ $check = 1 ]; then out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; fi

compile() {
  local name=$1 architecture=$2 source=$3; shift 3
  local isa=ptx74                         # CUDA 11.4: any driver that runs compute capability 8.0 and is not ancient
  [ "$architecture" = sm_90a ] && isa=ptx80 # CUDA 12.0: drivers from 525
  mkdir -p "$out/$architecture"
  # Comments go: they name the compiler's own blocks and would make every change look larger than it is.
  "$CLANG" -x cuda --cuda-device-only --cuda-gpu-arch="$architecture" -nocudainc -nocudalib -std=c++20 -O3 -ffp-contract=fast \
    -Wall -Wextra -Werror -Wno-unknown-cuda-version -Wno-unused-command-line-argument -Xclang -target-feature -Xclang +$isa \
    -I. "$@" -S -o - "$source" | sed -e 's@[[:space:]]*//.*$@@' -e '/^[[:space:]]*$/d' > "$out/$architecture/$name.ptx.tmp"
  mv "$out/$architecture/$name.ptx.tmp" "$out/$architecture/$name.ptx"
}
export -f compile

cat */builds.txt | sed -e 's/#.*//' | awk -v word="$word" 'NF && index($1, word)' \
  | xargs -P "$(nproc)" -d '\n' -I{} bash -c 'set -euo pipefail; compile {}'

if [ $check = 1 ]; then
  status=0
  for file in $(cd "$out" && find . -name '*.ptx' | sort); do
    cmp -s "$out/$file" "Ptx/$file" || { echo "differs from its source: Ptx/${file#./}" >&2; status=1; }
  done
  if [ -z "$word" ]; then
    for file in $(cd Ptx && find . -name '*.ptx' | sort); do
      [ -e "$out/$file" ] || { echo "no source builds: Ptx/${file#./}" >&2; status=1; }
    done
  fi
  exit $status
fi
