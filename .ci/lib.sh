# Shared by run and nightly: where things are, what they need, how they are built.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
JOBS=$(nproc)
cd "$ROOT"

step() { printf '\n== %s [%d s]\n' "$1" "$SECONDS"; }

# One compiler cache for all builds: the C library is the same in every wheel, whatever folder it is
# built in, and in the C program.
use_cache() {
  export CCACHE_DIR="$WORK/ccache" CCACHE_BASEDIR=/ CCACHE_NOHASHDIR=1 CMAKE_GENERATOR=Ninja
  if command -v ccache >/dev/null; then export CMAKE_C_COMPILER_LAUNCHER=ccache; fi
}

install_tools() {
  local missing=() pair
  for pair in gcc:gcc cmake:cmake ninja:ninja-build ccache:ccache clang-14:clang-14 \
    aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64:qemu-user; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || missing+=(libc6-dev-arm64-cross)
  if [ ${#missing[@]} -gt 0 ]; then
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
      "${missing[@]}" >/dev/null
  fi
}

# venv NAME PACKAGE...: prints the folder of its programs.
venv() {
  local dir="$WORK/venv-$1"
  shift
  python3 -m venv "$dir"
  "$dir/bin/pip" install -q --disable-pip-version-check "$@" >&2
  echo "$dir/bin"
}

# ctest_build NAME OPTION...: the C test program; prints its path.
ctest_build() {
  local dir="$ROOT/build/ctest-$1" # as deep as the wheel's: the same objects for the cache
  shift
  mkdir -p "$ROOT/build"
  cmake -S "$ROOT" -B "$dir" -G Ninja -DPYNN_CTEST=ON "$@" >"$dir.log" 2>&1 ||
    { cat "$dir.log" >&2; return 1; }
  cmake --build "$dir" -j "$JOBS" >>"$dir.log" 2>&1 || { grep -E "error|FAILED" "$dir.log" >&2; return 1; }
  echo "$dir/pn_ctest"
}

aarch64_options=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64
  -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc)
qemu() { qemu-aarch64 -L /usr/aarch64-linux-gnu "$@"; }

# The command under "Run the tests" in the README, as written there.
readme_test_command() { sed -n 's/^\(python3 -m venv .*pytest.*\)$/\1/p' README.md | head -1; }
