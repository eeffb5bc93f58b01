#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#ifndef OVERHANG_VERSION
#define OVERHANG_VERSION "unknown"
#endif

namespace overhang {
namespace {

constexpr std::string_view kUsage =
    R"(overhang finds the memory that a Go program keeps but can no longer see: what hangs on the slots
of a slice's array that no slice shows (past its length, before its start, ...).

  overhang 12923                       report on the running process 12923 (paused for milliseconds)
  overhang leaks 12923                 the same
  overhang core.12923                  report on a core file (gcore 12923 makes one)
  overhang core --exe ./relay          where the core does not lead to its executable
  overhang 12923 --debug ./relay.debug        a stripped program's symbols and DWARF
  overhang 12923 --source ~/relay      its sources: the statements that hide the memory
  overhang 12923 --format json -o r.json      for scripts (schema "overhang.leaks/1")
  overhang 12923 --fail-over 64MB      exit status 3 where more than that is overhang (for CI)
  overhang fix 12923 --source ~/relay  a patch that clears what they hide (git apply takes it)
  overhang 12923 --stats               phase times, where each live byte went, what was not read
  overhang model FILE                  no process: a script of slice operations, drawn step by step

Usage: overhang [leaks] TARGET [options]
       overhang fix TARGET --source DIR [--remedy NAME]
TARGET is a process id or a core file.
)";

constexpr std::string_view kFooter =
    R"(Exit status: 0 done, 1 the analysis failed (one line says why), 2 wrong usage, 3 --fail-over exceeded.
Later versions: heap, refs, path, goroutines, snapshot, diff; --format html, pprof, folded.)";

constexpr std::array<std::string_view, 6> kLaterCommands = {"heap",       "refs",     "path",
                                                            "goroutines", "snapshot", "diff"};
constexpr std::array<std::string_view, 3> kLaterFormats = {"html", "pprof", "folded"};

// CLI11's own list of options under our words.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(22); }
  std::string make_description(const CLI::App*) const override { return std::string(kUsage); }
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

// The words that are no options: [leaks|fix] TARGET.
tl::expected<std::string, Answer> target_of(std::vector<std::string> words, bool& fix) {
  if (!words.empty() && (words[0] == "leaks" || words[0] == "fix")) {
    fix = words[0] == "fix";
    words.erase(words.begin());
  } else if (!words.empty() && std::ranges::count(kLaterCommands, words[0]) > 0) {
    return wrong_usage("the command '" + words[0] + "' is not in this version yet");
  } else if (!words.empty() &&
             (words.size() > 1 || (is_bare_word(words[0]) && !std::filesystem::exists(words[0])))) {
    return wrong_usage("'" + words[0] + "' is no command of overhang" +
                       (words.size() > 1 ? "" : ", no process id and no file"));
  }
  if (words.empty() || words[0].empty())
    return wrong_usage("no target: give a process id or a core file");
  if (words.size() > 1) return wrong_usage("one target at a time: '" + words[1] + "' is too many");
  return words[0];
}

tl::expected<void, Answer> check_fix(LeakOptions& options, const std::string& remedy) {
  if (!options.source.empty() && !std::filesystem::is_directory(options.source))
    return wrong_usage("--source " + options.source + ": there is no such folder");
  if (!options.fix.wanted)
    return remedy.empty() ? tl::expected<void, Answer>() : wrong_usage("--remedy is for fix");
  if (options.source.empty()) return wrong_usage("fix needs --source DIR: the sources to patch");
  if (remedy.empty()) return {};
  auto named = remedy_named(remedy);
  if (!named || *named == Remedy::ThreeIndex)
    return wrong_usage("--remedy " + remedy +
                       ": remedies are clear, nil_when_empty, copy and copy_if_cap_exceeds");
  options.fix.remedy = named;
  return {};
}

// model FILE.
tl::expected<ModelOptions, Answer> model_of(const std::vector<std::string>& words,
                                            const std::string& release) {
  if (words.size() < 2 || words[1].empty()) return wrong_usage("no script: overhang model FILE");
  if (words.size() > 2) return wrong_usage("one script at a time: '" + words[2] + "' is too many");
  ModelOptions model;
  model.script = words[1];
  if (release.empty()) return model;
  auto minor = parse_go_release(release);
  if (!minor) return wrong_usage(minor.error().message);
  model.go_minor = *minor;
  return model;
}

tl::expected<Format, Answer> format_of(const std::string& name) {
  if (name == "text") return Format::Text;
  if (name == "json") return Format::Json;
  if (std::ranges::count(kLaterFormats, name) > 0)
    return wrong_usage("--format " + name + " is not in this version yet");
  return wrong_usage("--format " + name + ": formats are text and json");
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
  app.footer(std::string(kFooter));
  app.set_help_flag("-h,--help", "this text");
  app.set_version_flag("--version", std::string("overhang ") + OVERHANG_VERSION);

  Options options;
  std::vector<std::string> words;
  std::string format = "text", top, min, threads, fail_over, remedy, release;
  auto& target = options.leaks.target;
  app.add_option("target", words, "");
  app.add_option("--exe", target.executable, "the program, where the target does not lead to it")
      ->type_name("BINARY");
  app.add_option("--debug", target.debug, "its symbols and DWARF, where it is stripped")
      ->type_name("FILE");
  app.add_option("--source", options.leaks.source,
                 "the program's sources, where they are not where it was built")
      ->type_name("DIR");
  app.add_option("--remedy", remedy,
                 "fix: clear, nil_when_empty, copy or copy_if_cap_exceeds (the best)")
      ->type_name("NAME");
  app.add_option("--format", format, "text or json")->type_name("NAME");
  app.add_option("-o,--output", options.output, "write the report there")->type_name("FILE");
  app.add_option("--top", top, "sites shown (text: 10, json: all)")->type_name("N");
  app.add_option("--min", min, "leave out sites below this size: 4096, 64K, 1.5MB, 1GiB")
      ->type_name("SIZE");
  app.add_option("--threads", threads, "threads to work with (all cores)")->type_name("N");
  app.add_flag("--stats", options.stats, "phase times, conservation, coverage, own memory");
  app.add_flag("--spare", options.spare, "list the spare room of reused buffers too");
  app.add_flag_callback(
      "--interior", [&] { options.leaks.interior = InteriorRule::All; },
      "report every array that only pointers to elements show,\n"
      "even where code may come back to the rest of it");
  app.add_flag("--quiet", options.quiet, "no progress, even on a terminal");
  app.add_option("--fail-over", fail_over, "exit with 3 where certain overhang is larger")
      ->type_name("SIZE");
  app.add_flag("--no-fork", target.without_fork,
               "stop the process while it is read instead of forking it");
  app.add_option("--go", release, "model: whose growth rules apply, as 1.22 (1.26)")
      ->type_name("RELEASE");

  std::ranges::reverse(arguments);  // CLI11 takes a vector from its back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return tl::unexpected(Answer{kExitDone, app.help()});
  } catch (const CLI::CallForVersion& version) {
    return tl::unexpected(Answer{kExitDone, std::string(version.what()) + "\n"});
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  if (!words.empty() && words[0] == "model") {
    OVERHANG_TRY(options.model, model_of(words, release));
    return options;
  }
  if (!release.empty()) return wrong_usage("--go is for overhang model");
  auto& fix = options.leaks.fix;
  OVERHANG_TRY(target.target, target_of(std::move(words), fix.wanted));
  OVERHANG_CHECK(check_fix(options.leaks, remedy));
  OVERHANG_TRY(options.format, format_of(format));
  OVERHANG_TRY(auto min_bytes, size_of("--min", min));
  OVERHANG_TRY(options.fail_over, size_of("--fail-over", fail_over));
  options.min_bytes = min_bytes.value_or(0);
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  OVERHANG_TRY(options.top, count_of("--top", top, 0, kMost));
  OVERHANG_TRY(auto wanted_threads, count_of("--threads", threads, 1, 1024));
  options.leaks.threads = static_cast<unsigned>(
      wanted_threads.value_or(std::clamp(std::thread::hardware_concurrency(), 1u, 1024u)));
  return options;
}

}  // namespace overhang
