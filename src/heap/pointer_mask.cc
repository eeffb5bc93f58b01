#include "heap/pointer_mask.h"

#include <algorithm>

#include "base/checked.h"

namespace overhang {
namespace {

constexpr std::uint64_t kMaxTypeSize = std::uint64_t{1} << 48;
constexpr std::uint64_t kWordsPerMaskWord = 64;

// The header of an abi.Type.
struct TypeHeader {
  std::uint64_t size = 0;
  std::uint64_t ptr_bytes = 0;
  std::uint8_t tflag = 0;
  std::uint8_t kind = 0;
  Address gcdata = 0;
};

// A part of a value whose pointer words are still to be written.
struct Part {
  Address type = 0;
  std::uint64_t offset = 0;  // bytes from the value's start
};

std::uint64_t mask_bytes(std::uint64_t ptr_bytes) { return align_up((ptr_bytes / 8 + 7) / 8, 8); }

// Reads types, and builds masks as the program would (type.go: getGCMaskOnDemand, buildGCMask).
class MaskBuilder {
 public:
  explicit MaskBuilder(const Runtime& runtime)
      : runtime_(runtime), image_(runtime.image()), layout_(runtime.layout()) {}

  std::optional<TypeHeader> header(Address type) const;
  bool on_demand(const TypeHeader& t) const {
    return layout_.has(layout_.tflagGCMaskOnDemand) && (t.tflag & layout_.tflagGCMaskOnDemand);
  }
  // The mask that the program has built for an on-demand type; 0: none yet.
  Address built_mask(const TypeHeader& t) const;
  // Writes the pointer words of the type into `bits`, which holds `words` bits.
  bool build(Address type, std::uint64_t* bits, std::uint64_t words);

 private:
  // Bounds the work on types that no compiler made. Every step of a true type writes a pointer word
  // or goes into one of its at most `words` parts.
  bool spend(std::uint64_t steps) {
    if (budget_ < steps) return false;
    budget_ -= steps;
    return true;
  }
  bool copy_mask(const TypeHeader& t, std::uint64_t offset);
  bool push_elements(Address type, const TypeHeader& t, std::uint64_t offset);
  bool push_fields(Address type, std::uint64_t offset);

  const Runtime& runtime_;
  const Image& image_;
  const Layout& layout_;
  std::uint64_t* bits_ = nullptr;
  std::uint64_t words_ = 0;
  std::uint64_t budget_ = 0;
  std::vector<Part> parts_;
};

std::optional<TypeHeader> MaskBuilder::header(Address type) const {
  auto bytes = image_.bytes(type, static_cast<std::uint64_t>(layout_.abiType_size_of));
  if (!bytes) return std::nullopt;
  TypeHeader t;
  t.size = load_unchecked<std::uint64_t>(bytes->data() + layout_.abiType_size);
  t.ptr_bytes = load_unchecked<std::uint64_t>(bytes->data() + layout_.abiType_ptrBytes);
  t.tflag = load_unchecked<std::uint8_t>(bytes->data() + layout_.abiType_tflag);
  t.kind = load_unchecked<std::uint8_t>(bytes->data() + layout_.abiType_kind);
  t.gcdata = load_unchecked<std::uint64_t>(bytes->data() + layout_.abiType_gcdata);
  bool sane = t.size != 0 && t.size <= kMaxTypeSize && t.ptr_bytes <= t.size && t.size % 8 == 0 &&
              t.ptr_bytes % 8 == 0;
  // An object's own type never has a program: mallocgc unrolls it into a dummy type.
  if (layout_.has(layout_.kindGCProg) && (t.kind & layout_.kindGCProg)) sane = false;
  if (!sane) return std::nullopt;
  if (layout_.has(layout_.kindMask)) t.kind &= static_cast<std::uint8_t>(layout_.kindMask);
  return t;
}

Address MaskBuilder::built_mask(const TypeHeader& t) const {
  auto mask = image_.word(t.gcdata).value_or(0);
  // runtime.inProgress, a variable, stands here while some thread builds the mask.
  for (auto& module : runtime_.modules())
    if (mask >= module.noptrbss && mask < module.enoptrbss) return 0;
  return mask;
}

bool MaskBuilder::build(Address type, std::uint64_t* bits, std::uint64_t words) {
  bits_ = bits;
  words_ = words;
  budget_ = 4 * words + 1024;
  parts_.assign(1, {type, 0});
  while (!parts_.empty()) {
    auto part = parts_.back();
    parts_.pop_back();
    auto t = header(part.type);
    if (!t || !spend(1)) return false;
    if (t->ptr_bytes == 0) continue;
    bool ok = false;
    if (!on_demand(*t))
      ok = copy_mask(*t, part.offset);
    else if (t->kind == layout_.kindArray)
      ok = push_elements(part.type, *t, part.offset);
    else if (t->kind == layout_.kindStruct)
      ok = push_fields(part.type, part.offset);
    if (!ok) return false;
  }
  return true;
}

bool MaskBuilder::copy_mask(const TypeHeader& t, std::uint64_t offset) {
  auto count = t.ptr_bytes / 8;
  auto first = offset / 8;
  auto* mask = image_.at(t.gcdata, (count + 7) / 8);
  if (!mask || first > words_ || words_ - first < count || !spend(count)) return false;
  for (std::uint64_t i = 0; i < count; i++)
    if (static_cast<unsigned>(mask[i / 8]) >> (i % 8) & 1)
      bits_[(first + i) / 64] |= std::uint64_t{1} << ((first + i) % 64);
  return true;
}

bool MaskBuilder::push_elements(Address type, const TypeHeader& t, std::uint64_t offset) {
  auto elem = image_.word(type + static_cast<std::uint64_t>(layout_.abiArrayType_elem));
  auto len = image_.word(type + static_cast<std::uint64_t>(layout_.abiArrayType_len));
  auto elem_header = elem ? header(*elem) : std::nullopt;
  if (!elem_header || !len || *len > t.size / elem_header->size || !spend(*len)) return false;
  for (std::uint64_t i = 0; i < *len; i++)
    parts_.push_back({*elem, offset + i * elem_header->size});
  return true;
}

bool MaskBuilder::push_fields(Address type, std::uint64_t offset) {
  auto fields = read_slice(image_, type + static_cast<std::uint64_t>(layout_.abiStructType_fields));
  auto stride = static_cast<std::uint64_t>(layout_.abiStructField_size);
  if (!fields || !spend(fields->len)) return false;
  auto bytes = image_.bytes(fields->data, fields->len * stride);
  if (!bytes) return false;
  for (std::uint64_t i = 0; i < fields->len; i++) {
    auto* field = bytes->data() + i * stride;
    auto field_type = load_unchecked<std::uint64_t>(field + layout_.abiStructField_typ);
    auto field_offset = load_unchecked<std::uint64_t>(field + layout_.abiStructField_offset);
    auto pointers = image_.word(field_type + static_cast<std::uint64_t>(layout_.abiType_ptrBytes));
    if (!pointers || field_offset > kMaxTypeSize) return false;
    // Pointer-free fields may have any size and offset.
    if (*pointers) parts_.push_back({field_type, offset + field_offset});
  }
  return true;
}

// Types whose size divides 512 bytes tile a mask word evenly: store the tiled word, so that slices
// of pointers and of small structs are scanned 64 words at a time.
void widen(PointerMask& mask) {
  constexpr std::uint64_t kBytes = 8 * kWordsPerMaskWord;
  if (mask.ptr_bytes == 0 || mask.size >= kBytes || kBytes % mask.size != 0) return;
  auto pattern = mask.first;
  for (auto at = mask.size; at < kBytes; at += mask.size) mask.first |= pattern << (at / 8);
  mask.ptr_bytes += kBytes - mask.size;
  mask.size = kBytes;
}

}  // namespace

PointerMasks::PointerMasks(const Runtime& runtime, std::uint64_t build_bytes)
    : runtime_(runtime), build_bytes_(build_bytes) {
  tables_.push_back(std::make_unique<Table>(1024));
  table_.store(tables_.back().get());
  masks_.push_back(std::make_unique<PointerMask>());
  insert(*tables_.back(), 0, masks_.back().get());
  used_ = 1;
}

PointerMasks::~PointerMasks() = default;

void PointerMasks::insert(Table& table, Address type, const PointerMask* mask) {
  auto i = hash(type) & table.index_mask;
  while (table.slots[i].type.load(std::memory_order_relaxed) != kFree)
    i = (i + 1) & table.index_mask;
  table.slots[i].mask = mask;
  table.slots[i].type.store(type, std::memory_order_release);
}

const PointerMask& PointerMasks::add(Address type) const {
  if (type == kFree) return *masks_.front();
  std::lock_guard lock(mutex_);
  auto* table = table_.load(std::memory_order_relaxed);
  for (auto i = hash(type);; i++) {
    auto& slot = table->slots[i & table->index_mask];
    auto key = slot.type.load(std::memory_order_relaxed);
    if (key == type) return *slot.mask;  // another thread was first
    if (key == kFree) break;
  }
  auto mask = decode(type);
  if (!mask)
    runtime_.diagnostics().lose("type of heap objects unreadable (abi.Type)",
                                fmt::format("{:#x}", type));
  masks_.push_back(std::make_unique<PointerMask>(mask.value_or(PointerMask{})));
  if (++used_ * 2 > table->slots.size()) {
    auto larger = std::make_unique<Table>(table->slots.size() * 4);
    for (auto& slot : table->slots)
      if (auto key = slot.type.load(std::memory_order_relaxed); key != kFree)
        insert(*larger, key, slot.mask);
    table = larger.get();
    tables_.push_back(std::move(larger));
  }
  insert(*table, type, masks_.back().get());
  table_.store(table, std::memory_order_release);
  return *masks_.back();
}

std::optional<PointerMask> PointerMasks::decode(Address type) const {
  MaskBuilder builder(runtime_);
  auto t = builder.header(type);
  if (!t) return std::nullopt;
  PointerMask mask;
  mask.size = t->size;
  mask.ptr_bytes = t->ptr_bytes;
  if (mask.ptr_bytes == 0) return mask;
  auto need = mask_bytes(t->ptr_bytes);
  auto gcdata = builder.on_demand(*t) ? builder.built_mask(*t) : t->gcdata;
  // The compiler pads masks to whole words; a shorter one at the end of a segment is copied.
  auto* bits = gcdata ? runtime_.image().at(gcdata, need) : nullptr;
  if (!bits) {
    if (need > build_bytes_) return std::nullopt;
    build_bytes_ -= need;
    built_.push_back(std::make_unique<std::uint64_t[]>(need / 8));
    auto words = t->ptr_bytes / 8;
    auto exact = (words + 7) / 8;
    if (auto* unpadded = gcdata ? runtime_.image().at(gcdata, exact) : nullptr)
      std::memcpy(built_.back().get(), unpadded, exact);
    else if (!builder.on_demand(*t) || !builder.build(type, built_.back().get(), words))
      return std::nullopt;
    bits = reinterpret_cast<const std::byte*>(built_.back().get());
  }
  mask.first = load_unchecked<std::uint64_t>(bits);
  auto words = mask.ptr_bytes / 8;
  if (words < kWordsPerMaskWord) mask.first &= (std::uint64_t{1} << words) - 1;
  if (words > kWordsPerMaskWord) mask.bits = bits;
  widen(mask);
  return mask;
}

}  // namespace overhang
