// The pclntab: functions, their names, and the tables that map a pc to a number
// (internal/abi/symtab.go, runtime/symtab.go; magic 0xfffffff1, Go 1.20+, and 0xfffffff0 before).
// Built over bytes that a caller has found (module data's slices); knows no runtime structures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace overhang {

// internal/abi.FuncID values shift between releases; only names are stable, so goruntime maps them.
struct Function {
  std::uint32_t offset = 0;  // of the _func in pclntable: identity within a module
  Address entry = 0;
  Address end = 0;  // entry of the next function
  std::string_view name;
  std::int32_t args_size = 0;     // bytes; kArgsSizeUnknown for assembly without a frame
  std::uint32_t deferreturn = 0;  // offset of the deferreturn call from entry, or 0
  std::uint32_t pcsp = 0, pcfile = 0, pcln = 0, npcdata = 0, cu_offset = 0;
  std::int32_t start_line = 0;  // 0 before Go 1.20
  std::uint8_t func_id = 0, flag = 0, nfuncdata = 0;
};
inline constexpr std::int32_t kArgsSizeUnknown = INT32_MIN;  // abi.ArgsSizeUnknown

struct SourceLine {
  std::string_view file;
  std::int32_t line = 0;
};

class FunctionTable {
 public:
  struct Parts {
    ByteSpan funcnametab, cutab, filetab, pctab, pclntable;
    ByteSpan ftab;     // {u32 entryoff, u32 funcoff} pairs, the last an end mark
    Address text = 0;  // runtime.text of the module
    std::uint32_t pc_quantum = 1;
    bool has_start_line = true;  // _func.startLine: magic 0xfffffff1
  };
  FunctionTable() = default;
  explicit FunctionTable(Parts parts) : parts_(parts) {}

  // The function that holds `pc` (runtime.findfunc); nothing outside the module's text.
  std::optional<Function> find(Address pc) const;
  std::size_t size() const;  // functions
  std::optional<Function> function(std::size_t index) const;
  // runtime.pcvalue: the table's value at `pc`; `table` is an offset in pctab, 0 = no table.
  std::optional<std::int32_t> pc_value(const Function& f, std::uint32_t table, Address pc) const;
  // runtime.pcdatavalue2; -1 where the function has no such table.
  std::int32_t pcdata(const Function& f, std::uint32_t index, Address pc) const;
  // Stack depth at pc (bytes below the entry sp).
  std::optional<std::int32_t> sp_delta(const Function& f, Address pc) const {
    return pc_value(f, f.pcsp, pc);
  }
  // runtime.funcdata: offset from `gofunc`, or nothing (~0).
  std::optional<std::uint32_t> funcdata_offset(const Function& f, std::uint32_t index) const;
  // runtime.funcline: the position of the code at pc; within code that was inlined, that of the
  // inlined source (the innermost), though f is the function around it.
  SourceLine line(const Function& f, Address pc) const;
  // Raw access for the inline tree and the like.
  const Parts& parts() const { return parts_; }

 private:
  std::uint64_t record_size() const { return parts_.has_start_line ? 44 : 40; }  // _func, bytes

  Parts parts_;
};

}  // namespace overhang
