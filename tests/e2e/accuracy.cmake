# One row of docs/ACCURACY.md's table; tools/accuracy runs it for every release. No test.
add_executable(accuracy_row accuracy_row.cc)
target_link_libraries(accuracy_row PRIVATE overhang_test_support)
