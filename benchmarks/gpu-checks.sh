#!/usr/bin/env bash
# Everything that only a GPU can tell, in the order in which it is worth knowing: a process for each step, as after one illegal address all
# that follows in a process fails, and a limit of time for each, so that a kernel that hangs costs its own step alone.
#
#   benchmarks/gpu-checks.sh PROGRAMS OUT [STEP...]
#
# PROGRAMS: a folder with the built LongContext.Benchmarks, LongContext.Cuda.Tests and LongContext.Tests, side by side or in one.
# OUT: gets gpu-checks.txt, all that was printed, and summary.txt, a line a step: its name, seconds, exit status (124: out of time).
# STEP: some of the steps below; without, all of them.
# GPU_CHECKS_SECONDS: no step begins that many seconds after the first (600 if not set), and none is given longer than what is left.
set -uo pipefail
programs=$(realpath "$1"); mkdir -p "$2"; out=$(realpath "$2"); shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
limit=${GPU_CHECKS_SECONDS:-600}
# What the driver has assembled once, the next step need not.
export CUDA_CACHE_PATH="${CUDA_CACHE_PATH:-$out/../cuda-cache}" CUDA_CACHE_MAXSIZE=$((4 << 30))

program() { find "$programs" -name "$1.dll" -not -path '*/ref/*' | head -n 1; }
benchmark() { dotnet "$(program LongContext.Benchmarks)" "$@"; }
suite() { dotnet "$(program LongContext.Cuda.Tests)" --progress off --filter-class "$@"; }

# Registers and spills as NVIDIA's assembler has them, and whether it leaves register counts out or serialises products (C7507 to C7510); without
# the CUDA toolkit the driver's own words.
assemble() {
  command -v ptxas > /dev/null || { CUDA_CACHE_DISABLE=1 benchmark gpu-assembler sm_90a; return; }
  failed=0
  for arch in sm_90a sm_80; do
    echo "== $arch"
    ls "$root"/src/LongContext.Cuda/Kernels/Ptx/$arch/*.ptx | xargs -P "$(nproc)" -I{} sh -c \
      'said=$(ptxas -arch='$arch' -v -o /dev/null "{}" 2>&1); status=$?; printf "%s: %s\n" "$(basename "{}" .ptx)" "$(printf "%s" "$said" | grep -E "registers|spill|C75|error|warning" | tr -s " \n" " ")"; exit $status' || failed=1
  done
  return $failed
}
kernels() { benchmark gpu-kernels; }
launch() { benchmark gpu-launch; }
attention() { benchmark gpu-attention; }
decoding() { benchmark gpu-decoding; }
neighbours() { benchmark gpu-neighbours; }
step() { benchmark gpu-step; }
inference() { benchmark inference-gpu; }
training() { benchmark long-training; }
driver() { suite "*CudaDriver*"; }
decoding-tests() { suite "*GpuDecoding*"; }
linear-tests() { suite "*GpuLinear*"; }
hopper-tests() { suite "*GpuHopper*"; }
kernel-tests() { suite "*Gpu*"; }
models() { dotnet "$(program LongContext.Tests)" --progress off --filter-class "*Gpu*" "*CudaAttentionTraining*"; }
export -f program benchmark suite; export programs root

declare -A seconds=(
  [assemble]=120 [kernels]=120 [launch]=30 [driver]=60 [attention]=150 [decoding]=60 [neighbours]=60 [hopper-tests]=120 [decoding-tests]=90
  [linear-tests]=90 [models]=150 [kernel-tests]=150 [step]=60 [inference]=240 [training]=240)
[ $# -gt 0 ] || set -- assemble kernels launch driver attention decoding neighbours hopper-tests decoding-tests linear-tests models kernel-tests step inference training

for name in "$@"; do
  [ -n "${seconds[$name]:-}" ] || { echo "$name is no step: ${!seconds[*]}" >&2; exit 2; }
done

begun=$SECONDS
: > "$out/gpu-checks.txt"; : > "$out/summary.txt"
for name in "$@"; do
  left=$((limit - (SECONDS - begun)))
  if [ "$left" -lt 10 ]; then echo "$name - not begun" | tee -a "$out/summary.txt"; continue; fi
  time=$(( seconds[$name] < left ? seconds[$name] : left )); at=$SECONDS
  export -f "$name"
  echo "=== $name" >> "$out/gpu-checks.txt"
  timeout -k 5 "$time" bash -c "$name" >> "$out/gpu-checks.txt" 2>&1; status=$?
  echo "$name $((SECONDS - at)) $status" | tee -a "$out/summary.txt"
done
! grep -qvE ' 0$' "$out/summary.txt"
