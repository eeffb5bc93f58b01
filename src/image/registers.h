// General registers as the kernel hands them out: struct user_regs_struct (amd64), struct
// user_pt_regs (arm64).
#pragma once

#include <cstring>

#include "image/image.h"

namespace overhang {

struct RegisterShape {
  std::uint32_t count;  // words
  std::uint32_t sp;     // index
  std::uint32_t pc;     // index
};

constexpr RegisterShape register_shape(Architecture architecture) {
  if (architecture == Architecture::Arm64) return {34, 31, 32};
  return {27, 19, 16};
}

// `registers` holds register_shape(architecture).count words.
inline ThreadState make_thread_state(Architecture architecture, std::uint32_t tid,
                                     ByteSpan registers) {
  auto shape = register_shape(architecture);
  ThreadState thread;
  thread.tid = tid;
  thread.register_count = shape.count;
  std::memcpy(thread.registers.data(), registers.data(), shape.count * sizeof(std::uint64_t));
  thread.sp = thread.registers[shape.sp];
  thread.pc = thread.registers[shape.pc];
  return thread;
}

}  // namespace overhang
