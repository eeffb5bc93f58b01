# The static programs: static/overhang and static/overhang-wide in the build directory, for
# containers that hold nothing else. They link the same objects as the others.
#
# overhang_library(NAME SHARED archives...): NAME_library stands for the archives in executables
# with the property OVERHANG_STATIC, else for the shared library SHARED. Archives are targets or
# words of lib<word>.a; missing ones are told in OVERHANG_NO_ARCHIVE.
include(CheckCXXSourceCompiles)

function(overhang_library name shared)
  add_library(${name}_library INTERFACE)
  set(archives)
  foreach(word IN LISTS ARGN)
    if(TARGET ${word})
      list(APPEND archives ${word})
      continue()
    endif()
    find_library(ARCHIVE_OF_${word} NAMES lib${word}.a)
    mark_as_advanced(ARCHIVE_OF_${word})
    if(ARCHIVE_OF_${word})
      list(APPEND archives ${ARCHIVE_OF_${word}})
    else()
      set_property(GLOBAL APPEND PROPERTY OVERHANG_NO_ARCHIVE lib${word}.a)
    endif()
  endforeach()
  target_link_libraries(${name}_library INTERFACE
    "$<IF:$<BOOL:$<TARGET_PROPERTY:OVERHANG_STATIC>>,${archives},${shared}>")
endfunction()

# Debian's libfmt-dev has no archive, but its headers hold the whole library: one object file with
# all their functions is the archive.
file(CONFIGURE OUTPUT fmt_archive.cc CONTENT "#include <fmt/format.h>\n")
add_library(fmt_archive STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/fmt_archive.cc)
target_link_libraries(fmt_archive PRIVATE fmt::fmt-header-only)
target_compile_options(fmt_archive PRIVATE -ffunction-sections
  $<IF:$<CXX_COMPILER_ID:GNU>,-fkeep-inline-functions,-femit-all-decls>)
set_target_properties(fmt_archive PROPERTIES EXPORT_COMPILE_COMMANDS OFF)

overhang_library(fmt fmt::fmt fmt_archive)
overhang_library(elf PkgConfig::ELF ${ELF_STATIC_LIBRARIES})  # with what libelf.a itself needs
overhang_library(zlib ZLIB::ZLIB z)
overhang_library(tree_sitter PkgConfig::TREE_SITTER tree-sitter)
overhang_library(capstone PkgConfig::CAPSTONE capstone)

function(overhang_static_program target library)
  add_executable(${target}-static src/cli/main.cc)
  target_link_libraries(${target}-static PRIVATE ${library})
  target_link_options(${target}-static PRIVATE -static-pie -Wl,--gc-sections)
  set_target_properties(${target}-static PROPERTIES OVERHANG_STATIC ON EXPORT_COMPILE_COMMANDS OFF
    OUTPUT_NAME ${target} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/static)
endfunction()

# The target `static`, which says why where there can be none (a sanitizer, no archives).
function(overhang_static_programs)
  get_property(missing GLOBAL PROPERTY OVERHANG_NO_ARCHIVE)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  check_cxx_source_compiles("int main() {}" OVERHANG_STATIC_LINKS)
  if(NOT OVERHANG_STATIC_LINKS OR CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    list(APPEND missing "archives of the compiler or a sanitizer")
  endif()
  add_custom_target(static)
  if(missing)
    add_custom_command(TARGET static COMMAND ${CMAKE_COMMAND} -E echo
      "no static overhang here: missing are ${missing}" COMMAND false)
    return()
  endif()
  overhang_static_program(overhang overhang_cli)
  overhang_static_program(overhang-wide overhang_cli_wide)
  add_dependencies(static overhang-static overhang-wide-static)
endfunction()
