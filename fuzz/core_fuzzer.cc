#include "fuzz/entry_points.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  overhang::fuzz::read_core({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
