# Kernels: every file of csrc/kernels/<family>/ is compiled once per ISA level
# and per type of its family.  One OBJECT library for each pair, because source
# file properties cannot differ between uses of one file.
include(CheckCSourceCompiles)

if(NOT CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
  message(FATAL_ERROR "pynn needs gcc or clang (on Windows clang-cl), "
                      "not ${CMAKE_C_COMPILER_ID}: ${CMAKE_C_COMPILER}")
endif()

function(pn_common_options target)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/csrc)
  if(MSVC)
    target_compile_options(${target} PRIVATE /clang:-ffp-contract=off
      /clang:-fno-strict-aliasing /clang:-fno-math-errno)
    target_compile_definitions(${target} PRIVATE _CRT_SECURE_NO_WARNINGS)
  else()
    # -fno-math-errno: a square root is one instruction, not a call for errno's sake.
    target_compile_options(${target} PRIVATE
      -ffp-contract=off -fno-math-errno -fno-strict-aliasing -fvisibility=hidden
      -Wall -Wextra -Wno-unused-parameter -Wvla)
    if(PYNN_WERROR)
      target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(PYNN_SANITIZE)
      # -O1: the product's tiles compile in 6 s instead of 20
      target_compile_options(${target} PRIVATE -O1 -g -fno-omit-frame-pointer
        -fsanitize=${PYNN_SANITIZE} -fno-sanitize-recover=undefined)
      target_link_options(${target} PRIVATE -fsanitize=${PYNN_SANITIZE})
    endif()
  endif()
endfunction()

# What is built for, which on macOS need not be the machine that builds.
if(CMAKE_OSX_ARCHITECTURES MATCHES ";")
  message(FATAL_ERROR "pynn: one architecture per build, not '${CMAKE_OSX_ARCHITECTURES}'; "
                      "fuse the wheels afterwards")
elseif(CMAKE_OSX_ARCHITECTURES)
  string(TOLOWER "${CMAKE_OSX_ARCHITECTURES}" PN_CPU)
else()
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" PN_CPU)
endif()
if(PN_CPU MATCHES "x86_64|amd64|x64" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(PN_FLAGS_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mf16c -mbmi2
                      -mprefer-vector-width=512)
  set(PN_FLAGS_avx2 -mavx2 -mfma -mf16c -mbmi2)
  set(PN_LEVELS)
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${PN_FLAGS_avx512}")
  check_c_source_compiles("#include <immintrin.h>
int main(void) { __m512 a = _mm512_setzero_ps(); return (int)_mm512_reduce_add_ps(a); }"
    PN_HAVE_AVX512)
  unset(CMAKE_REQUIRED_FLAGS)
  if(PN_HAVE_AVX512)
    list(APPEND PN_LEVELS avx512)
  else()
    message(STATUS "pynn: this compiler has no AVX-512; the level avx512 is not built")
  endif()
  list(APPEND PN_LEVELS avx2)
elseif(PN_CPU MATCHES "aarch64|arm64")
  set(PN_FLAGS_neon)
  set(PN_LEVELS neon)
endif()
list(APPEND PN_LEVELS scalar)
set(PYNN_LEVELS "" CACHE STRING "only these of the levels (tests: one level compiles in a third)")
if(PYNN_LEVELS)
  set(PN_LEVELS ${PYNN_LEVELS})
endif()
# Small, not fast: the level of CPUs without AVX2. -Os takes 0.5 MB off the wheel (3.4 to 2.9 MB).
set(PN_FLAGS_scalar -Os)
message(STATUS "pynn: ISA levels ${PN_LEVELS}")

set(PN_TYPES_real f32 f64)
set(PN_TYPES_integer i64 i32 i8 u8 bool)
set(PN_TYPES_size s1 s2 s4 s8)
set(PN_TYPES_cast f32 f64 bf16 f16 i64 i32 i8 u8 bool)

set(PN_KERNEL_OBJECTS)
set(PN_PROBE_OBJECTS)
set(PN_LEVEL_DEFINITIONS)

function(pn_kernel_library name level type)
  add_library(${name} OBJECT ${ARGN})
  pn_common_options(${name})
  string(TOUPPER ${type} type_upper)
  string(TOUPPER ${level} level_upper)
  target_compile_options(${name} PRIVATE ${PN_FLAGS_${level}})
  target_compile_definitions(${name} PRIVATE PN_LEVEL=${level} PN_LEVEL_IS_${level_upper}=1
    PN_TYPE=${type} PN_TYPE_IS_${type_upper}=1)
endfunction()

foreach(level ${PN_LEVELS})
  string(TOUPPER ${level} level_upper)
  list(APPEND PN_LEVEL_DEFINITIONS PN_HAVE_LEVEL_${level_upper}=1)
  foreach(family real integer size cast)
    file(GLOB sources CONFIGURE_DEPENDS csrc/kernels/${family}/*.c)
    foreach(type ${PN_TYPES_${family}})
      pn_kernel_library(pn_${family}_${type}_${level} ${level} ${type} ${sources})
      list(APPEND PN_KERNEL_OBJECTS $<TARGET_OBJECTS:pn_${family}_${type}_${level}>)
    endforeach()
  endforeach()
  if(PYNN_CTEST) # the vector functions, for the test program
    foreach(type ${PN_TYPES_real})
      pn_kernel_library(pn_probe_${type}_${level} ${level} ${type} csrc/tests/probe/simd.c)
      list(APPEND PN_PROBE_OBJECTS $<TARGET_OBJECTS:pn_probe_${type}_${level}>)
    endforeach()
  endif()
  # The table itself runs on every machine, to be asked for its name: no ISA flags.
  add_library(pn_table_${level} OBJECT csrc/kernels/table.c)
  pn_common_options(pn_table_${level})
  target_compile_definitions(pn_table_${level} PRIVATE PN_LEVEL=${level})
  list(APPEND PN_KERNEL_OBJECTS $<TARGET_OBJECTS:pn_table_${level}>)
endforeach()

# Plans and rows know no ISA: compiled once, without its flags.
file(GLOB PN_ROW_SOURCES CONFIGURE_DEPENDS csrc/kernels/rows/*.c)
add_library(pn_rows OBJECT ${PN_ROW_SOURCES})
pn_common_options(pn_rows)
target_compile_definitions(pn_rows PRIVATE ${PN_LEVEL_DEFINITIONS})
list(APPEND PN_KERNEL_OBJECTS $<TARGET_OBJECTS:pn_rows>)
