// Which words of a value the collector takes for pointers, as its abi.Type says (getGCMask).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// The pointer words of an allocation: every `size` bytes, from its data's start to the slot's end,
// stands a value whose word i is a pointer if bit i is set (mbitmap.go: "tiling").
struct PointerMask {
  std::uint64_t size = 8;           // bytes, a positive multiple of 8
  std::uint64_t ptr_bytes = 0;      // no pointers from here to size; multiple of 8
  std::uint64_t first = 0;          // bits of words 0 to 63, none past ptr_bytes
  const std::byte* bits = nullptr;  // the whole mask in 64-bit words; set if ptr_bytes > 512
};

// Decoded masks by the address of the abi.Type. Thread-safe; masks live as long as this.
class PointerMasks {
 public:
  // Masks that the program has not built yet (TFlagGCMaskOnDemand) are built here, in `build_bytes`
  // of our memory altogether: one in 64 of the heap's bytes is enough for all its objects.
  PointerMasks(const Runtime& runtime, std::uint64_t build_bytes);
  ~PointerMasks();

  // Never fails: a type that cannot be read has no pointers, and is counted in diagnostics once. A
  // nil type has none either: the object is still being made (typePointersOfUnchecked).
  const PointerMask& of(Address type) const {
    auto* table = table_.load(std::memory_order_acquire);
    for (auto i = hash(type);; i++) {
      auto& slot = table->slots[i & table->index_mask];
      auto key = slot.type.load(std::memory_order_acquire);
      if (key == kFree) return add(type);
      if (key == type) return *slot.mask;
    }
  }

 private:
  static constexpr Address kFree = ~Address{0};
  struct Slot {
    std::atomic<Address> type{kFree};
    const PointerMask* mask = nullptr;  // written before `type`
  };
  struct Table {
    explicit Table(std::size_t size) : slots(size), index_mask(size - 1) {}
    std::vector<Slot> slots;
    std::size_t index_mask;
  };
  static std::size_t hash(Address type) { return type * 0x9E3779B97F4A7C15ull >> 32; }
  const PointerMask& add(Address type) const;
  static void insert(Table& table, Address type, const PointerMask* mask);
  std::optional<PointerMask> decode(Address type) const;

  const Runtime& runtime_;
  mutable std::mutex mutex_;  // held to add
  mutable std::atomic<Table*> table_;
  mutable std::uint64_t build_bytes_;
  mutable std::size_t used_ = 0;
  // Tables that were outgrown stay: readers may still be in them.
  mutable std::vector<std::unique_ptr<Table>> tables_;
  mutable std::vector<std::unique_ptr<PointerMask>> masks_;
  mutable std::vector<std::unique_ptr<std::uint64_t[]>> built_;
};

}  // namespace overhang
