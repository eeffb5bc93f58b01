#include <fmt/format.h>

#include "cli/completion_parts.h"

namespace overhang {
namespace {

// Finds the command, and how many words that are no options stand behind it. Bash takes "=" for a
// word of its own. `values` are the options that the next word belongs to.
constexpr std::string_view kStart =
    R"sh(# bash completion of overhang: made by overhang --completion bash
_overhang() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command= place=0 i
  COMPREPLY=()
  [[ $word == = ]] && word=
  [[ $before == = ]] && before=${{COMP_WORDS[COMP_CWORD - 2]}}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {values}) [[ ${{COMP_WORDS[i + 1]}} == = ]] && ((i++)); ((i++)) ;;
      -* | = | help) ;;
      *)
        if [[ $command || $place != 0 ]]; then ((place++)); continue; fi
        case ${{COMP_WORDS[i]}} in
          {commands}) command=${{COMP_WORDS[i]}} ;;
          *) command=leaks place=1 ;;
        esac ;;
    esac
  done
)sh";

// Targets: files, and the processes that one may look at.
constexpr std::string_view kHelpers = R"sh(
_overhang_words() { mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1"); }
_overhang_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$2" -- "$1")
}
_overhang_processes() {
  local process
  for process in /proc/[0-9]*; do
    [[ $process/ == /proc/"$1"* && -e $process/exe ]] && COMPREPLY+=("${process#/proc/}")
  done
}

complete -F _overhang overhang
)sh";

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string action(WordKind kind) {
  switch (kind) {
    case WordKind::Target:
      return "_overhang_files \"$word\" -f; _overhang_processes \"$word\"";
    case WordKind::Process:
      return "_overhang_processes \"$word\"";
    case WordKind::File:
      return "_overhang_files \"$word\" -f";
    case WordKind::Directory:
      return "_overhang_files \"$word\" -d";
    case WordKind::Other:
      return ":";
  }
  return ":";
}

std::string words_of(const std::vector<std::string_view>& words) {
  return fmt::format("_overhang_words \"$word\" '{}'", joined(words, " "));
}

// A case's branch for the values of an option, or for those by command.
std::string values_branch(const OptionRow& option) {
  auto pattern = joined(names_of(option), " | ");
  std::string out;
  for (const CommandRow& command : commands()) {
    if (!stands_beside(option, command)) continue;
    auto values = values_of(option, command);
    auto doing = values.empty() ? action(word_kind(option.value)) : words_of(values);
    if (option.names != "--format")  // the others' values are the same for all commands
      return fmt::format("    {}) {}; return ;;\n", pattern, doing);
    out += fmt::format("        {}) {} ;;\n", command.name, doing);
  }
  return fmt::format("    {})\n      case ${{command:-leaks}} in\n{}      esac\n      return ;;\n",
                     pattern, out);
}

std::string option_words(const CommandRow* command) {
  std::vector<std::string_view> out;
  for (const OptionRow* option : options_of(command))
    for (auto name : names_of(*option)) out.push_back(name);
  return words_of(out);
}

}  // namespace

std::string bash_completion() {
  std::vector<std::string_view> names;
  for (const CommandRow& command : commands()) names.push_back(command.name);
  auto out = fmt::format(kStart, fmt::arg("values", joined(names_with_value(), " | ")),
                         fmt::arg("commands", joined(names, " | ")));
  out += "  case $before in\n";
  for (const OptionRow& option : command_options())
    if (!option.value.empty()) out += values_branch(option);
  out += "  esac\n  if [[ $word == -* ]]; then\n    case $command in\n";
  for (const CommandRow& command : commands())
    out += fmt::format("      {}) {} ;;\n", command.name, option_words(&command));
  out += fmt::format("      *) {} ;;\n", option_words(nullptr));
  out += "    esac\n    return\n  fi\n  case $command:$place in\n";
  names.push_back("help");
  out += fmt::format("    :0) {}\n      local found=(\"${{COMPREPLY[@]}}\")\n      {}\n",
                     words_of(names), action(WordKind::Target));
  out += "      COMPREPLY=(\"${found[@]}\" \"${COMPREPLY[@]}\") ;;\n";
  for (const CommandRow& command : commands()) {
    auto words = split(command.words, ' ');
    for (std::size_t i = 0; i < words.size(); i++)
      out += fmt::format("    {}:{}) {} ;;\n", command.name, i, action(word_kind(words[i])));
  }
  out += "  esac\n}\n";
  return out + std::string(kHelpers);
}

}  // namespace overhang
