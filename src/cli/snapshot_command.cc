#include "cli/snapshot_command.h"

#include <signal.h>

#include <map>
#include <utility>

#include "binary/elf_file.h"
#include "cli/open_target.h"
#include "image/process_core.h"
#include "text/units.h"

namespace overhang {
namespace {

// Plugins: their function tables are read from the image, while the executable's stand in its file.
class GoModules {
 public:
  explicit GoModules(const FrozenProcess& process) : process_(process) {}

  bool contain(const Mapping& mapping) {
    auto [place, unknown] = known_.try_emplace(mapping.path, false);
    if (unknown) place->second = mapping.path != executable() && is_go(mapping.path);
    return place->second;
  }

 private:
  std::string executable() const {
    auto* mapping = mapping_of_entry(process_.files, process_.auxv);
    return mapping ? mapping->path : std::string();
  }
  bool is_go(const std::string& path) const {
    auto file = ElfFile::open(fmt::format("/proc/{}/root{}", process_.identity.pid, path));
    if (!file) file = ElfFile::open(path);
    return file && !(*file)->go_build_id().empty();
  }

  const FrozenProcess& process_;
  std::map<std::string, bool> known_;
};

// What its reader has to know of the executable, if anything.
std::vector<std::string> advice(const FrozenProcess& process) {
  auto* mapping = mapping_of_entry(process.files, process.auxv);
  auto opens = process.identity.executable;
  if (!mapping || mapping->path == opens) return {};
  // The frozen process's, which ends with us, is the process's own.
  if (opens == fmt::format("/proc/{}/exe", process.stopper->frozen()))
    opens = fmt::format("/proc/{}/exe", process.identity.pid);
  return {
      fmt::format("the core names its executable {}, which is not that file here; keep a copy "
                  "of {} for --exe",
                  mapping->path, opens)};
}

std::string summary(const FrozenProcess& process, const WrittenCore& core, std::uint64_t disk_bytes,
                    const std::string& path) {
  auto pause = process.identity.pause_ms ? ", paused " + format_duration(*process.identity.pause_ms)
                                         : std::string();
  return fmt::format("{}: {} of process {}'s memory, {} on disk{}\n", path,
                     format_bytes(core.memory_bytes), process.identity.pid,
                     format_bytes(disk_bytes), pause);
}

}  // namespace

Result<Outcome> run_snapshot(const Run& run) {
  const Options& options = run.options;
  const auto& target = options.analysis.target;
  if (options.output.empty())
    return fail(ErrorKind::Usage, "snapshot needs -o FILE: the core to write");
  if (!names_process(target.target))
    return fail(ErrorKind::BadInput, "{}: not a process id; snapshot takes a running process",
                target.target);
  OVERHANG_TRY(auto pid, process_id(target.target));
  // Before the process is stopped for nothing.
  OVERHANG_TRY(auto file, PendingFile::open(options.output));
  signal(SIGXFSZ, SIG_IGN);  // a file that grows past `ulimit -f` is an error like a full disk

  OVERHANG_TRY(auto process, [&] {
    Phase timer(run.diagnostics, "freeze");
    return freeze_process(pid, {.without_fork = target.without_fork}, run.diagnostics);
  }());
  GoModules modules(process);
  OVERHANG_TRY(auto written, [&] {
    Phase timer(run.diagnostics, "write");
    return write_process_core(
        file, process, [&](const Mapping& mapping) { return modules.contain(mapping); },
        options.analysis.threads, run.diagnostics.meter());
  }());
  auto disk_bytes = file.disk_bytes();
  OVERHANG_CHECK(file.commit());

  Outcome outcome;
  outcome.message = options.quiet ? "" : summary(process, written, disk_bytes, options.output);
  outcome.notes = run.diagnostics.warnings();
  if (written.missing_bytes != 0)
    outcome.notes.push_back(fmt::format("{} of mapped memory could not be read; it is zero there",
                                        format_bytes(written.missing_bytes)));
  for (auto& line : advice(process)) outcome.notes.push_back(std::move(line));
  return outcome;
}

}  // namespace overhang
