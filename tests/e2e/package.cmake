# make install and make deb.
if(TARGET installed AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME e2e.package
    COMMAND ${CMAKE_SOURCE_DIR}/tools/test_package ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e.package PROPERTIES LABELS e2e TIMEOUT 300)
endif()
