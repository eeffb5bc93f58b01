#include "goruntime/stack_loads.h"

#include <algorithm>

namespace overhang {
namespace {

constexpr std::uint64_t kLongestFunction = 1 << 20;  // bytes

void sort_unique(std::vector<std::uint32_t>& offsets) {
  std::sort(offsets.begin(), offsets.end());
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
}

// mov, add, sub, cmp of a register with a word of memory.
bool reads_memory(unsigned opcode) {
  return opcode == 0x8B || opcode == 0x03 || opcode == 0x2B || opcode == 0x3B || opcode == 0x39;
}

}  // namespace

std::vector<std::uint32_t> stack_loads_amd64(ByteSpan code) {
  std::vector<std::uint32_t> out;
  auto byte = [&](std::size_t at) { return static_cast<unsigned>(code[at]); };
  for (std::size_t at = 0; at + 5 <= code.size(); at++) {
    // REX.W, opcode, ModRM (rm 4), SIB of rsp alone, disp8 or disp32.
    if ((byte(at) & 0xFB) != 0x48 || !reads_memory(byte(at + 1)) || byte(at + 3) != 0x24) continue;
    auto modrm = byte(at + 2) & 0xC7;
    if (modrm == 0x04) out.push_back(0);
    if (modrm == 0x44 && byte(at + 4) < 0x80) out.push_back(byte(at + 4));
    if (modrm != 0x84 || at + 8 > code.size()) continue;
    auto offset = load_unchecked<std::int32_t>(code.data() + at + 4);
    if (offset >= 0) out.push_back(static_cast<std::uint32_t>(offset));
  }
  sort_unique(out);
  return out;
}

std::vector<std::uint32_t> stack_loads_arm64(ByteSpan code) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at + 4 <= code.size(); at += 4) {
    auto word = load_unchecked<std::uint32_t>(code.data() + at);
    if ((word & 0xFFC003E0u) == 0xF94003E0u) out.push_back((word >> 10 & 0xFFF) * 8);  // ldr
    if ((word & 0xFFE003E0u) == 0xA94003E0u) {  // ldp, an offset that is not negative
      out.push_back((word >> 15 & 0x3F) * 8);
      out.push_back((word >> 15 & 0x3F) * 8 + 8);
    }
  }
  sort_unique(out);
  return out;
}

std::vector<std::uint32_t> stack_loads(const Runtime& runtime, const Function& function) {
  auto size = function.end - function.entry;
  auto code = size <= kLongestFunction ? runtime.image().bytes(function.entry, size) : std::nullopt;
  if (!code) return {};
  return runtime.layout().architecture == Architecture::Arm64 ? stack_loads_arm64(*code)
                                                              : stack_loads_amd64(*code);
}

}  // namespace overhang
