#include "goruntime/maps.h"

#include <algorithm>
#include <unordered_set>

#include "base/checked.h"
#include "goruntime/size_classes.h"

namespace overhang {
namespace {

using Kind = MapBlock::Kind;

constexpr std::uint64_t kMaxDirectory = std::uint64_t{1} << 32;  // entries
constexpr std::uint64_t kMaxGroups = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxBucketsLog = 40;
constexpr std::uint64_t kMaxOverflowList = std::uint64_t{1} << 32;
constexpr std::uint8_t kSameSizeGrow = 8;      // hmap.flags
constexpr std::uint8_t kPreallocatedFrom = 4;  // makeBucketArray: B

class MapReader {
 public:
  MapReader(const Runtime& runtime, TypeTable& types, TypeId map_type, std::vector<MapBlock>& out)
      : image_(runtime.image()),
        layout_(runtime.layout()),
        diagnostics_(runtime.diagnostics()),
        out_(out),
        types_(types),
        storage_type_(types.info(map_type).map_storage),
        storage_(types.info(storage_type_)) {}

  void swiss(Address header);
  void classic(Address header);

 private:
  void lose(std::string_view cause, Address where) {
    diagnostics_.lose(cause, fmt::format("{:#x}", where));
  }
  void add(Kind kind, Address address, std::uint64_t count, std::uint64_t item_size,
           TypeId type = kUnknownType) {
    out_.push_back({kind, address, count, item_size, type});
  }
  void table(Address address);
  void groups(Address address, std::uint64_t count);
  void bucket_array(Kind kind, Address address, unsigned log);
  void overflow_chains(Address buckets, std::uint64_t count);
  void extra(Address address);

  const Image& image_;
  const Layout& layout_;
  Diagnostics& diagnostics_;
  std::vector<MapBlock>& out_;
  TypeTable& types_;
  TypeId storage_type_;
  const TypeInfo& storage_;
  std::unordered_set<Address> overflow_seen_;
};

void MapReader::groups(Address address, std::uint64_t count) {
  if (storage_type_ == kUnknownType || storage_.size == 0)
    return lose("maps whose group type is unknown", address);
  add(Kind::Groups, address, count, storage_.size, storage_type_);
}

void MapReader::table(Address address) {
  auto data = image_.word(address + layout_.swissTable_groups_data);
  auto mask = image_.word(address + layout_.swissTable_groups_lengthMask);
  if (!data || !mask) return lose("map tables that could not be read", address);
  add(Kind::Table, address, 1, layout_.swissTable_size);
  if (*mask >= kMaxGroups || (*mask & (*mask + 1)) != 0)
    return lose("map tables with an impossible length", address);
  if (*data) groups(*data, *mask + 1);
}

// maps.Map: a small map's dirPtr leads to its only group; else to a directory that names each table
// 2^(globalDepth - localDepth) times, one after the other (Map.installTableSplit).
void MapReader::swiss(Address header) {
  auto directory = image_.word(header + layout_.swissMap_dirPtr);
  auto length = image_.word(header + layout_.swissMap_dirLen);
  if (!directory || !length) return lose("map headers that could not be read", header);
  add(Kind::Header, header, 1, layout_.swissMap_size);
  if (*directory == 0) return;
  if (*length == 0) return groups(*directory, 1);
  const auto* entries = *length < kMaxDirectory ? image_.at(*directory, *length * 8) : nullptr;
  if (!entries) return lose("map directories out of bounds", header);
  add(Kind::Directory, *directory, *length, 8);
  Address last = 0;
  std::unordered_set<Address> seen;
  for (std::uint64_t i = 0; i < *length; i++) {
    auto entry = load_unchecked<Address>(entries + i * 8);
    if (entry == 0 || entry == last) continue;
    last = entry;
    if (*length > 2 && !seen.insert(entry).second) continue;
    table(entry);
  }
}

// makeBucketArray: from B = 4 on, overflow buckets are allocated with the array, as many as fit the
// slot.
void MapReader::bucket_array(Kind kind, Address address, unsigned log) {
  auto base = std::uint64_t{1} << log;
  auto count = log >= kPreallocatedFrom ? base + (base >> 4) : base;
  auto bytes = checked_mul(count, storage_.size);
  if (!bytes || !image_.at(address, base * storage_.size))
    return lose("map buckets out of bounds", address);
  if (log >= kPreallocatedFrom)
    count = std::max(count, slot_size_for(layout_, *bytes, storage_.has_pointers) / storage_.size);
  add(kind, address, count, storage_.size, storage_type_);
  overflow_chains(address, base);
}

void MapReader::overflow_chains(Address buckets, std::uint64_t count) {
  auto array = out_.back();
  auto overflow_at = storage_.size - 8;
  for (std::uint64_t i = 0; i < count; i++) {
    auto next = image_.word(buckets + i * storage_.size + overflow_at);
    while (next && *next != 0 && overflow_seen_.insert(*next).second) {
      auto after = image_.word(*next + overflow_at);
      if (!after) {
        lose("map overflow buckets out of bounds", *next);
        break;
      }
      if (*next < array.address || *next - array.address >= array.bytes())
        add(Kind::Overflow, *next, 1, storage_.size, storage_type_);
      next = after;
    }
  }
}

// mapextra: overflow and oldoverflow are *[]*bmap; nextOverflow leads into the bucket array.
void MapReader::extra(Address address) {
  if (!image_.at(address, 24)) return lose("map extras out of bounds", address);
  add(Kind::Extra, address, 1, 24, types_.named("runtime.mapextra"));
  for (auto field : {layout_.mapextra_overflow, layout_.mapextra_oldoverflow}) {
    auto list = image_.word(address + field);
    if (!list || *list == 0) continue;
    auto slice = read_slice(image_, *list);
    if (!slice || slice->cap > kMaxOverflowList)
      lose("map overflow lists out of bounds", *list);
    else {
      auto bucket = types_.named("*runtime.bmap");
      add(Kind::OverflowList, *list, 1, 24, types_.named("[]*runtime.bmap"));
      if (slice->data && slice->cap) add(Kind::OverflowList, slice->data, slice->cap, 8, bucket);
    }
  }
}

void MapReader::classic(Address header) {
  auto log = image_.read<std::uint8_t>(header + layout_.hmap_B);
  auto flags = image_.read<std::uint8_t>(header + layout_.hmap_flags);
  auto buckets = image_.word(header + layout_.hmap_buckets);
  auto old_buckets = image_.word(header + layout_.hmap_oldbuckets);
  auto extra_at = image_.word(header + layout_.hmap_extra);
  if (!log || !flags || !buckets || !old_buckets || !extra_at)
    return lose("map headers that could not be read", header);
  add(Kind::Header, header, 1, layout_.hmap_size);
  if (*buckets == 0) return;
  if (storage_type_ == kUnknownType || storage_.size < 16)
    return lose("maps whose bucket type is unknown", header);
  if (*log > kMaxBucketsLog) return lose("map headers with an impossible size", header);
  bucket_array(Kind::Buckets, *buckets, *log);
  // hmap.noldbuckets.
  if (*old_buckets) {
    unsigned old_log = *flags & kSameSizeGrow || *log == 0 ? *log : *log - 1u;
    bucket_array(Kind::OldBuckets, *old_buckets, old_log);
  }
  if (*extra_at) extra(*extra_at);
}

}  // namespace

void map_storage(const Runtime& runtime, TypeTable& types, Address header, TypeId map_type,
                 std::vector<MapBlock>& out) {
  out.clear();
  MapReader reader(runtime, types, map_type, out);
  if (runtime.layout().swiss_maps())
    reader.swiss(header);
  else
    reader.classic(header);
}

std::optional<std::uint64_t> map_entries(const Runtime& runtime, Address header) {
  const Layout& layout = runtime.layout();
  return runtime.image().word(header +
                              (layout.swiss_maps() ? layout.swissMap_used : layout.hmap_count));
}

std::optional<std::uint64_t> classic_map_slots(const Runtime& runtime, Address header) {
  const Layout& layout = runtime.layout();
  if (layout.swiss_maps()) return std::nullopt;
  auto log = runtime.image().read<std::uint8_t>(header + layout.hmap_B);
  if (!log || *log > kMaxBucketsLog) return std::nullopt;
  return kMapSlots << *log;
}

}  // namespace overhang
