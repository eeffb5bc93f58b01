# Cores that the kernel writes.
add_executable(crash_test crash_test.cc)
target_link_libraries(crash_test PRIVATE overhang_test_support)
gtest_discover_tests(crash_test TEST_PREFIX e2e. DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS e2e TIMEOUT 300)
