# The static overhang in an empty root directory, where this machine can build one.
if(TARGET overhang-static)
  add_executable(static_test static_test.cc)
  target_link_libraries(static_test PRIVATE overhang_test_support)
  target_compile_definitions(static_test PRIVATE
    OVERHANG_STATIC="$<TARGET_FILE:overhang-static>")
  add_dependencies(static_test overhang-static)
  gtest_discover_tests(static_test TEST_PREFIX e2e.static. DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS e2e TIMEOUT 300)
endif()
