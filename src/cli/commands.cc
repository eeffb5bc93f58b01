#include "cli/commands.h"

#include <algorithm>
#include <array>

#include "base/words.h"

namespace overhang {
namespace {

constexpr std::array kTextAndJson = {Format::Text, Format::Json};
constexpr std::array kLeakFormats = {Format::Text, Format::Json, Format::Html, Format::Pprof,
                                     Format::Folded};
constexpr std::array kRefsFormats = {Format::Text, Format::Json, Format::Pprof, Format::Folded};
constexpr std::array kTextJsonAndFolded = {Format::Text, Format::Json, Format::Folded};
constexpr std::array kTextJsonAndHtml = {Format::Text, Format::Json, Format::Html};
constexpr std::array kTextAlone = {Format::Text};

constexpr std::array<CommandRow, 9> kCommands = {{
    {Command::Leaks, "leaks", "TARGET", "what hangs on slots that no slice shows, and who holds it",
     R"(  overhang 12923                       report on the running process 12923 (paused for milliseconds)
  overhang leaks 12923                 the same
  overhang core.12923                  report on a core file (gcore 12923 makes one)
  overhang core --exe ./relay          where the core does not lead to its executable
  overhang 12923 --debug ./relay.debug        a stripped program's symbols and DWARF
  overhang 12923 --source ~/relay      its sources: the statements that hide the memory
  overhang 12923 --format json -o r.json      for scripts (schema "overhang.leaks/1")
  overhang 12923 --format html -o r.html      a page for the browser: sites, arrays, flame graphs
  overhang 12923 --format pprof -o leaks.pb.gz     for go tool pprof; folded: for flamegraph.pl
  overhang 12923 --fail-over 64MB      exit status 3 where more than that is overhang (for CI)
  overhang 12923 --stats               phase times, where each live byte went, what was not read
)",
     kLeakFormats},
    {Command::Heap, "heap", "TARGET",
     "live objects by type: count, bytes, hidden and retained bytes",
     R"(  overhang heap 12923                  which types live, and what would go with them
  overhang heap 12923 --dominators     the dominator tree: who alone keeps what, by type
  overhang heap 12923 --format html -o h.html      a page: memory, types, the dominator tree
  overhang heap 12923 --format json -o h.json      for scripts (schema "overhang.heap/1")
)",
     kTextJsonAndHtml},
    {Command::Refs, "refs", "TARGET", "all live memory by reference path, hidden memory marked",
     R"(  overhang refs 12923                  by what refers to it, from the roots
  overhang refs 12923 --format pprof -o live.pb.gz     then: go tool pprof -http=: live.pb.gz
  overhang refs 12923 --format folded | flamegraph.pl --countname bytes > live.svg
  overhang refs core.12923 --format json      every frame (schema "overhang.refs/1")
)",
     kRefsFormats},
    {Command::Path, "path", "TARGET ADDR|TYPE", "why an object, or any of a type, is alive",
     R"(  overhang path 12923 0xc000123000     the shortest way from a root to that object
  overhang path 12923 main.Conn        to the nearest objects of a type
  overhang path 12923 main.Conn --top 20      more ways, shortest first (5)
)",
     kTextAndJson},
    {Command::Goroutines, "goroutines", "TARGET",
     "goroutines by stack: state, wait, retained bytes",
     R"(  overhang goroutines 12923            equal stacks together, most goroutines first
  overhang goroutines core --top 3     of a core; the three stacks that most goroutines have
  overhang goroutines 12923 --min 1MB  those that retain a megabyte and more
  overhang goroutines 12923 --format folded | flamegraph.pl > goroutines.svg
)",
     kTextJsonAndFolded},
    {Command::Snapshot, "snapshot", "PID", "a compact core file of a running process",
     R"(  overhang snapshot 12923 -o core      12923 runs on; only pages in use are written
  overhang leaks core                  later, or on another machine (with --exe ./relay)
  dlv core ./relay core                its goroutines and variables in delve
  gdb ./relay core
)",
     kTextAlone},
    {Command::Diff, "diff", "OLD NEW", "growth between two images, by site and by type",
     R"(  overhang diff before.core after.core   which sites and types grew
  overhang diff before.core 12923         from then to now
  overhang diff before.core after.core --fail-over 1MB    exit status 3 where overhang grew by more
  overhang diff before.core after.core --format html -o growth.html
)",
     kTextJsonAndHtml},
    {Command::Fix, "fix", "TARGET", "a patch that clears what the program's statements hide",
     R"(  overhang fix 12923                   the patch on standard output (git apply takes it)
  overhang fix 12923 --source ~/relay  where its sources are not where it was built
  overhang fix core.12923 --source ~/relay --remedy copy
)",
     kTextAlone},
    {Command::Model, "model", "FILE", "a script of slice operations, drawn step by step",
     R"(  overhang model article.model         no process: what a script of slice operations hides
  overhang model - --go 1.19 < script  by the growth rules of Go 1.19
)",
     kTextAlone},
}};

constexpr std::uint32_t kLeaks = bit(Command::Leaks);
constexpr std::uint32_t kRefs = bit(Command::Refs);
constexpr std::uint32_t kFix = bit(Command::Fix);
constexpr std::uint32_t kDiff = bit(Command::Diff);
constexpr std::uint32_t kModel = bit(Command::Model);
constexpr std::uint32_t kAll = (1u << kCommands.size()) - 1;
constexpr std::uint32_t kTarget = kAll & ~kModel;  // those that read a process or core
constexpr std::uint32_t kOpened = kTarget & ~bit(Command::Snapshot);  // …and its executable
constexpr std::uint32_t kRows = kOpened & ~kFix;                      // that print rows

constexpr auto kOptions = std::to_array<OptionRow>({
    {"--exe", "BINARY", "the program, where the target does not lead to it", kOpened},
    {"--debug", "FILE", "its symbols and DWARF, where it is stripped", kOpened},
    {"--source", "DIR", "the program's sources, where they are not where it was built",
     kLeaks | kRefs | kFix | kDiff},
    {"--remedy", "NAME", "clear, nil_when_empty, copy or copy_if_cap_exceeds (the best)", kFix},
    {"--format", "NAME", "how the report is written", kRows},
    {"-o,--output", "FILE", "write the report (snapshot: the core) there", kAll},
    {"--top", "N", "rows shown (leaks as text: 10, heap: 25, refs: 40; else all)", kRows},
    {"--min", "SIZE", "leave out rows below this size: 4096, 64K, 1.5MB, 1GiB", kRows},
    {"--threads", "N", "threads to work with (all cores)", kTarget},
    {"--stats", "", "phase times, conservation, coverage, own memory",
     kLeaks | kRefs | bit(Command::Heap)},
    {"--spare", "", "list the spare room of reused buffers too", kLeaks},
    {"--interior", "",
     "report every array that only pointers to elements show,\n"
     "even where code may come back to the rest of it",
     kOpened & ~bit(Command::Goroutines)},
    {"--dominators", "", "the dominator tree by type, branches below 0.5 % (or --min) left out",
     bit(Command::Heap)},
    {"--quiet", "", "no progress, even on a terminal", kAll},
    {"--fail-over", "SIZE",
     "exit with 3 where certain overhang is larger (diff: has grown by more)", kLeaks | kDiff},
    {"--no-fork", "", "stop the process while it is read instead of forking it", kTarget},
    {"--go", "RELEASE", "whose growth rules apply, as 1.22 (1.26)", kModel},
    {"-h,--help", "", "this text", kAll},
    {"--version", "", "which overhang this is", kNoCommand},
    {"--man", "", "the manual page: overhang --man | man -l -", kNoCommand},
    {"--completion", "SHELL", "for bash, zsh or fish: source <(overhang --completion bash)",
     kNoCommand},
});

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }
std::span<const OptionRow> command_options() { return kOptions; }

const CommandRow& row_of(Command command) { return kCommands[static_cast<std::size_t>(command)]; }

const CommandRow* command_named(std::string_view name) {
  auto at = std::ranges::find(kCommands, name, &CommandRow::name);
  return at == kCommands.end() ? nullptr : &*at;
}

std::string_view format_name(Format format) {
  constexpr std::array<std::string_view, 5> kNames = {"text", "json", "html", "pprof", "folded"};
  return kNames[static_cast<std::size_t>(format)];
}

std::vector<std::string_view> values_of(const OptionRow& option, const CommandRow& command) {
  std::vector<std::string_view> out;
  if (option.names == "--format")
    for (Format format : command.formats) out.push_back(format_name(format));
  else if (option.names == "--completion")
    out = {"bash", "zsh", "fish"};
  else if (option.names == "--remedy")
    for (Remedy remedy :
         {Remedy::Clear, Remedy::NilWhenEmpty, Remedy::Copy, Remedy::CopyIfCapExceeds})
      out.emplace_back(remedy_name(remedy));
  return out;
}

std::string formats_of(const CommandRow& command) {
  std::string out;
  for (std::size_t i = 0; i < command.formats.size(); i++) {
    if (i > 0) out += i + 1 == command.formats.size() ? " and " : ", ";
    out += format_name(command.formats[i]);
  }
  return out;
}

}  // namespace overhang
