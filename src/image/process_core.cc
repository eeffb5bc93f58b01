#include "image/process_core.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "image/page_map.h"
#include "image/remote_memory.h"

namespace overhang {
namespace {

#ifdef __x86_64__

constexpr std::uint64_t kPage = Image::kPageSize;

bool is_file(const Mapping& mapping) { return mapping.path.starts_with('/'); }

// Shared memory that no file has: it goes when the process does.
bool is_in_memory_alone(const Mapping& mapping) {
  std::string_view path = mapping.path;
  return path.ends_with(" (deleted)") || path.starts_with("/dev/shm/") ||
         path.starts_with("/memfd:") || path.starts_with("/SYSV") || !is_file(mapping);
}

bool begins_elf_file(const Mapping& mapping, const ReadMemory& read) {
  char magic[kPage];
  return mapping.file_offset == 0 && mapping.size() >= kPage &&
         read(mapping.start, reinterpret_cast<std::byte*>(magic), kPage) &&
         std::memcmp(magic, ELFMAG, SELFMAG) == 0;
}

void keep_all(CoreSegment& segment) {
  segment.kept = segment.size;
  segment.present = {{segment.start, segment.size}};
}

class Selection {
 public:
  Selection(const PageMap& pages, const ReadMemory& read,
            const std::function<bool(const Mapping&)>& keep_file)
      : pages_(pages), read_(read), keep_file_(keep_file) {}

  CoreSegment of(const Mapping& mapping) const {
    CoreSegment segment{mapping.start,    mapping.size(),     0, mapping.readable,
                        mapping.writable, mapping.executable, {}};
    if (!is_memory(mapping)) return segment;
    if (mapping.shared)
      choose_shared(mapping, segment);
    else if (is_file(mapping))
      choose_file(mapping, segment);
    else
      choose_anonymous(mapping, segment);
    return segment;
  }

 private:
  static void choose_shared(const Mapping& mapping, CoreSegment& segment) {
    if (is_in_memory_alone(mapping)) keep_all(segment);
  }

  void choose_file(const Mapping& mapping, CoreSegment& segment) const {
    auto own = pages_.own_pages(mapping.start, mapping.size());
    if (mapping.writable || !own || !own->empty() || keep_file_(mapping)) return keep_all(segment);
    if (!begins_elf_file(mapping, read_)) return;
    segment.kept = kPage;
    segment.present = {{mapping.start, kPage}};
  }

  void choose_anonymous(const Mapping& mapping, CoreSegment& segment) const {
    auto own = pages_.own_pages(mapping.start, mapping.size());
    if (!own || mapping.path == "[vdso]") return keep_all(segment);  // the vdso is the kernel's
    segment.kept = segment.size;
    segment.present = std::move(*own);
  }

  const PageMap& pages_;
  const ReadMemory& read_;
  const std::function<bool(const Mapping&)>& keep_file_;
};

// The main thread first.
std::vector<ThreadState> sorted_threads(const FrozenProcess& process) {
  auto threads = process.threads;
  std::stable_partition(threads.begin(), threads.end(), [&](const ThreadState& thread) {
    return thread.tid == process.identity.pid;
  });
  return threads;
}

CoreNotes notes_of(const FrozenProcess& process) {
  CoreNotes notes;
  notes.architecture = Architecture::Amd64;
  notes.pid = process.identity.pid;
  auto pid = static_cast<pid_t>(notes.pid);
  notes.parent = static_cast<std::uint32_t>(status_number(pid, "PPid"));
  auto frozen = process.stopper->frozen();  // its name and arguments change no more
  notes.command = read_small_file(fmt::format("/proc/{}/comm", frozen));
  notes.command.resize(notes.command.find_last_not_of('\n') + 1);
  notes.arguments = read_small_file(fmt::format("/proc/{}/cmdline", frozen));
  std::ranges::replace(notes.arguments, '\0', ' ');
  notes.threads = sorted_threads(process);
  notes.files = process.files;
  notes.auxv = process.auxv;
  notes.snapshot = {process.stopper->taken_at(), process.stopper->clock_ns(),
                    process.stopper->pause_ms(), process.identity.executable};
  return notes;
}

std::vector<CoreSegment> core_segments(const FrozenProcess& process, const ReadMemory& read,
                                       const std::function<bool(const Mapping&)>& keep_file) {
  PageMap pages(process.stopper->frozen());
  Selection selection(pages, read, keep_file);
  std::vector<CoreSegment> segments;
  for (auto& mapping : process.mappings)
    if (mapping.path != "[vsyscall]") segments.push_back(selection.of(mapping));
  return segments;
}

#endif

}  // namespace

#ifdef __x86_64__

Result<WrittenCore> write_process_core(const PendingFile& file, const FrozenProcess& process,
                                       const std::function<bool(const Mapping&)>& keep_file,
                                       unsigned threads, Meter& meter) {
  RemoteMemory memory(process.stopper);
  ReadMemory read = [&memory](Address address, std::byte* to, std::uint64_t size) {
    return memory.read(address, to, size);
  };
  auto segments = core_segments(process, read, keep_file);
  auto written = write_core(file, notes_of(process), segments, read, threads, meter);
  if (written && memory.lost_bytes() != 0)
    return fail(ErrorKind::Gone,
                "process {}: its frozen image was killed while it was written (out of memory?)",
                process.identity.pid);
  return written;
}

#else

// No process can be frozen here (tracer.cc).
Result<WrittenCore> write_process_core(const PendingFile&, const FrozenProcess& process,
                                       const std::function<bool(const Mapping&)>&, unsigned,
                                       Meter&) {
  return fail(ErrorKind::Unsupported, "process {} cannot be imaged", process.identity.pid);
}

#endif

}  // namespace overhang
