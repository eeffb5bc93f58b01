// The command line as a table: commands, their words, formats and options. Parsing, --help, the man
// page and completion are all made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace overhang {

enum class Command : std::uint8_t {
  Leaks,
  Heap,
  Refs,
  Path,
  Goroutines,
  Snapshot,
  Diff,
  Fix,
  Model,
};

enum class Format : std::uint8_t { Text, Json, Html, Pprof, Folded };

struct CommandRow {
  Command command;
  std::string_view name;
  std::string_view words;    // that follow it: "TARGET", "OLD NEW"
  std::string_view summary;  // a line
  std::string_view about;    // for its --help: examples first, lines of at most 100 columns
  std::span<const Format> formats;
};

struct OptionRow {
  std::string_view names;  // as CLI11 takes them: "-o,--output"
  std::string_view value;  // "FILE"; "": a flag
  std::string_view about;
  std::uint32_t commands;  // those that take it, as bits of bit()
};

// Of an option that stands in place of a command.
inline constexpr std::uint32_t kNoCommand = 0;
constexpr std::uint32_t bit(Command command) { return 1u << static_cast<unsigned>(command); }

std::span<const CommandRow> commands();
std::span<const OptionRow> command_options();
const CommandRow& row_of(Command command);
// nullptr: there is no such command.
const CommandRow* command_named(std::string_view name);

std::string_view format_name(Format format);
// The words that an option's value may be, where they are few; empty: any.
std::vector<std::string_view> values_of(const OptionRow& option, const CommandRow& command);
// "text and json", "text, json and html".
std::string formats_of(const CommandRow& command);

}  // namespace overhang
