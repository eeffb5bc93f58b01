// Pages of memory in our hands.
#pragma once

#include <cstring>

#include "image/image.h"

namespace overhang {

// Of the Image::kPageSize bytes at `page`.
inline bool is_zero_page(const std::byte* page) {
  // Memory in use mostly shows in the first bytes.
  return load_unchecked<std::uint64_t>(page) == 0 &&
         std::memcmp(page, page + 8, Image::kPageSize - 8) == 0;
}

}  // namespace overhang
