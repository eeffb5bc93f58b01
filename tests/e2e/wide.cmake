# overhang-wide: its reports against overhang's, and that overhang hands over to it, which is tried
# with one whose ids end at 100.
add_test(NAME e2e.wide.reports COMMAND other_build_test
  --gtest_filter=*/arrays:*/churn_2:*/generics:*/maps:*/reflects:*/strs:*/web:*Stripped*:*.RefusesTheSame)
set_tests_properties(e2e.wide.reports PROPERTIES LABELS e2e TIMEOUT 600
  ENVIRONMENT "OVERHANG_OTHER_BUILD=$<TARGET_FILE:overhang-wide>")
add_dependencies(other_build_test overhang-wide)

add_executable(overhang_of_100 ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
target_compile_definitions(overhang_of_100 PRIVATE OVERHANG_MAX_OBJECTS=100)
target_link_libraries(overhang_of_100 PRIVATE overhang_cli)
add_executable(hand_over_test hand_over_test.cc)
target_link_libraries(hand_over_test PRIVATE overhang_test_support)
target_compile_definitions(hand_over_test PRIVATE
  OVERHANG_OF_100="$<TARGET_FILE:overhang_of_100>" OVERHANG_WIDE="$<TARGET_FILE:overhang-wide>")
add_dependencies(hand_over_test overhang_of_100 overhang-wide)
gtest_discover_tests(hand_over_test TEST_PREFIX e2e.wide. DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS e2e TIMEOUT 300)

# Ids beyond 32 bits, as far as they go without a heap that needs them.
add_executable(wide_ids_test ${CMAKE_SOURCE_DIR}/tests/unit/wide/wide_ids_test.cc
  ${CMAKE_SOURCE_DIR}/tests/unit/graph/holder_test.cc)
target_include_directories(wide_ids_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(wide_ids_test PRIVATE overhang_graph_wide GTest::gtest GTest::gtest_main)
set_target_properties(wide_ids_test PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
gtest_discover_tests(wide_ids_test TEST_PREFIX unit.wide. DISCOVERY_TIMEOUT 60)
