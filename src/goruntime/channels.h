// The memory behind a channel (runtime/chan.go: hchan, makechan).
#pragma once

#include <cstdint>
#include <optional>

#include "goruntime/types.h"

namespace overhang {

struct ChannelStorage {
  Address header = 0;             // the hchan
  std::uint64_t header_size = 0;  // bytes
  TypeId header_type;             // runtime.hchan, for its pointers to waiting goroutines; its buf
                                  // leads to `buffer`
  TypeId elem;                    // as hchan.elemtype says
  Address buffer = 0;             // 0 where nothing can be queued
  std::uint64_t elem_size = 0;    // bytes
  std::uint64_t capacity = 0;     // elements: dataqsiz
  std::uint64_t queued = 0;       // elements: qcount
  std::uint64_t first = 0;        // index of the oldest: recvx; it goes on round the end
  // The buffer is part of the header's allocation: elements without pointers.
  bool buffer_with_header = false;
};

// Nothing where it is in the making; nothing, and a loss counted, where what stands there is no
// channel.
std::optional<ChannelStorage> channel_storage(const Runtime& runtime, TypeTable& types,
                                              Address header);

}  // namespace overhang
