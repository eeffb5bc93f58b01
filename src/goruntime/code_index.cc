#include "goruntime/code_index.h"

#include <algorithm>
#include <set>

#include "goruntime/arm64_addresses.h"
#include "goruntime/arm64_code.h"
#include "goruntime/chunks.h"

namespace overhang {
namespace {

constexpr std::size_t kMostMentions = 1 << 24;
constexpr std::uint64_t kOverlap = 12;  // bytes: three instructions of arm64

}  // namespace

CodeIndex::CodeIndex(const Runtime& runtime)
    : runtime_(runtime), machine_(machine::machine_for(runtime.layout().architecture)) {}
CodeIndex::~CodeIndex() = default;

const FrameCode& CodeIndex::code_of(Address function) {
  auto& code = functions_[function];
  if (!code) {
    auto found = runtime_.find_function(function);
    code = std::make_unique<FrameCode>(runtime_, *machine_, found ? *found : Function{});
  }
  return *code;
}

void CodeIndex::find_mentions() {
  if (searched_) return;
  searched_ = true;
  bool arm = runtime_.layout().architecture == Architecture::Arm64;
  for (const Module& module : runtime_.modules())
    for_each_chunk(
        runtime_.image(), module.text, module.etext, kOverlap,
        [&](ByteSpan code, Address at) { arm ? read_arm64(code, at) : read_amd64(code, at); });
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::pair(a.target, a.pc) < std::pair(b.target, b.pc);
  });
}

// Wherever an operand [rip + disp32] may stand is tried; what may follow it is an immediate.
void CodeIndex::read_amd64(ByteSpan code, Address at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned>(code[i]); };
  for (std::size_t i = 1; i + 5 <= code.size() && i <= kChunk; i++) {
    if ((byte(i) & 0xC7) != 0x05) continue;
    auto displacement = load_unchecked<std::int32_t>(code.data() + i + 1);
    auto how = byte(i - 1) == 0x8D ? Mention::Taken : Mention::Access;
    for (std::uint64_t immediate : {0, 1, 4}) {
      auto target = at + i + 5 + immediate + static_cast<std::uint64_t>(std::int64_t{displacement});
      if (mention(target, at + i, how)) break;
    }
  }
}

// The page of an address, and the rest or an access; an address that the assembler's own register
// holds is but accessed.
void CodeIndex::read_arm64(ByteSpan code, Address at) {
  auto word = [&](std::size_t i) {
    return i + 4 <= code.size() ? load_unchecked<std::uint32_t>(code.data() + i) : 0;
  };
  for (std::size_t i = 0; i + 8 <= code.size() && i < kChunk; i += 4) {
    auto page = arm64::adrp_page(word(i), at + i);
    auto base = word(i) & 31;
    if (!page || arm64::base_register(word(i + 4)) != base) continue;
    if (auto offset = arm64::access_offset(word(i + 4))) {
      mention(*page + static_cast<std::uint64_t>(*offset), at + i, Mention::Access);
    } else if (arm64::is_add(word(i + 4))) {
      auto address = *page + arm64::immediate12(word(i + 4));
      auto beyond = arm64::base_register(word(i + 8)) == base ? arm64::access_offset(word(i + 8))
                                                              : std::nullopt;
      if (beyond) mention(address + static_cast<std::uint64_t>(*beyond), at + i, Mention::Access);
      if (!beyond || base != arm64::kTemporary) mention(address, at + i, Mention::Taken);
    }
  }
}

// Whether a variable may stand at `target`.
bool CodeIndex::mention(Address target, Address pc, Mention how) {
  if (target % 8 != 0 || !runtime_.module_of_data(target)) return false;
  if (places_.size() < kMostMentions) places_.push_back({target, pc, how});
  return true;
}

// On amd64 a mention may be none: other bytes of the code look like one.
bool CodeIndex::mentions(Address function, Address target) {
  const FrameCode& code = code_of(function);
  return runtime_.layout().architecture != Architecture::Amd64 || code.instructions().empty() ||
         code.addresses(target);
}

std::vector<Address> CodeIndex::functions_at(Address target, Mention how) {
  find_mentions();
  std::vector<Address> out;
  auto at = std::lower_bound(places_.begin(), places_.end(), target,
                             [](const Place& p, Address t) { return p.target < t; });
  for (; at != places_.end() && at->target == target; ++at) {
    if (at->how != how) continue;
    auto function = runtime_.find_function(at->pc);
    if (!function || (!out.empty() && out.back() == function->entry)) continue;
    if (mentions(function->entry, target)) out.push_back(function->entry);
  }
  return out;
}

std::vector<Address> CodeIndex::instructions_at(Address begin, Address end) {
  std::set<Address> functions, out;
  for (auto at = begin; at < end; at += 8)
    for (auto how : {Mention::Access, Mention::Taken})
      for (Address function : functions_at(at, how)) functions.insert(function);
  for (Address function : functions)
    for (const machine::Instruction& in : code_of(function).instructions())
      for (const machine::Operand* operand : {&in.a, &in.b, &in.c}) {
        auto at = static_cast<Address>(operand->value);
        if (operand->is_memory() && operand->absolute && at >= begin && at < end) out.insert(in.at);
      }
  return {out.begin(), out.end()};
}

std::optional<Address> CodeIndex::taken_before(Address target, std::uint64_t far) {
  find_mentions();
  auto at = std::upper_bound(places_.begin(), places_.end(), target,
                             [](Address t, const Place& p) { return t < p.target; });
  while (at != places_.begin() && target - std::prev(at)->target <= far) {
    --at;
    if (at->how == Mention::Taken && !functions_at(at->target, Mention::Taken).empty())
      return at->target;
  }
  return std::nullopt;
}

}  // namespace overhang
