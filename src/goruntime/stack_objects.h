// The collector's walk over one goroutine's stack words (mgcstack.go: stackScanState; mgcmark.go:
// scanblock, scanConservative): pointers to the heap are roots; pointers into the stack keep stack
// objects, whose pointers are followed in turn.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "goruntime/goroutines.h"
#include "goruntime/stack_map.h"
#include "goruntime/unwind.h"

namespace overhang {

class StackScan {
 public:
  // All must outlive the scan. What cannot be read is counted in `diagnostics`.
  StackScan(const Image& image, Diagnostics& diagnostics,
            const std::function<bool(Address)>& in_heap)
      : image_(image), diagnostics_(diagnostics), in_heap_(in_heap) {}

  // Begins a stack of [lo, hi), of which `memory` is in use. Roots go to `roots`, which must
  // outlive the scan, as must `memory`.
  void begin(Address lo, Address hi, const StackMemory& memory, std::vector<StackRoot>& roots);

  // One word's value; `slot` 0: it does not stand on the stack.
  void word(Address slot, std::uint64_t value, std::int32_t frame, bool conservative);
  // The words at `address` whose bits are set. False where those leave the stack (nothing is
  // scanned then).
  bool masked(Address address, const std::byte* bits, std::uint64_t count, std::int32_t frame,
              bool conservative);
  // All words of [from, to), cut to the stack in use.
  void conservative(Address from, Address to, std::int32_t frame);
  // A stack object that is live if something points to it. In address order.
  void add_object(Address address, const StackObjectRecord& record, Address rodata,
                  std::int32_t frame);
  // reflect's abi.RegArgs, which has no record in the binary (methodValueCallFrameObjs).
  void add_register_arguments(Address varp, std::int32_t frame);
  // Has all stack objects reached, by a conservative word at least.
  void reach_all();

  // Follows pointers into the stack until no more objects are reached.
  void finish();

 private:
  struct Object {
    Address address = 0;
    std::uint32_t size = 0;  // bytes
    std::int32_t ptr_bytes = 0;
    Address gcdata = 0;  // 0: abi.RegArgs
    std::int32_t frame = -1;
    bool scanned = false;
  };
  bool add(const Object& object);
  Object* find(Address address);
  void scan_object(const Object& object, bool conservative);

  const Image& image_;
  Diagnostics& diagnostics_;
  const std::function<bool(Address)>& in_heap_;
  Address lo_ = 0, hi_ = 0;
  const StackMemory* memory_ = nullptr;
  std::vector<StackRoot>* roots_ = nullptr;
  std::vector<Object> objects_;
  // Pointers into the stack that were not looked at yet. Exact ones go first, so that an object is
  // scanned conservatively only if nothing else reaches it.
  std::vector<Address> exact_, conservative_;
};

}  // namespace overhang
