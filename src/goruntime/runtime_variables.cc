#include "goruntime/runtime_variables.h"

#include <algorithm>

#include "base/checked.h"
#include "goruntime/modules.h"
#include "goruntime/variable_search.h"

namespace overhang {
namespace {

Result<RuntimeVariables> variables_by_symbol(const ElfFile& symbols, const Layout& layout,
                                             std::uint64_t bias) {
  RuntimeVariables v;
  struct {
    const char* name;
    Address* address;
    bool wanted;
  } const table[] = {
      {"runtime.mheap_", &v.mheap, true},
      {"runtime.firstmoduledata", &v.first_moduledata, true},
      {"runtime.allgs", &v.allgs, true},
      {"runtime.allm", &v.allm, true},
      {"runtime.allp", &v.allp, true},
      {"runtime.allfin", &v.allfin, true},
      {"runtime.gcCleanups", &v.gc_cleanups, layout.has(layout.cleanupQueue_all)},
  };
  for (auto& row : table) {
    if (!row.wanted) continue;
    auto symbol = symbols.symbol(row.name);
    if (!symbol)
      return fail(ErrorKind::Unsupported, "{} has symbols, but none named {}: is it a Go program?",
                  symbols.path(), row.name);
    *row.address = symbol->address + bias;
  }
  // Statistics only: nothing else depends on them.
  if (auto symbol = symbols.symbol("runtime.memstats")) v.memstats = symbol->address + bias;
  return v;
}

// The record in the executable's initialised data whose pcHeader leads to a function table and
// whose text is the executable's. (`.go.module` is where it stands since 1.26, among .noptrdata or
// .data before; in a position-independent executable only the image has the addresses.)
Address find_module(const Image& image, const ElfFile& file, const Layout& layout,
                    std::uint64_t bias) {
  auto in_text = [&](Address address) {
    return std::any_of(file.segments().begin(), file.segments().end(), [&](const ElfSegment& s) {
      return s.executable && address - (s.address + bias) < s.memory_size;
    });
  };
  for (const ElfSegment& segment : file.segments()) {
    if (!segment.writable) continue;
    auto begin = align_up(segment.address + bias, 8);
    auto end = segment.address + bias + segment.bytes.size();
    for (auto at = begin; at + 8 <= end; at += 8) {
      auto header = image.word(at);
      if (!header || *header == 0 || *header % 8 != 0) continue;
      auto magic = image.read<std::uint32_t>(*header);
      // Of all releases: 0xfffffff0 (1.18), 0xfffffff1 (1.20).
      if (!magic || *magic < 0xFFFFFFF0u) continue;
      auto record = at - static_cast<std::uint64_t>(layout.moduledata_pcHeader);
      Diagnostics scratch;
      auto modules = read_modules(image, layout, record, scratch);
      if (modules && in_text(modules->front().text)) return record;
    }
  }
  return 0;
}

Result<RuntimeVariables> variables_by_search(const Image& image, const ElfFile& file,
                                             const Layout& layout, std::uint64_t bias,
                                             Diagnostics& diagnostics) {
  RuntimeVariables v;
  v.first_moduledata = find_module(image, file, layout, bias);
  if (v.first_moduledata == 0)
    return fail(ErrorKind::BadInput,
                "{} has no symbols, and runtime.firstmoduledata was not found in the process: it "
                "had not started yet, or ran another executable (give that with --exe)",
                file.path());
  OVERHANG_TRY(auto modules, read_modules(image, layout, v.first_moduledata, diagnostics));
  VariableSearch search(image, layout, modules.front());
  OVERHANG_CHECK(search.run(v));
  if (v.allp == 0)
    diagnostics.warn(
        "the program has no symbols, and runtime.allp was not found: the block that each processor "
        "takes small values from is not known to be live (16 bytes each)");
  if (v.allfin == 0)
    diagnostics.warn(
        "the program has no symbols, and runtime.allfin was not found: what finalizers that wait "
        "to run refer to may be missing from the live set");
  if (v.gc_cleanups == 0 && layout.has(layout.cleanupQueue_all))
    diagnostics.warn(
        "the program has no symbols, and runtime.gcCleanups was not found: what cleanups that wait "
        "to run refer to may be missing from the live set");
  return v;
}

}  // namespace

Result<RuntimeVariables> find_variables(const Image& image, const ElfFile& file,
                                        const ElfFile& symbols, const Layout& layout,
                                        std::uint64_t bias, Diagnostics& diagnostics) {
  // strip(1) may leave symbols that are none of Go's.
  if (symbols.symbol("runtime.firstmoduledata")) return variables_by_symbol(symbols, layout, bias);
  return variables_by_search(image, file, layout, bias, diagnostics);
}

}  // namespace overhang
