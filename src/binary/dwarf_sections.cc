#include "binary/dwarf_sections.h"

#include <elf.h>
#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>
#include <string>

namespace overhang {
namespace {

constexpr std::array<const char*, 9> kNames = {"info", "abbrev",   "addr", "ranges",  "rnglists",
                                               "loc",  "loclists", "str",  "line_str"};

struct Compressed {
  std::uint64_t size = 0;  // bytes when inflated
  ByteSpan stream;         // zlib
};

// SHF_COMPRESSED: an Elf64_Chdr, then the stream.
Compressed gabi_header(ByteSpan bytes) {
  auto header = load<Elf64_Chdr>(bytes, 0);
  if (!header || header->ch_type != ELFCOMPRESS_ZLIB) return {};
  return {header->ch_size, bytes.subspan(sizeof *header)};
}

// .zdebug_*: "ZLIB", the size in eight big-endian bytes, then the stream.
Compressed gnu_header(ByteSpan bytes) {
  constexpr std::uint64_t kHeaderSize = 12;
  if (bytes.size() < kHeaderSize || !as_text(bytes).starts_with("ZLIB")) return {};
  return {__builtin_bswap64(load_unchecked<std::uint64_t>(bytes.data() + 4)),
          bytes.subspan(kHeaderSize)};
}

// Null where the stream is damaged or gives other than the promised number of bytes.
std::unique_ptr<std::byte[]> inflate_all(const Compressed& from) {
  // Deflate packs at most 1032 bytes into one: a larger promise is a lie.
  constexpr std::uint64_t kMaxRatio = 1032;
  if (from.size == 0 || from.size / kMaxRatio > from.stream.size()) return nullptr;
  std::unique_ptr<std::byte[]> out(new (std::nothrow) std::byte[from.size]);
  if (!out) return nullptr;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return nullptr;
  auto* in = reinterpret_cast<const Bytef*>(from.stream.data());
  stream.next_in = const_cast<Bytef*>(in);  // zlib's interface; it does not write there
  stream.next_out = reinterpret_cast<Bytef*>(out.get());
  auto in_left = from.stream.size();
  auto out_left = from.size;
  int status = Z_OK;
  while (status == Z_OK) {  // zlib counts in 32 bits: feed it in parts
    auto in_part = static_cast<uInt>(std::min<std::uint64_t>(in_left, UINT_MAX));
    auto out_part = static_cast<uInt>(std::min<std::uint64_t>(out_left, UINT_MAX));
    stream.avail_in = in_part;
    stream.avail_out = out_part;
    status = inflate(&stream, Z_NO_FLUSH);
    in_left -= in_part - stream.avail_in;
    out_left -= out_part - stream.avail_out;
    if (stream.avail_in == in_part && stream.avail_out == out_part) break;  // no progress
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && out_left == 0 ? std::move(out) : nullptr;
}

}  // namespace

ByteSpan DebugSections::get(DebugSection which) {
  auto& loaded = loaded_[static_cast<std::size_t>(which)];
  if (!loaded.started) start(which, std::launch::deferred);
  if (loaded.pending.valid()) loaded.pending.get();
  return loaded.bytes;
}

void DebugSections::prefetch(DebugSection which) {
  if (!loaded_[static_cast<std::size_t>(which)].started)  // Deferred where no thread is to be had.
    start(which, std::launch::async | std::launch::deferred);
}

void DebugSections::start(DebugSection which, std::launch policy) {
  auto& loaded = loaded_[static_cast<std::size_t>(which)];
  loaded.started = true;
  std::string name = kNames[static_cast<std::size_t>(which)];
  Compressed packed;
  if (auto* plain = file_.section(".debug_" + name)) {
    if (!plain->compressed) {
      loaded.bytes = plain->bytes;
      return;
    }
    packed = gabi_header(plain->bytes);
  } else if (auto* gnu = file_.section(".zdebug_" + name)) {
    packed = gnu_header(gnu->bytes);
  }
  if (packed.size == 0) return;
  loaded.pending = std::async(policy, [&loaded, packed] {
    loaded.inflated = inflate_all(packed);
    if (loaded.inflated) loaded.bytes = {loaded.inflated.get(), packed.size};
  });
}

}  // namespace overhang
