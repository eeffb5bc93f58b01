#Thousands of random programs; `make soak` runs it.No test of ctest.
add_executable(machine_soak machine_soak.cc)
    target_link_libraries(machine_soak PRIVATE overhang_test_support)
