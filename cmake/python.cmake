# The one extension module: Cython translates pynn/_core to C, and the result is
# linked with every object of the library.
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)

set(PN_CYTHON_DIR ${CMAKE_CURRENT_SOURCE_DIR}/pynn/_core)
file(GLOB PN_CYTHON_SOURCES CONFIGURE_DEPENDS
  ${PN_CYTHON_DIR}/*.pyx ${PN_CYTHON_DIR}/*.pxi ${PN_CYTHON_DIR}/*.pxd ${PN_CYTHON_DIR}/*.h)
set(PN_CYTHON_C ${CMAKE_CURRENT_BINARY_DIR}/_core.c)

# binding=False: plain C functions, 5 ns less per call than Cython's own type.
# The embedded signatures are what inspect, help() and stubtest read.
add_custom_command(
  OUTPUT ${PN_CYTHON_C}
  COMMAND ${Python_EXECUTABLE} -m cython -3 -I ${CMAKE_CURRENT_SOURCE_DIR}
    -X binding=False -X embedsignature=True -X embedsignature.format=clinic -X cdivision=True
    -X autotestdict=False
    --module-name pynn._core -o ${PN_CYTHON_C} ${PN_CYTHON_DIR}/_core.pyx
  DEPENDS ${PN_CYTHON_SOURCES}
  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
  COMMENT "Cython: pynn/_core"
  VERBATIM)

python_add_library(pynn_core MODULE WITH_SOABI ${PN_CYTHON_C} ${PN_OBJECTS})
set_target_properties(pynn_core PROPERTIES
  OUTPUT_NAME _core
  C_VISIBILITY_PRESET hidden
  INTERPROCEDURAL_OPTIMIZATION OFF) # it could mix functions of different ISA levels
target_include_directories(pynn_core PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/csrc ${PN_CYTHON_DIR})
target_compile_definitions(pynn_core PRIVATE CYTHON_USE_TYPE_SPECS=0)
target_link_libraries(pynn_core PRIVATE Threads::Threads)
if(NOT MSVC)
  # Generated code is not ours to warn about.
  target_compile_options(pynn_core PRIVATE -w -fno-strict-aliasing)
endif()
if(PYNN_SANITIZE)
  target_link_options(pynn_core PRIVATE -fsanitize=${PYNN_SANITIZE})
endif()

install(TARGETS pynn_core LIBRARY DESTINATION pynn)
