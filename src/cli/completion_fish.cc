#include <fmt/format.h>

#include <map>

#include "cli/completion_parts.h"

namespace overhang {
namespace {

// The command before the cursor (leaks where a target comes first) and how many words follow it.
constexpr std::string_view kHelpers =
    R"sh(# fish completion of overhang: made by overhang --completion fish
function __overhang_place
  set -l command
  set -l place 0
  set -l value 0
  for word in (commandline -opc)[2..]
    if test $value = 1
      set value 0
    else if contains -- $word $__overhang_with_value
      set value 1
    else if string match -q -- '-*' $word; or test $word = help
    else if test -n "$command"
      set place (math $place + 1)
    else if contains -- $word $__overhang_commands
      set command $word
    else
      set command leaks
      set place 1
    end
  end
  echo "$command:$place"
end
function __overhang_in
  contains -- (string split : -- (__overhang_place))[1] $argv
end
function __overhang_at
  contains -- (__overhang_place) $argv
end
function __overhang_processes
  for process in (string match -r '[0-9]+$' -- /proc/*)
    test -e /proc/$process/exe 2>/dev/null
    and set -l name (cat /proc/$process/comm 2>/dev/null) # it may have ended meanwhile
    and printf '%s\t%s\n' $process $name
  end
end
complete -c overhang -f
)sh";

std::string quoted(std::string_view text) {
  auto line = replaced(replaced(text, '\n', " "), '\\', "\\\\");
  return "'" + replaced(line, '\'', "\\'") + "'";
}

std::string_view action(WordKind kind) {
  switch (kind) {
    case WordKind::Target:
      return " -F -a '(__overhang_processes)'";
    case WordKind::Process:
      return " -a '(__overhang_processes)'";
    case WordKind::File:
      return " -F";
    case WordKind::Directory:
      return " -a '(__fish_complete_directories)'";
    case WordKind::Other:
      return "";
  }
  return "";
}

// -s o -l output
std::string names(const OptionRow& option) {
  std::string out;
  for (auto name : names_of(option))
    out += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2))
                                  : fmt::format(" -s {}", name.substr(1));
  return out;
}

// A line for the commands with the same values.
std::string option_lines(const OptionRow& option) {
  std::map<std::string, std::string> commands_by_values;
  for (const CommandRow& command : commands()) {
    if (!stands_beside(option, command)) continue;
    auto values = values_of(option, command);
    std::string value;
    if (!values.empty())
      value = fmt::format(" -x -a '{}'", fmt::join(values, " "));
    else if (!option.value.empty())
      value = " -r" + std::string(action(word_kind(option.value)));
    auto& commands = commands_by_values[value];
    if (option.commands == kNoCommand) continue;
    commands += " " + std::string(command.name);
    if (command.command == Command::Leaks) commands += " ''";
  }
  std::string out;
  for (auto& [value, commands] : commands_by_values)
    out += fmt::format("complete -c overhang -n {}{}{} -d {}\n",
                       quoted("__overhang_in" + (commands.empty() ? " ''" : commands)),
                       names(option), value, quoted(option.about));
  return out;
}

}  // namespace

std::string fish_completion() {
  std::string out = "set -g __overhang_commands";
  for (const CommandRow& command : commands()) out += " " + std::string(command.name);
  out += "\nset -g __overhang_with_value";
  for (auto name : names_with_value()) out += " " + std::string(name);
  out = std::string(kHelpers) + out + "\n";
  for (const CommandRow& command : commands()) {
    out += fmt::format("complete -c overhang -n '__overhang_at :0' -a {} -d {}\n", command.name,
                       quoted(command.summary));
  }
  std::map<WordKind, std::string> places = {{WordKind::Target, " :0"}};
  for (const CommandRow& command : commands()) {
    auto words = split(command.words, ' ');
    for (std::size_t i = 0; i < words.size(); i++)
      places[word_kind(words[i])] += fmt::format(" {}:{}", command.name, i);
  }
  for (auto& [kind, at] : places)
    if (kind != WordKind::Other)
      out += fmt::format("complete -c overhang -n '__overhang_at{}'{}\n", at, action(kind));
  for (const OptionRow& option : command_options()) out += option_lines(option);
  return out;
}

}  // namespace overhang
