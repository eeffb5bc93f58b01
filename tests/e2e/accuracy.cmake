# One row of docs/ACCURACY.md's table; tools/accuracy runs it for every release. No test.
add_executable(accuracy_row accuracy_row.cc)
target_link_libraries(accuracy_row PRIVATE overhang_test_support)

# The unusual heaps at full size; `make soak-unusual` runs it. No test of ctest: it needs some 8 GB.
add_executable(unusual_soak unusual_soak.cc)
target_link_libraries(unusual_soak PRIVATE overhang_test_support)
