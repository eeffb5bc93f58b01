// What the completion scripts have in common.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace overhang {

// What a word of a command or a value of an option is.
enum class WordKind : std::uint8_t { Other, Target, Process, File, Directory };

// By the word in the table: "TARGET", "FILE".
inline WordKind word_kind(std::string_view word) {
  if (word == "TARGET" || word == "OLD" || word == "NEW") return WordKind::Target;
  if (word == "PID") return WordKind::Process;
  if (word == "FILE" || word == "BINARY") return WordKind::File;
  if (word == "DIR") return WordKind::Directory;
  return WordKind::Other;
}

inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// {"-o", "--output"}
inline std::vector<std::string_view> names_of(const OptionRow& option) {
  return split(option.names, ',');
}

// Of the options that have a value.
inline std::vector<std::string_view> names_with_value() {
  std::vector<std::string_view> out;
  for (const OptionRow& option : command_options())
    if (!option.value.empty())
      for (auto name : names_of(option)) out.push_back(name);
  return out;
}

// Whether a command takes the option, or may be absent beside it.
inline bool stands_beside(const OptionRow& option, const CommandRow& command) {
  return option.commands == kNoCommand || (option.commands & bit(command.command));
}

// Those that a command takes; without one, leaks' and those that stand in place of a command.
inline std::vector<const OptionRow*> options_of(const CommandRow* command) {
  std::vector<const OptionRow*> out;
  auto wanted = bit(command ? command->command : Command::Leaks);
  for (const OptionRow& option : command_options())
    if ((option.commands & wanted) || (!command && option.commands == kNoCommand))
      out.push_back(&option);
  return out;
}

inline std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (char c : text) {
    if (c == from)
      out += to;
    else
      out += c;
  }
  return out;
}

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace overhang
