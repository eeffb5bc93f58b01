# What `make install` installs, and the Debian package that `make deb` makes of it.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # tests are not built for it

# The manual page and the completion scripts: overhang makes them itself.
set(manual ${CMAKE_CURRENT_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual})
add_custom_command(OUTPUT ${manual}/overhang.1.gz ${manual}/overhang ${manual}/_overhang
    ${manual}/overhang.fish ${manual}/changelog.gz
  COMMAND overhang --man > ${manual}/overhang.1
  COMMAND gzip -9nf ${manual}/overhang.1
  COMMAND overhang --completion bash > ${manual}/overhang
  COMMAND overhang --completion zsh > ${manual}/_overhang
  COMMAND overhang --completion fish > ${manual}/overhang.fish
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/packaging/changelog > ${manual}/changelog.gz
  DEPENDS overhang packaging/changelog VERBATIM)
add_custom_target(manual DEPENDS ${manual}/overhang.1.gz)
add_custom_target(installed ALL DEPENDS overhang overhang-wide manual)

install(TARGETS overhang overhang-wide RUNTIME)
install(FILES ${manual}/overhang.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
file(CREATE_LINK overhang.1.gz ${manual}/overhang-wide.1.gz SYMBOLIC)
install(FILES ${manual}/overhang-wide.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/overhang DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# Debian's zsh looks for packages' in a folder of its own.
install(CODE "
  set(functions zsh/site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
    set(functions zsh/vendor-completions)
  endif()
  file(INSTALL ${manual}/_overhang
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/\${functions}\")")
install(FILES ${manual}/overhang.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md docs/COOKBOOK.md docs/SEMANTICS.md docs/ACCURACY.md docs/ARM64.md
  docs/MODEL.md packaging/copyright ${manual}/changelog.gz TYPE DOC)
install(DIRECTORY docs/examples TYPE DOC)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(OVERHANG_MAINTAINER "overhang maintainers <overhang@localhost>" CACHE STRING
  "whom the Debian package names: Name <address>")
set(CPACK_PACKAGE_CONTACT ${OVERHANG_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds memory that a Go program keeps but can no longer see")
set(CPACK_PACKAGE_DESCRIPTION "\
overhang reads a running Go process, paused for milliseconds, or its core
file. It computes what the garbage collector keeps alive and what the
program's own variables can still reach, and reports the difference: the
slice that keeps it, how much each remedy would give back, and the
statement to change.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gdb, systemd-coredump")
include(CPack)
