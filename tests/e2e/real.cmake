# `make test-real`: needs Go's module proxy, so no part of other runs.
add_executable(real_test real_test.cc)
target_link_libraries(real_test PRIVATE overhang_test_support)
add_test(NAME e2e.real CONFIGURATIONS Real COMMAND real_test)
set_tests_properties(e2e.real PROPERTIES LABELS real TIMEOUT 900)
