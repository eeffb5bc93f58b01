#include <fmt/format.h>

#include <cctype>
#include <vector>

#include "cli/help.h"

namespace overhang {
namespace {

// Text as roff takes it: no word of it is a request or an escape.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if ((i == 0 || text[i - 1] == '\n') && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    switch (text[i]) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

// "-o, --output FILE"
std::string heading(const OptionRow& option) {
  std::string out = "\\fB";
  for (char c : option.names) out += c == ',' ? std::string("\\fR, \\fB") : roff({&c, 1});
  out += "\\fR";
  if (!option.value.empty()) out += " \\fI" + roff(option.value) + "\\fR";
  return out;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == '\n') c = ' ';
  return out;
}

// A sentence of the table, which has no full stop there.
std::string sentence(std::string_view text) {
  auto out = one_line(text);
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return roff(out) + ".\n";
}

std::string joined(const std::vector<std::string_view>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

// The long name where there is one, or the short one.
std::string_view name_of(const OptionRow& option) {
  return option.names.substr(option.names.rfind(',') + 1);
}

std::string section_of(const CommandRow& command) {
  auto out = fmt::format(".SS overhang {} {} [options]\n{}", command.name, roff(command.words),
                         sentence(command.summary));
  if (command.formats.size() > 1) out += fmt::format("Formats: {}.\n", roff(formats_of(command)));
  std::vector<std::string_view> names;
  for (const OptionRow& option : command_options())
    if (option.commands & bit(command.command)) names.push_back(name_of(option));
  out += fmt::format("Options: {}.\n", roff(joined(names)));
  out += fmt::format(".PP\n.EX\n{}.EE\n", roff(command.about));
  return out;
}

std::string paragraph_of(const OptionRow& option) {
  auto out = fmt::format(".TP\n{}\n{}", heading(option), sentence(option.about));
  if (option.commands == kNoCommand) return out;
  std::vector<std::string_view> names;
  for (const CommandRow& command : commands())
    if (option.commands & bit(command.command)) names.push_back(command.name);
  if (names.size() < commands().size()) out += fmt::format("For {}.\n", joined(names));
  return out;
}

constexpr std::string_view kDescription =
    R"(overhang reads a running Go process, paused for milliseconds, or its core file. It computes
what the garbage collector keeps alive and what the program's own variables can still reach, and
reports the difference: memory that hangs on the slots of a slice's array that no slice shows.
It names the slice, says how much each remedy would give back, and which statement to change.
)";

constexpr std::string_view kTarget =
    R"(TARGET is a process id or a core file. Looking at another process takes the right that a
debugger needs: the same user where Yama allows it (kernel.yama.ptrace_scope=0), root, or
CAP_SYS_PTRACE. A process is forked and its frozen copy read; where that is not allowed, or with
--no-fork, it stands still while it is read.
)";

}  // namespace

std::string man_page(std::string_view version) {
  auto out = fmt::format(".TH OVERHANG 1 \"\" \"overhang {}\" \"User Commands\"\n", roff(version));
  out += ".SH NAME\noverhang \\- finds memory that a Go program keeps but can no longer see\n";
  out += ".SH SYNOPSIS\n.B overhang\n[\\fICOMMAND\\fR] \\fITARGET\\fR [\\fIoptions\\fR]\n";
  out += ".SH DESCRIPTION\n" + roff(kDescription) + ".PP\n" + roff(kTarget);
  out += ".SH COMMANDS\nWithout a command: leaks.\n";
  for (const CommandRow& command : commands()) out += section_of(command);
  out += ".SH OPTIONS\n";
  for (const OptionRow& option : command_options()) out += paragraph_of(option);
  out += ".SH EXIT STATUS\n" + roff(kExitStatuses) + "\n";
  out += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nIf set and not empty, nothing is printed in colour.\n";
  out += ".SH SEE ALSO\n.BR gcore (1),\n.BR coredumpctl (1),\n.BR core (5),\n.BR ptrace (2)\n";
  return out;
}

}  // namespace overhang
