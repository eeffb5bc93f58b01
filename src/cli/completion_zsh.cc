#include <fmt/format.h>

#include "cli/completion_parts.h"

namespace overhang {
namespace {

constexpr std::string_view kHelpers =
    R"sh(#compdef overhang
# zsh completion of overhang: made by overhang --completion zsh
_overhang_processes() {
  local -a found
  local process
  for process in /proc/<->(N:t); do
    [[ -e /proc/$process/exe ]] && found+=("$process:$(</proc/$process/comm)")
  done 2>/dev/null
  _describe -V process found
}
_overhang_targets() {
  _alternative 'processes:process:_overhang_processes' 'files:core file:_files'
}
_overhang_first() {
  _describe command commands
  _overhang_targets
}
)sh";

// Finds the command and takes its name off the words; the others are then numbered from it. Where a
// target comes first, it is leaks.
constexpr std::string_view kStart = R"sh(  local command= i
  for ((i = 2; i < CURRENT; i++)); do
    if (( with_value[(I)${words[i]}] )); then
      ((i++))
    elif [[ -n ${(M)commands:#${words[i]}:*} ]]; then
      command=${words[i]}
      words[i]=()
      ((CURRENT--))
      break
    elif [[ ${words[i]} != -* && ${words[i]} != help ]]; then
      command=leaks
      break
    fi
  done
  case $command in
)sh";

std::string_view action(WordKind kind) {
  switch (kind) {
    case WordKind::Target:
      return "_overhang_targets";
    case WordKind::Process:
      return "_overhang_processes";
    case WordKind::File:
      return "_files";
    case WordKind::Directory:
      return "_files -/";
    case WordKind::Other:
      return " ";
  }
  return " ";
}

// Within single quotes.
std::string quoted(std::string_view text) {
  auto line = replaced(replaced(text, '\n', " "), '\'', "'\\''");
  return replaced(replaced(line, '[', "\\["), ']', "\\]");
}

// A line of _arguments' for each name of an option.
std::string specs_of(const OptionRow& option, const CommandRow& command) {
  auto names = names_of(option);
  auto values = values_of(option, command);
  std::string out;
  for (auto name : names) {
    out += "        '";
    if (names.size() > 1) out += fmt::format("({})", fmt::join(names, " "));
    out += name;
    if (!option.value.empty()) out += name.starts_with("--") ? "=" : "+";
    out += fmt::format("[{}]", quoted(option.about));
    if (!option.value.empty())
      out += fmt::format(":{}:{}", option.value,
                         values.empty() ? std::string(action(word_kind(option.value)))
                                        : fmt::format("({})", fmt::join(values, " ")));
    out += "' \\\n";
  }
  return out;
}

std::string branch(const CommandRow* command) {
  auto out = fmt::format("    {})\n      _arguments -s \\\n", command ? command->name : "*");
  const CommandRow& row = command ? *command : row_of(Command::Leaks);
  for (const OptionRow* option : options_of(command)) out += specs_of(*option, row);
  auto words = split(row.words, ' ');
  if (!command) return out + "        '1:command or target:_overhang_first' ;;\n";
  for (std::size_t i = 0; i < words.size(); i++)
    out += fmt::format("        '{}:{}:{}'{}\n", i + 1, words[i], action(word_kind(words[i])),
                       i + 1 < words.size() ? " \\" : " ;;");
  return out;
}

}  // namespace

std::string zsh_completion() {
  std::string out(kHelpers);
  out += "_overhang() {\n  local -a commands=(\n";
  for (const CommandRow& command : commands())
    out += fmt::format("    '{}:{}'\n", command.name, quoted(command.summary));
  out += "  )\n  local -a with_value=(";
  for (auto name : names_with_value()) out += " " + std::string(name);
  out += " )\n";
  out += kStart;
  for (const CommandRow& command : commands()) out += branch(&command);
  out += branch(nullptr);
  out += "  esac\n}\n";
  // Sourced, it makes itself known; in a directory of $fpath it is called.
  return out +
         "if [[ $funcstack[1] == _overhang ]]; then _overhang \"$@\"; else compdef _overhang "
         "overhang; fi\n";
}

}  // namespace overhang
