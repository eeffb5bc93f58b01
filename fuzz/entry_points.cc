#include "fuzz/entry_points.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "binary/build_info.h"
#include "binary/dwarf.h"
#include "binary/elf_file.h"
#include "image/core.h"

namespace overhang::fuzz {
namespace {

// Readers take paths: a file in memory, which costs no disk.
class MemoryFile {
 public:
  explicit MemoryFile(ByteSpan bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (fd_ < 0) std::abort();
    for (std::size_t at = 0; at < bytes.size();) {
      auto n = write(fd_, bytes.data() + at, bytes.size() - at);
      if (n <= 0) std::abort();
      at += static_cast<std::size_t>(n);
    }
    path_ = "/proc/self/fd/" + std::to_string(fd_);
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

void promise(bool kept) {
  if (!kept) std::abort();
}

void promise_clear(const Error& error) {
  promise(!error.message.empty() && error.message.find('\n') == std::string::npos);
}

// Every byte can be touched.
std::uint64_t sum(ByteSpan bytes) {
  std::uint64_t total = 0;
  for (auto byte : bytes) total += static_cast<std::uint64_t>(byte);
  return total;
}

void use(std::uint64_t value) {
  [[maybe_unused]] static volatile std::uint64_t sink;
  sink = value;
}

}  // namespace

void read_core(ByteSpan input) {
  MemoryFile file(input);
  Diagnostics diagnostics;
  auto image = open_core(file.path(), diagnostics);
  if (!image) return promise_clear(image.error());
  Address last = 0;
  for (auto& segment : (*image)->segments()) {
    promise(segment.size > 0 && segment.start >= last &&
            segment.start + segment.size - 1 >= segment.start);
    last = segment.start + segment.size - 1;
    auto size = std::min<std::uint64_t>(segment.size, 1 << 16);
    if (auto bytes = (*image)->bytes(segment.start, size)) use(sum(*bytes));
    if (auto bytes = (*image)->bytes(segment.start + segment.size - size, size)) use(sum(*bytes));
    use((*image)->word(last - 3).value_or(0));  // half in, half out
  }
  use((*image)->word(~Address{0} - 3).value_or(0));
  for (auto& mapping : (*image)->file_mappings()) promise(mapping.start <= mapping.end);
  for (auto& thread : (*image)->threads())
    promise(thread.register_count <= thread.registers.size());
  for (auto& line : diagnostics.warnings()) promise(!line.empty());
}

void read_executable(ByteSpan input) {
  MemoryFile memory(input);
  auto opened = ElfFile::open(memory.path());
  if (!opened) return promise_clear(opened.error());
  auto& file = **opened;
  for (auto& section : file.sections()) use(sum(section.bytes));
  for (auto& segment : file.segments()) use(sum(segment.bytes));
  for (const char* name : {"runtime.mheap_", "main.main", ""})
    if (auto symbol = file.symbol(name)) use(symbol->address + symbol->size);
  if (auto info = read_build_info(file))
    use(static_cast<std::uint64_t>(info->version.minor));
  else
    promise_clear(info.error());
  Diagnostics diagnostics;
  auto dwarf = Dwarf::open(file, &diagnostics);
  if (!dwarf) return promise_clear(dwarf.error());
  for (auto& global : (*dwarf)->globals()) {
    auto type = (*dwarf)->type(global.type);
    for (int depth = 0; type && depth < 8; depth++) {
      use(type->size + type->fields.size());
      type = (*dwarf)->type(type->elem             ? type->elem
                            : type->fields.empty() ? 0
                                                   : type->fields[0].type);
    }
  }
  for (Address pc : {file.entry(), Address{0x401000}, Address{0}}) {
    use((*dwarf)->variables(pc).size());
    use((*dwarf)->captured(pc).size());
  }
  use((*dwarf)->type_named("main.T"));
  use(static_cast<std::uint64_t>((*dwarf)->constant("runtime.pageSize").value_or(0)));
}

}  // namespace overhang::fuzz
