// Asks for a cache line ahead of its use.
#pragma once

namespace overhang {

// Not __builtin_prefetch: g++ takes a function that does nothing else for one without effects and
// drops the calls to it (ipa-pure-const), so that whole pipelines of prefetches were not in the
// binary. Any address will do, a bad one is ignored.
[[gnu::always_inline]] inline void prefetch_read(const void* at) {
#if defined(__x86_64__)
  asm volatile("prefetcht0 (%0)" : : "r"(at));
#elif defined(__aarch64__)
  asm volatile("prfm pldl1keep, [%0]" : : "r"(at));
#else
  __builtin_prefetch(at);
#endif
}

}  // namespace overhang
