// The one place where raw bytes of the target become numbers. All reads are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace overhang {

// A virtual address in the target.
using Address = std::uint64_t;
using ByteSpan = std::span<const std::byte>;

// An unaligned little-endian load (both supported architectures are little-endian). The caller
// vouches that sizeof(T) bytes stand at `at`.
template <class T>
T load_unchecked(const std::byte* at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// A value at `offset`, or nothing where the bytes end before it does.
template <class T>
std::optional<T> load(ByteSpan bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  return load_unchecked<T>(bytes.data() + offset);
}

// The `size` bytes at `offset`, or nothing where they are not all there.
inline std::optional<ByteSpan> slice(ByteSpan bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  return bytes.subspan(offset, size);
}

inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads forward; the first read past the end makes the reader and every later read fail (they give
// zero), so that a decoder checks `ok()` once at its end.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes, std::uint64_t offset = 0) : bytes_(bytes), offset_(offset) {}

  template <class T>
  T read() {
    auto value = load<T>(bytes_, offset_);
    if (!value) {
      ok_ = false;
      return T{};
    }
    offset_ += sizeof(T);
    return *value;
  }
  // LEB128 without sign, at most ten bytes (encoding/binary.Uvarint; runtime.readvarint).
  std::uint64_t read_uvarint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      auto byte = read<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  // The next `size` bytes; empty and failed where they are not all there.
  ByteSpan read_bytes(std::uint64_t size) {
    auto part = slice(bytes_, offset_, size);
    if (!part) {
      ok_ = false;
      return {};
    }
    offset_ += size;
    return *part;
  }
  void skip(std::uint64_t size) { read_bytes(size); }
  bool ok() const { return ok_; }
  std::uint64_t offset() const { return offset_; }

 private:
  ByteSpan bytes_;
  std::uint64_t offset_;
  bool ok_ = true;
};

}  // namespace overhang
