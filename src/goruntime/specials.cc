#include "goruntime/specials.h"

#include <fmt/format.h>

#include <unordered_set>

namespace overhang {

void for_each_special(const Runtime& runtime, const HeapSpans& heap,
                      const std::function<void(const Span&, const Special&)>& visit) {
  const Image& image = runtime.image();
  const Layout& layout = runtime.layout();
  auto at = [](Address base, std::int64_t offset) {
    return base + static_cast<std::uint64_t>(offset);
  };
  // special.offset is a uint16 up to Go 1.23, a uintptr since; kind follows it.
  bool narrow = layout.special_kind - layout.special_offset == 2;
  std::unordered_set<Address> seen;  // a record stands in one list, once

  auto read_offset = [&](Address slot) -> std::optional<std::uint64_t> {
    if (!narrow) return image.word(slot);
    auto offset = image.read<std::uint16_t>(slot);
    if (!offset) return std::nullopt;
    return *offset;
  };

  for (auto& span : heap.spans) {
    std::uint64_t last_offset = 0;
    for (auto address = span.specials; address != 0;) {
      auto next = image.word(at(address, layout.special_next));
      auto offset = read_offset(at(address, layout.special_offset));
      auto kind = image.read<std::uint8_t>(at(address, layout.special_kind));
      if (!next || !offset || !kind || *offset < last_offset || *offset >= span.bytes() ||
          !seen.insert(address).second) {
        runtime.diagnostics().lose("list of specials broken", fmt::format("{:#x}", address));
        break;
      }
      visit(span, {address, *offset, *kind});
      last_offset = *offset;
      address = *next;
    }
  }
}

}  // namespace overhang
