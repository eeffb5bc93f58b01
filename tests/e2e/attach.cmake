# Attaching to live processes: attach_test drives attach_once (a program that it kills at every
# stage) against the server of subjects/attach_server.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  return()  # live processes are refused (image/live.cc)
endif()
find_program(GO go HINTS /usr/local/go/bin REQUIRED)
set(attach_server ${CMAKE_CURRENT_BINARY_DIR}/attach/attach_server)
file(GLOB attach_server_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/subjects/attach_server/*)
add_custom_command(OUTPUT ${attach_server}
  COMMAND ${GO} build -o ${attach_server} .
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/subjects/attach_server
  DEPENDS ${attach_server_sources} VERBATIM)
add_custom_target(attach_server DEPENDS ${attach_server})

add_executable(attach_once ${CMAKE_CURRENT_LIST_DIR}/attach_once.cc)
target_link_libraries(attach_once PRIVATE overhang_image)

add_executable(attach_test
  ${CMAKE_CURRENT_LIST_DIR}/attach_test.cc
  ${CMAKE_SOURCE_DIR}/tests/support/attach_target.cc)
target_include_directories(attach_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(attach_test PRIVATE overhang_image GTest::gtest GTest::gtest_main)
target_compile_definitions(attach_test PRIVATE
  OVERHANG_ATTACH_SERVER="${attach_server}"
  OVERHANG_ATTACH_ONCE="$<TARGET_FILE:attach_once>")
add_dependencies(attach_test attach_once attach_server)
gtest_discover_tests(attach_test TEST_PREFIX e2e. DISCOVERY_TIMEOUT 60
  PROPERTIES LABELS e2e TIMEOUT 300)
