// Runs a script for a test.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "model/machine.h"
#include "model/remedies.h"

namespace overhang::model {

// The article's elements: 16 and 128 bytes in the heap.
inline const std::string kTypes = R"(
type Payload struct { data [120]byte }
type Conn struct { id int; payload *Payload }
type Pool struct { name int; inUse []*Conn }
type Point struct { x, y, z float64 }
)";

// Throws std::runtime_error with the script's error.
inline Machine run_script(const std::string& source, unsigned minor = 26) {
  auto script = parse(source);
  if (!script) throw std::runtime_error(script.error().message);
  Machine machine(Allocator(minor), script->types);
  auto done = machine.run(script->statements);
  if (!done) throw std::runtime_error(done.error().message);
  return machine;
}

inline Findings findings_of(const std::string& body, unsigned minor = 26) {
  return find_leaks(run_script(kTypes + body, minor).memory(), Knowledge::Exact);
}

// What it says where the script is wrong; "": nothing is.
inline std::string error_of(const std::string& source) {
  try {
    run_script(source);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

// The slice that a variable holds: "len cap".
inline std::string shape_of(const std::string& source, const std::string& name,
                            unsigned minor = 26) {
  auto machine = run_script(source, minor);
  auto slice = machine.memory().at({machine.variable(name).value(), 0});
  return std::to_string(slice.len) + " " + std::to_string(slice.cap);
}

}  // namespace overhang::model
