# What the program says of itself: no Go is needed.
add_executable(help_test help_test.cc)
target_link_libraries(help_test PRIVATE overhang_test_support)
target_compile_definitions(help_test PRIVATE
  OVERHANG_COMPLETE_ZSH="${CMAKE_CURRENT_LIST_DIR}/complete.zsh")
gtest_discover_tests(help_test TEST_PREFIX e2e.help. DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS e2e TIMEOUT 300)
