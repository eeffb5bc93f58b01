// The search for the runtime's variables in a program without symbols; see runtime_variables.h.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

class VariableSearch {
 public:
  // All must outlive the search. `module`: the executable's.
  VariableSearch(const Image& image, const Layout& layout, const Module& module)
      : image_(image), layout_(layout), module_(module) {}

  // Sets all of `v` but first_moduledata; leaves 0 what is not found. Errors: Unsupported where
  // mheap_ or allgs are not found, or found more than once.
  Status run(RuntimeVariables& v);

 private:
  using Visit = std::function<void(Address at, const std::byte* word)>;
  // Each aligned word of bss and noptrbss, with at least two more behind it.
  void for_each_word(const Visit& visit) const;
  Address field(Address base, std::int64_t offset) const {
    return base + static_cast<std::uint64_t>(offset);
  }
  Address pointer(Address base, std::int64_t offset) const {
    return image_.word(field(base, offset)).value_or(0);
  }
  bool is_mheap(Address mheap) const;
  bool is_g(Address g, bool& alive) const;
  bool is_allgs(const TargetSlice& slice) const;
  bool is_allp(const TargetSlice& slice) const;
  bool is_mcache(Address cache) const;
  bool in_bss(Address at) const;
  Address memstats_of(Address mheap) const;  // 0: not found
  bool is_m(Address m) const;
  std::uint64_t thread_list(Address m) const;
  struct CodeReferences {
    std::vector<Address> loads;  // mov r64, [rip + x]; adrp, ldr
    std::vector<Address> takes;  // lea r64, [rip + x]; adrp, add
  };
  static void read_amd64(ByteSpan code, Address entry, CodeReferences& out);
  static void read_arm64(ByteSpan code, Address entry, CodeReferences& out);
  CodeReferences references_of(std::string_view function) const;
  Address read_by(std::vector<Address> found,
                  std::initializer_list<std::string_view> functions) const;
  void find_by_code(RuntimeVariables& v) const;

  const Image& image_;
  const Layout& layout_;
  const Module& module_;
  mutable std::uint64_t budget_ = 1 << 26;  // entries of lists that are looked at in all
};

}  // namespace overhang
