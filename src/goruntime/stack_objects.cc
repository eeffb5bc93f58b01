#include "goruntime/stack_objects.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "base/checked.h"
#include "goruntime/gc_program.h"

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;

// Of abi.RegArgs {Ints, Floats, Ptrs; ReturnIsPtr bitmap}: only Ptrs are pointers.
struct RegisterArguments {
  std::uint64_t size, ptr_bytes, first_pointer;  // bytes
};
RegisterArguments register_arguments(const StackArchitecture& arch) {
  auto ints = std::uint64_t{arch.int_argument_registers} * kWord;
  auto floats = std::uint64_t{arch.float_argument_registers} * kWord;
  auto bitmap = (std::uint64_t{arch.int_argument_registers} + 7) / 8;
  auto ptr_bytes = ints + floats + ints;
  return {align_up(ptr_bytes + bitmap, kWord), ptr_bytes, ints + floats};
}

}  // namespace

void StackScan::begin(Address lo, Address hi, const StackMemory& memory,
                      std::vector<StackRoot>& roots) {
  lo_ = lo;
  hi_ = hi;
  memory_ = &memory;
  roots_ = &roots;
  objects_.clear();
  exact_.clear();
  conservative_.clear();
}

void StackScan::word(Address slot, std::uint64_t value, std::int32_t frame, bool conservative) {
  if (value == 0) return;
  if (value >= lo_ && value < hi_)
    (conservative ? conservative_ : exact_).push_back(value);
  else if (in_heap_(value))
    roots_->push_back({slot, value, frame, conservative});
}

bool StackScan::masked(Address address, const std::byte* bits, std::uint64_t count,
                       std::int32_t frame, bool conservative) {
  auto* words = memory_->at(address, count * kWord);
  if (!words) {
    // scanblock reads those words alone. What a function without pointers is passed may lie above
    // the stack's first frame: cgocallback's arguments where C called Go.
    while (count != 0 &&
           (std::to_integer<unsigned>(bits[(count - 1) / 8]) >> (count - 1) % 8 & 1) == 0)
      count--;
    if (count == 0) return true;
    words = memory_->at(address, count * kWord);
    if (!words) return false;
  }
  for (std::uint64_t i = 0; i < count; i += 8) {
    auto set = std::to_integer<unsigned>(bits[i / 8]);
    if (count - i < 8) set &= (1u << (count - i)) - 1;
    for (; set != 0; set &= set - 1) {
      auto at = (i + static_cast<std::uint64_t>(std::countr_zero(set))) * kWord;
      word(address + at, load_unchecked<std::uint64_t>(words + at), frame, conservative);
    }
  }
  return true;
}

void StackScan::conservative(Address from, Address to, std::int32_t frame) {
  from = align_up(std::clamp(from, memory_->begin(), memory_->end()), kWord);
  to = std::min(to, memory_->end());
  for (auto at = from; at < to && to - at >= kWord; at += kWord)
    word(at, memory_->word(at).value_or(0), frame, true);
}

void StackScan::add_object(Address address, const StackObjectRecord& record, Address rodata,
                           std::int32_t frame) {
  auto pointers = record.ptr_bytes < 0 ? -std::int64_t{record.ptr_bytes} : record.ptr_bytes;
  if (record.size < 0 || pointers > record.size ||
      !add({address, static_cast<std::uint32_t>(record.size), record.ptr_bytes,
            rodata + record.gcdata, frame, false}))
    diagnostics_.lose("stack object out of place");
}

void StackScan::add_register_arguments(Address varp, std::int32_t frame) {
  auto layout = register_arguments(stack_architecture(image_.architecture()));
  if (!add({varp - layout.size, static_cast<std::uint32_t>(layout.size),
            static_cast<std::int32_t>(layout.ptr_bytes), 0, frame, false}))
    diagnostics_.lose("stack object out of place");
}

bool StackScan::add(const Object& object) {
  if (!memory_->at(object.address, object.size)) return false;
  if (!objects_.empty() && object.address < objects_.back().address + objects_.back().size)
    return false;
  objects_.push_back(object);
  return true;
}

StackScan::Object* StackScan::find(Address address) {
  auto after = std::upper_bound(objects_.begin(), objects_.end(), address,
                                [](Address a, const Object& o) { return a < o.address; });
  if (after == objects_.begin()) return nullptr;
  auto& object = *std::prev(after);
  return address - object.address < object.size ? &object : nullptr;
}

void StackScan::reach_all() {
  for (auto& object : objects_)
    if (object.size != 0) conservative_.push_back(object.address);
}

void StackScan::finish() {
  for (;;) {
    bool conservative = exact_.empty();
    auto& list = conservative ? conservative_ : exact_;
    if (list.empty()) return;
    auto address = list.back();
    list.pop_back();
    auto* object = find(address);
    if (!object || object->scanned) continue;
    object->scanned = true;
    scan_object(*object, conservative);
  }
}

void StackScan::scan_object(const Object& object, bool conservative) {
  if (object.gcdata == 0) {
    auto layout = register_arguments(stack_architecture(image_.architecture()));
    for (auto at = layout.first_pointer; at < layout.ptr_bytes; at += kWord)
      word(object.address + at, memory_->word(object.address + at).value_or(0), object.frame,
           conservative);
    return;
  }
  std::vector<std::byte> unrolled;
  const std::byte* bits = nullptr;
  auto ptr_bytes = std::uint64_t(std::abs(std::int64_t{object.ptr_bytes}));
  auto count = ptr_bytes / kWord;
  if (object.ptr_bytes >= 0) {
    bits = image_.at(object.gcdata, (count + 7) / 8);
  } else if (auto mask = run_gc_program(image_, object.gcdata + 4, count)) {
    unrolled = std::move(*mask);
    bits = unrolled.data();
  }
  if (bits) {
    masked(object.address, bits, count, object.frame, conservative);
  } else {
    diagnostics_.lose("pointer mask of a stack object unreadable");
    this->conservative(object.address, object.address + object.size, object.frame);
  }
}

}  // namespace overhang
