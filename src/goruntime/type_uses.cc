#include "goruntime/type_uses.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "goruntime/arm64_addresses.h"
#include "goruntime/chunks.h"
#include "goruntime/receivers.h"

namespace overhang {
namespace {

constexpr std::uint64_t kReach = 96;            // bytes between an address and the call
constexpr std::uint64_t kOverlap = kReach + 8;  // bytes: the longest that is looked for

class Search {
 public:
  Search(const Runtime& runtime, const Module& module) : runtime_(runtime), module_(module) {}

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
      auto behind = entry + at + 6;
      auto target = behind + static_cast<std::uint64_t>(std::int64_t{displacement});
      if (!is_type(target)) continue;
      bool first = at > 0 && begin[at - 1] == 0x48 && next[1] == 0x05;  // lea rax
      note(target, first && is_newobject(called_next_amd64(reach(code, at + 6), behind)));
    }
  }

  void read_arm64(ByteSpan code, Address entry) {
    for (std::size_t at = 0; at + 8 <= code.size(); at += 4) {
      auto access =
          arm64::variable_access(load_unchecked<std::uint32_t>(code.data() + at),
                                 load_unchecked<std::uint32_t>(code.data() + at + 4), entry + at);
      if (!access || access->kind != arm64::VariableAccess::Kind::Address ||
          !is_type(access->target))
        continue;
      bool first = access->register_number == 0;
      note(access->target,
           first && is_newobject(called_next_arm64(reach(code, at + 8), entry + at + 8)));
    }
  }

  void read_words(ByteSpan bytes, Address first) {
    for (std::size_t at = 0; at + 8 <= bytes.size() && at < kChunk; at += 8)
      if (auto word = load_unchecked<std::uint64_t>(bytes.data() + at);
          is_type(word) && (first + at < module_.types || first + at >= module_.etypes))
        note(word, false);
  }

  NamedTypes found() {
    NamedTypes out;
    for (auto [type, single] : found_) {
      out.all.push_back(type);
      if (single) out.single.push_back(type);
    }
    return out;
  }

 private:
  bool is_type(Address address) const {
    return address >= module_.types && address < module_.etypes && address % 8 == 0;
  }
  void note(Address type, bool single) {
    auto [at, fresh] = found_.try_emplace(type, single);
    at->second &= single;
  }
  static ByteSpan reach(ByteSpan code, std::size_t at) {
    return code.subspan(at, std::min<std::size_t>(kReach, code.size() - at));
  }
  bool is_newobject(Address called) {
    if (called == 0 || called == newobject_) return called != 0;
    auto function = runtime_.find_function(called);
    bool is = function && function->entry == called && function->name == "runtime.newobject";
    if (is) newobject_ = called;
    return is;
  }

  const Runtime& runtime_;
  const Module& module_;
  Address newobject_ = 0;
  std::map<Address, bool> found_;  // whether one value of it is allocated, and nothing else
};

}  // namespace

std::optional<NamedTypes> named_by_code(const Runtime& runtime) {
  if (runtime.modules().size() != 1) return std::nullopt;
  const Module& module = runtime.modules().front();
  const Image& image = runtime.image();
  Search search(runtime, module);
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
