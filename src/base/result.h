// Errors are values: a kind that callers may act on, and one line that a person may act on.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace overhang {

enum class ErrorKind {
  NotFound,      // no such process, file or symbol
  NotPermitted,  // the system refused; the message says what to grant
  BadInput,      // malformed or inconsistent bytes
  Truncated,     // the bytes end before the structure does
  Unsupported,   // well-formed, but not something overhang reads
  TooMany,       // the same, for its objects being too many for this build's ids
  Gone,          // the process ended while it was being read
  Usage,         // the command line is wrong
};

struct Error {
  ErrorKind kind;
  std::string message;  // one line, no trailing dot; names the file, address or structure
};

// The value, or why there is none.
template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

// Puts "context: " before an error's message on its way up.
template <class... Args>
tl::unexpected<Error> within(const Error& error, fmt::format_string<Args...> format,
                             Args&&... args) {
  return tl::unexpected(
      Error{error.kind, fmt::format(format, std::forward<Args>(args)...) + ": " + error.message});
}

}  // namespace overhang

// Evaluates `expression` (a Result); on failure returns its error from the enclosing function, else
// binds the value: OVERHANG_TRY(auto x, f());
#define OVERHANG_TRY_CONCAT2(a, b) a##b
#define OVERHANG_TRY_CONCAT(a, b) OVERHANG_TRY_CONCAT2(a, b)
#define OVERHANG_TRY_IMPL(tmp, declaration, expression)    \
  auto tmp = (expression);                                 \
  if (!tmp) return tl::unexpected(std::move(tmp).error()); \
  declaration = std::move(*tmp)
#define OVERHANG_TRY(declaration, expression) \
  OVERHANG_TRY_IMPL(OVERHANG_TRY_CONCAT(overhang_try_, __LINE__), declaration, expression)
// The same for a Status.
#define OVERHANG_CHECK(expression)                                                  \
  do {                                                                              \
    if (auto status = (expression); !status) return tl::unexpected(status.error()); \
  } while (false)
