# overhang snapshot, and what else is read from its cores.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  return()  # live processes are refused (image/live.cc)
endif()
target_sources(overhang_test_support PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/delve.cc)
overhang_e2e_test(snapshot_test)
