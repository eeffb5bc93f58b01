// abi.Type records forged byte by byte (internal/abi/type.go).
#include "goruntime/rtype.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

namespace overhang {
namespace {

constexpr Address kTypes = 0x10000, kTypesEnd = 0x12000;  // a module's
constexpr Address kHeap = 0x20000;
constexpr std::uint64_t kSize = 0x2000;

// What a record says, in the order of abi.Type.
struct Record {
  std::uint64_t size = 8, pointer_bytes = 8;
  std::uint8_t tflag = 0, align = 8, field_align = 8, kind = 22;
  std::uint64_t gc_data = 0x1234;
  std::int32_t str = 0x1000;
  std::int32_t pointer_to_this = 0;
};

class Rtypes : public testing::Test {
 protected:
  Rtypes() : image_(Architecture::Amd64, {}), types_(kSize), heap_(kSize) {
    image_.add_segment({kTypes, kSize, types_.data(), false, {}});
    image_.add_segment({kHeap, kSize, heap_.data(), true, {}});
    modules_.resize(1);
    modules_[0].types = kTypes;
    modules_[0].etypes = kTypesEnd;
    put_name(kTypes + 0x1000, "*main.T");
    put_name(kTypes + 0x1100, "example.com/x/main");
    put_name(kTypes + 0x1200, "field", 8);
  }
  template <class T>
  void put(Address at, T value) {
    auto& bytes = at >= kHeap ? heap_ : types_;
    std::memcpy(bytes.data() + (at - (at >= kHeap ? kHeap : kTypes)), &value, sizeof value);
  }
  void put_name(Address at, std::string_view text, std::uint8_t flags = 0) {
    put(at, flags);
    put(at + 1, static_cast<std::uint8_t>(text.size()));
    for (std::size_t i = 0; i < text.size(); i++) put(at + 2 + i, text[i]);
  }
  Address put(Address at, const Record& r, std::initializer_list<std::uint64_t> rest = {}) {
    put(at, r.size);
    put(at + 8, r.pointer_bytes);
    put(at + 20, r.tflag);
    put(at + 21, r.align);
    put(at + 22, r.field_align);
    put(at + 23, r.kind);
    put(at + 32, r.gc_data);
    put(at + 40, r.str);
    put(at + 44, r.pointer_to_this);
    Address next = at + 48;
    for (auto word : rest) {
      put(next, word);
      next += 8;
    }
    return at;
  }
  RtypeReader reader(int minor = 26) const {
    return RtypeReader(image_, modules_, minor, minor >= 24);
  }
  std::optional<Rtype> read(Address at, int minor = 26) const { return reader(minor).read(at); }
  // An int, for components.
  Address scalar() { return put(kTypes + 0x80, {.pointer_bytes = 0, .kind = 2}); }

  Image image_;
  std::vector<std::byte> types_, heap_;
  std::vector<Module> modules_;
};

TEST_F(Rtypes, ReadsAPointer) {
  auto type = read(put(kTypes, {.pointer_to_this = 0x300}, {scalar()}));
  ASSERT_TRUE(type);
  EXPECT_EQ(type->kind, GoKind::Pointer);
  EXPECT_EQ(type->elem, scalar());
  EXPECT_EQ(type->text, "*main.T");
  EXPECT_TRUE(type->complete);
  EXPECT_EQ(reader().pointer_type(kTypes), kTypes + 0x300);
}

TEST_F(Rtypes, ReadsAStructWithItsPath) {
  put(kTypes, {.size = 24, .pointer_bytes = 8, .tflag = 1 | 2 | 4, .kind = 25},
      {0, kTypes + 0x400, 2, 2, /* uncommon */ 0x1100});
  auto pointer = put(kTypes + 0x200, Record{}, {scalar()});
  for (auto [at, type, offset] : {std::tuple{0x400, pointer, 0}, {0x418, scalar(), 16}}) {
    put(kTypes + at, std::uint64_t{kTypes + 0x1200});
    put(kTypes + at + 8, std::uint64_t{type});
    put(kTypes + at + 16, static_cast<std::uint64_t>(offset));
  }
  auto type = read(kTypes);
  ASSERT_TRUE(type);
  EXPECT_EQ(type->text, "main.T");  // TFlagExtraStar
  EXPECT_EQ(type->package_path, "example.com/x/main");
  ASSERT_EQ(type->fields.size(), 2u);
  EXPECT_EQ(type->fields[1].name, "field");
  EXPECT_EQ(type->fields[1].offset, 16u);
  EXPECT_TRUE(type->fields[1].embedded);

  // The second field before the end of the first, then past the struct's end.
  for (std::uint64_t offset : {4, 17, -8}) {
    put(kTypes + 0x418 + 16, offset);
    EXPECT_FALSE(read(kTypes)->complete) << offset;
    EXPECT_TRUE(read(kTypes)->fields.empty());
  }
}

TEST_F(Rtypes, RefusesFieldsThatAreNotThere) {
  for (std::uint64_t count : {std::uint64_t{1} << 60, std::uint64_t{1} << 19, std::uint64_t{3}}) {
    put(kTypes, {.size = 24, .pointer_bytes = 8, .kind = 25}, {0, kTypes + 0x400, count, count});
    ASSERT_TRUE(read(kTypes));
    EXPECT_FALSE(read(kTypes)->complete);
  }
}

TEST_F(Rtypes, RefusesWhatContradictsItself) {
  const std::map<std::string, Record> records{
      {"no kind", {.kind = 0}},
      {"kind past the last", {.kind = 27}},
      {"a pointer of 16 bytes", {.size = 16}},
      {"an int with pointers", {.pointer_bytes = 8, .kind = 2}},
      {"more pointers than bytes", {.size = 8, .pointer_bytes = 16, .kind = 25}},
      {"half a pointer", {.size = 8, .pointer_bytes = 4, .kind = 25}},
      {"a size beyond memory", {.size = std::uint64_t{1} << 50, .kind = 25}},
      {"no alignment", {.align = 0}},
      {"alignment 3", {.align = 3}},
      {"a name before the types", {.str = -5}},
      {"a name after the types", {.str = 0x2000}},
  };
  for (const auto& [why, record] : records) {
    put(kTypes, record, {scalar()});
    EXPECT_FALSE(read(kTypes)) << why;
    EXPECT_FALSE(reader().plausible(kTypes)) << why;
  }
  EXPECT_FALSE(read(kTypes + 4));
  EXPECT_FALSE(read(kTypes + kSize - 40));
  EXPECT_FALSE(read(0));
}

TEST_F(Rtypes, RefusesNamesThatDoNotEnd) {
  for (int i = 0; i < 16; i++) put(kTypes + 0x1000 + i, std::uint8_t{0xFF});
  put(kTypes, Record{}, {scalar()});
  EXPECT_FALSE(read(kTypes));
  put(kTypes + 0x1001, std::uint32_t{0x00FFFFFF});  // longer than the section
  EXPECT_FALSE(read(kTypes));
}

TEST_F(Rtypes, RefusesArraysWhoseSizeIsNotTheirElements) {
  Record array{.size = 80, .pointer_bytes = 0, .kind = 17};
  put(kTypes, array, {scalar(), 0, 10});
  EXPECT_TRUE(read(kTypes)->complete);
  EXPECT_EQ(read(kTypes)->count, 10u);
  put(kTypes, array, {scalar(), 0, 11});
  EXPECT_FALSE(read(kTypes)->complete);
  put(kTypes, array, {scalar(), 0, (std::uint64_t{1} << 61) + 10});
  EXPECT_FALSE(read(kTypes)->complete);
  put(kTypes, array, {kTypes + 0x700, 0, 10});
  EXPECT_FALSE(read(kTypes)->complete);
}

TEST_F(Rtypes, MadeAtRunTimeHaveNegativeNames) {
  put(kHeap, {.str = 5}, {scalar()});
  EXPECT_FALSE(read(kHeap));
  put(kHeap, {.str = -5}, {scalar()});
  ASSERT_TRUE(read(kHeap));
  EXPECT_EQ(read(kHeap)->text, "");
  // reflect.bucketOf: a struct's head and nothing after it.
  put(kHeap, {.size = 208, .pointer_bytes = 208, .field_align = 0, .kind = 25, .str = -5});
  EXPECT_FALSE(read(kHeap)->complete);
}

// Kind_ and TFlag bits moved between releases.
TEST_F(Rtypes, ReadFlagsAsTheReleaseHasThem) {
  struct Case {
    int minor;
    std::uint8_t kind_bits, tflag;
    bool direct, static_mask;
  };
  for (auto c :
       {Case{22, 32, 0, true, true}, Case{22, 0, 32, false, true}, Case{22, 64, 0, false, false},
        Case{23, 0, 16, false, true}, Case{24, 0, 16, false, false}, Case{25, 32, 0, true, true},
        Case{26, 32, 0, false, true}, Case{26, 0, 32, true, true}, Case{26, 0, 16, false, false}}) {
    put(kTypes, {.tflag = c.tflag, .kind = static_cast<std::uint8_t>(22 | c.kind_bits)},
        {scalar()});
    auto type = read(kTypes, c.minor);
    ASSERT_TRUE(type);
    EXPECT_EQ(type->direct_interface, c.direct) << c.minor;
    EXPECT_EQ(type->has_static_mask, c.static_mask) << c.minor;
  }
}

TEST_F(Rtypes, ReadMapsOfBothKinds) {
  auto group = put(kTypes + 0x300, {.size = 200, .pointer_bytes = 200, .kind = 25}, {0, 0, 0, 0});
  put(kTypes, {.kind = 21}, {scalar(), scalar(), group, 0, 200, 24, 8, 8});
  EXPECT_FALSE(read(kTypes, 24)->map_indirect_key);
  EXPECT_TRUE(read(kTypes, 24)->map_indirect_elem);
  EXPECT_EQ(read(kTypes, 24)->map_storage, group);
  put(kTypes, {.kind = 21}, {scalar(), scalar(), group, 0, std::uint64_t{1} << 32});
  EXPECT_TRUE(read(kTypes, 23)->map_indirect_key);
  EXPECT_FALSE(read(kTypes, 23)->map_indirect_elem);
}

TEST_F(Rtypes, ItabsLeadToTheirType) {
  auto interface = put(kTypes + 0x300, {.size = 16, .pointer_bytes = 16, .kind = 20}, {0, 0, 1, 1});
  put(kHeap, std::uint64_t{interface});
  put(kHeap + 8, std::uint64_t{scalar()});
  EXPECT_EQ(reader().itab_type(kHeap), scalar());
  put(kHeap, std::uint64_t{scalar()});
  EXPECT_EQ(reader().itab_type(kHeap), std::nullopt);
  EXPECT_EQ(reader().itab_type(kHeap + kSize - 8), std::nullopt);
  EXPECT_EQ(reader().itab_type(kHeap + 1), std::nullopt);
}

}  // namespace
}  // namespace overhang
