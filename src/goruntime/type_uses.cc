#include "goruntime/type_uses.h"

#include <algorithm>
#include <cstring>

#include "goruntime/arm64_addresses.h"
#include "goruntime/chunks.h"

namespace overhang {
namespace {

constexpr std::uint64_t kOverlap = 8;  // bytes: the longest that is looked for

class Search {
 public:
  explicit Search(const Module& module) : module_(module) {}

  // Wherever an instruction may begin is tried: one too many is no harm.
  void read_amd64(ByteSpan code, Address entry) {
    auto* begin = reinterpret_cast<const unsigned char*>(code.data());
    for (std::size_t at = 0; at + 6 <= code.size(); at++) {
      // lea r64, [rip + disp32]: ModRM mod 0, rm 5
      auto* next =
          static_cast<const unsigned char*>(std::memchr(begin + at, 0x8D, code.size() - at - 5));
      if (!next) return;
      at = static_cast<std::size_t>(next - begin);
      if ((next[1] & 0xC7) != 0x05) continue;
      auto displacement = load_unchecked<std::int32_t>(code.data() + at + 2);
      note(entry + at + 6 + static_cast<std::uint64_t>(std::int64_t{displacement}));
    }
  }

  void read_arm64(ByteSpan code, Address entry) {
    for (std::size_t at = 0; at + 8 <= code.size(); at += 4) {
      auto access =
          arm64::variable_access(load_unchecked<std::uint32_t>(code.data() + at),
                                 load_unchecked<std::uint32_t>(code.data() + at + 4), entry + at);
      if (access && access->kind == arm64::VariableAccess::Kind::Address) note(access->target);
    }
  }

  void read_words(ByteSpan bytes, Address first) {
    for (std::size_t at = 0; at + 8 <= bytes.size() && at < kChunk; at += 8)
      if (first + at < module_.types || first + at >= module_.etypes)
        note(load_unchecked<std::uint64_t>(bytes.data() + at));
  }

  std::vector<Address> found() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  void note(Address address) {
    if (address >= module_.types && address < module_.etypes && address % 8 == 0)
      found_.push_back(address);
  }

  const Module& module_;
  std::vector<Address> found_;
};

}  // namespace

std::optional<std::vector<Address>> named_by_code(const Runtime& runtime) {
  if (runtime.modules().size() != 1) return std::nullopt;
  const Module& module = runtime.modules().front();
  const Image& image = runtime.image();
  Search search(module);
  bool arm = runtime.layout().architecture == Architecture::Arm64;
  bool all =
      for_each_chunk(image, module.text, module.etext, kOverlap, [&](ByteSpan code, Address at) {
        arm ? search.read_arm64(code, at) : search.read_amd64(code, at);
      });
  for (const ElfSegment& segment : runtime.file().segments()) {
    auto begin = (segment.address + runtime.load_bias() + 7) & ~Address{7};
    auto end = begin + segment.bytes.size() / 8 * 8;
    auto read = [&](Address from, Address to) {
      all &= from >= to ||
             for_each_chunk(image, from, to, kOverlap,
                            [&](ByteSpan bytes, Address at) { search.read_words(bytes, at); });
    };
    // Read-only data may share the code's segment.
    read(begin, std::min(end, module.text & ~Address{7}));
    read(std::max(begin, (module.etext + 7) & ~Address{7}), end);
  }
  if (!all) return std::nullopt;
  return search.found();
}

}  // namespace overhang
