// debug/buildinfo.readRawBuildInfo: a 32-byte header at a 16-byte boundary, then (since Go 1.18)
// the version and the module text inline, each with a varint length; before, two pointers to Go
// string headers.
#include "binary/build_info.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace overhang {
namespace {

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::uint64_t kAlignment = 16;
constexpr std::uint64_t kHeaderSize = 32;
constexpr std::uint64_t kPointerSizeOffset = 14;
constexpr std::uint64_t kFlagsOffset = 15;
constexpr std::uint64_t kPointersOffset = 16;
constexpr std::uint8_t kFlagBigEndian = 1;
constexpr std::uint8_t kFlagInline = 2;

struct RawInfo {
  std::string_view version;
  std::string_view module_text;
};

// searchMagic: the header, and all that follows it in `bytes`, which stand at `address`.
ByteSpan find_header(Address address, ByteSpan bytes) {
  auto text = as_text(bytes);
  for (std::size_t at = 0; (at = text.find(kMagic, at)) != std::string_view::npos; at++)
    if ((address + at) % kAlignment == 0 && text.size() - at >= kHeaderSize)
      return bytes.subspan(at);
  return {};
}

// elfExe.DataStart: in the section of that name, else in a segment of plain data. The first one is
// not it where relocated data stand before (position-independent).
ByteSpan find_header(const ElfFile& file) {
  if (auto* section = file.section(".go.buildinfo"))
    return find_header(section->address, section->bytes);
  for (auto& segment : file.segments()) {
    if (!segment.writable || segment.executable) continue;
    if (auto header = find_header(segment.address, segment.bytes); !header.empty()) return header;
  }
  return {};
}

// elfExe.DataReader: from `address` to the end of its segment's file bytes.
ByteSpan data_at(const ElfFile& file, Address address) {
  for (auto& segment : file.segments())
    if (address >= segment.address && address - segment.address < segment.bytes.size())
      return segment.bytes.subspan(address - segment.address);
  return {};
}

// readString: the bytes of the Go string whose header stands at `address`.
std::string_view go_string(const ElfFile& file, Address address) {
  ByteReader header(data_at(file, address));
  auto data = header.read<std::uint64_t>();
  auto size = header.read<std::uint64_t>();
  if (!header.ok()) return {};
  return as_text(slice(data_at(file, data), 0, size).value_or(ByteSpan{}));
}

RawInfo read_raw(const ElfFile& file, ByteSpan header) {
  auto flags = load_unchecked<std::uint8_t>(header.data() + kFlagsOffset);
  RawInfo info;
  if (flags & kFlagInline) {
    ByteReader reader(header, kHeaderSize);
    info.version = as_text(reader.read_bytes(reader.read_uvarint()));
    info.module_text = as_text(reader.read_bytes(reader.read_uvarint()));
    return reader.ok() ? info : RawInfo{};
  }
  auto pointer_size = load_unchecked<std::uint8_t>(header.data() + kPointerSizeOffset);
  if (pointer_size != 8 || (flags & kFlagBigEndian)) return info;
  auto* pointers = header.data() + kPointersOffset;
  info.version = go_string(file, load_unchecked<std::uint64_t>(pointers));
  info.module_text = go_string(file, load_unchecked<std::uint64_t>(pointers + 8));
  return info;
}

// cmd/go/internal/modload.infoStart and infoEnd frame the text with 16 bytes each.
std::string_view without_guards(std::string_view text) {
  if (text.size() < 33 || text[text.size() - 17] != '\n') return {};
  return text.substr(16, text.size() - 32);
}

// Takes a decimal number off the front of `text`.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

Result<BuildInfo> read_build_info(const ElfFile& file) {
  auto header = find_header(file);
  if (header.empty()) return fail(ErrorKind::BadInput, "{} is not a Go program", file.path());
  auto raw = read_raw(file, header);
  if (raw.version.empty())
    return fail(ErrorKind::BadInput, "{} has a damaged .go.buildinfo", file.path());
  auto version = parse_go_version(raw.version);
  if (!version) return within(version.error(), "{}", file.path());
  return BuildInfo{std::move(*version), std::string(without_guards(raw.module_text))};
}

// "go1.26.8", "go1.26rc1", "go1.27-devel_0123abcd", "devel go1.27-0123abcd Mon …", each perhaps
// followed by " X:experiment,…".
Result<GoVersion> parse_go_version(std::string_view text) {
  constexpr std::string_view kDevel = "devel ", kGo = "go1.";
  auto rest = text;
  if (rest.starts_with(kDevel)) rest.remove_prefix(kDevel.size());
  auto unknown = [text] {
    std::string shown(text.substr(0, 80));
    // It may be anything, and an error is one line.
    std::ranges::replace_if(
        shown, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    return fail(ErrorKind::Unsupported, "Go version \"{}\" is not understood", shown);
  };
  if (!rest.starts_with(kGo)) return unknown();
  rest.remove_prefix(kGo.size());
  GoVersion version;
  version.text = text;
  auto minor = take_number(rest);
  if (!minor) return unknown();
  version.minor = *minor;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    auto patch = take_number(rest);
    if (!patch) return unknown();
    version.patch = *patch;
  }
  return version;
}

}  // namespace overhang
