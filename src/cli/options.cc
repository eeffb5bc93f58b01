#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "cli/completion.h"
#include "cli/help.h"

#ifndef OVERHANG_VERSION
#define OVERHANG_VERSION "unknown"
#endif

namespace overhang {
namespace {

// CLI11's own list of options under our words.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(22); }
  std::string make_description(const CLI::App* app) const override {
    return app->get_description();
  }
  std::string make_usage(const CLI::App*, std::string) const override { return {}; }
  std::string make_positionals(const CLI::App*) const override { return {}; }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
};

tl::unexpected<Answer> wrong_usage(const std::string& what) {
  return tl::unexpected(
      Answer{kExitUsage, "overhang: " + what + " (overhang --help teaches by example)\n"});
}

bool is_bare_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

// Takes the command's name off the words, where one is there.
tl::expected<const CommandRow*, Answer> command_of(std::vector<std::string>& words) {
  const CommandRow& leaks = row_of(Command::Leaks);
  if (words.empty()) return &leaks;
  if (auto* command = command_named(words[0])) {
    words.erase(words.begin());
    return command;
  }
  bool target_like = !is_bare_word(words[0]) || std::filesystem::exists(words[0]);
  if (words.size() == 1 && target_like) return &leaks;
  return wrong_usage("'" + words[0] + "' is no command of overhang" +
                     (words.size() > 1 ? "" : ", no process id and no file"));
}

// What of the words is what, by the command.
tl::expected<void, Answer> take_words(const CommandRow& command,
                                      const std::vector<std::string>& words, Options& options) {
  std::vector<std::string*> places;
  auto& target = options.analysis.target.target;
  switch (command.command) {
    case Command::Model:
      places = {&options.model.script};
      break;
    case Command::Path:
      places = {&target, &options.object};
      break;
    case Command::Diff:
      places = {&target, &options.newer};
      break;
    default:
      places = {&target};
  }
  if (words.size() > places.size())
    return wrong_usage("'" + words[places.size()] + "' is too many: overhang " +
                       std::string(command.name) + " " + std::string(command.words));
  for (std::size_t i = 0; i < places.size(); i++) {
    if (i >= words.size() || words[i].empty()) {
      if (command.words.starts_with("TARGET") && i == 0)
        return wrong_usage("no target: give a process id or a core file");
      return wrong_usage(
          fmt::format("a word is missing: overhang {} {}", command.name, command.words));
    }
    *places[i] = words[i];
  }
  return {};
}

tl::expected<void, Answer> check_fix(Options& options, const std::string& remedy) {
  if (!options.source.empty() && !std::filesystem::is_directory(options.source))
    return wrong_usage("--source " + options.source + ": there is no such folder");
  if (options.command != Command::Fix) return {};
  if (remedy.empty()) return {};
  auto named = remedy_named(remedy);
  if (!named || *named == Remedy::ThreeIndex)
    return wrong_usage("--remedy " + remedy +
                       ": remedies are clear, nil_when_empty, copy and copy_if_cap_exceeds");
  options.fix.remedy = named;
  return {};
}

tl::unexpected<Answer> completion_for(const std::string& shell) {
  auto script = completion_script(shell);
  if (!script) return wrong_usage(script.error().message);
  return tl::unexpected(Answer{kExitDone, std::move(*script)});
}

tl::expected<Format, Answer> format_of(const CommandRow& command, const std::string& name) {
  if (name.empty()) return command.formats[0];
  for (Format format : command.formats)
    if (format_name(format) == name) return format;
  return wrong_usage(
      fmt::format("--format {}: {} writes {}", name, command.name, formats_of(command)));
}

tl::expected<std::optional<std::uint64_t>, Answer> size_of(const char* option,
                                                           const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto size = parse_size(text);
  if (!size) return wrong_usage(std::string(option) + ": " + size.error().message);
  return *size;
}

tl::expected<std::optional<std::size_t>, Answer> count_of(const char* option,
                                                          const std::string& text,
                                                          std::size_t least, std::size_t most) {
  if (text.empty()) return std::nullopt;
  std::size_t count = 0;
  auto* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && rest == end && count >= least && count <= most) return count;
  return wrong_usage(fmt::format("{}: '{}' is no number from {} to {}", option, text, least, most));
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  double number = 0;
  auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  std::string unit(rest, text.data() + text.size());
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::tolower(c); });
  if (unit.ends_with('b')) unit.pop_back();
  double factor = 1;
  if (!unit.empty()) {
    constexpr std::string_view kPrefixes = "kmgt";
    auto power = kPrefixes.find(unit[0]);
    bool binary = unit.size() == 2 && unit[1] == 'i';
    if (power == std::string_view::npos || (unit.size() > 1 && !binary))
      return fail(ErrorKind::Usage, "'{}' is no size: write 4096, 64K, 1.5MB, 1GiB", text);
    factor = std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power + 1));
  }
  auto bytes = number * factor;
  if (error != std::errc() || !(bytes >= 0) || bytes >= 9e18)
    return fail(ErrorKind::Usage, "'{}' is no size: write 4096, 64K, 1.5MB, 1GiB", text);
  return static_cast<std::uint64_t>(std::llround(bytes));
}

tl::expected<Options, Answer> parse_command_line(std::vector<std::string> arguments) {
  CLI::App app;
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(std::string(kExitStatuses));
  app.set_help_flag();

  Options options;
  options.analysis.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 1024u);
  std::vector<std::string> words;
  std::string format, top, min, threads, fail_over, remedy, release, shell;
  bool help = false, version = false, man = false, interior = false;
  auto& target = options.analysis.target;
  app.add_option("words", words, "");
  std::vector<std::pair<const OptionRow*, CLI::Option*>> rows;
  auto bind = [&](std::string_view names, auto& value) {
    auto row = std::ranges::find(command_options(), names, &OptionRow::names);
    std::string text(row->about);
    CLI::Option* option;
    if constexpr (std::is_same_v<decltype(value), bool&>)
      option = app.add_flag(std::string(names), value, text);
    else
      option = app.add_option(std::string(names), value, text)->type_name(std::string(row->value));
    rows.emplace_back(&*row, option);
  };
  bind("--exe", target.executable);
  bind("--debug", target.debug);
  bind("--source", options.source);
  bind("--remedy", remedy);
  bind("--format", format);
  bind("-o,--output", options.output);
  bind("--top", top);
  bind("--min", min);
  bind("--threads", threads);
  bind("--stats", options.stats);
  bind("--spare", options.spare);
  bind("--interior", interior);
  bind("--dominators", options.dominators);
  bind("--quiet", options.quiet);
  bind("--fail-over", fail_over);
  bind("--no-fork", target.without_fork);
  bind("--go", release);
  bind("-h,--help", help);
  bind("--version", version);
  bind("--man", man);
  bind("--completion", shell);

  std::ranges::reverse(arguments);  // CLI11 takes a vector from its back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  if (version)
    return tl::unexpected(Answer{kExitDone, std::string("overhang ") + OVERHANG_VERSION + "\n"});
  if (man) return tl::unexpected(Answer{kExitDone, man_page(OVERHANG_VERSION)});
  if (!shell.empty()) return completion_for(shell);
  bool of_one = !words.empty() && words[0] != "help";
  if (!of_one && !words.empty()) {  // help COMMAND
    help = true;
    words.erase(words.begin());
    of_one = !words.empty();
  }
  OVERHANG_TRY(const CommandRow* command, command_of(words));
  options.command = command->command;
  if (help) {
    for (auto& [row, option] : rows)
      if (!(row->commands & bit(options.command)) && (of_one || row->commands != kNoCommand))
        option->group("");
    app.description(of_one ? about(*command) : overview());
    return tl::unexpected(Answer{kExitDone, app.help()});
  }
  for (auto& [row, option] : rows)
    if (option->count() > 0 && !(row->commands & bit(options.command)))
      return wrong_usage(fmt::format("{} is not for {}", option->get_name(), command->name));
  OVERHANG_CHECK(take_words(*command, words, options));
  OVERHANG_CHECK(check_fix(options, remedy));
  if (!release.empty()) {
    auto minor = parse_go_release(release);
    if (!minor) return wrong_usage(minor.error().message);
    options.model.go_minor = *minor;
  }
  OVERHANG_TRY(options.format, format_of(*command, format));
  OVERHANG_TRY(auto min_bytes, size_of("--min", min));
  OVERHANG_TRY(options.fail_over, size_of("--fail-over", fail_over));
  options.min_bytes = min_bytes.value_or(0);
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  OVERHANG_TRY(options.top, count_of("--top", top, 0, kMost));
  OVERHANG_TRY(auto wanted_threads, count_of("--threads", threads, 1, 1024));
  if (wanted_threads) options.analysis.threads = static_cast<unsigned>(*wanted_threads);
  if (interior) options.analysis.interior = InteriorRule::All;
  return options;
}

}  // namespace overhang
