// The type table against what real programs say of themselves by reflect and unsafe (see
// types_subject.h), for every toolchain at hand.
#include "goruntime/types.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "binary/dwarf.h"
#include "goruntime/channels.h"
#include "goruntime/maps.h"
#include "goruntime/type_names.h"
#include "unit/goruntime/go_core.h"
#include "unit/goruntime/types_subject.h"

namespace overhang {
namespace {

using Row = std::vector<std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) out.push_back(part);
  return out;
}

std::uint64_t hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

std::string source_for(int minor) {
  std::string source(test::kTypesSubject);
  auto put = [&](const std::string& mark, const char* text) {
    auto at = source.find(mark);
    ASSERT_NE(at, std::string::npos) << mark;
    source.replace(at, mark.size(), text);
  };
  put("//IMPORT slog", minor >= 21 ? "\"log/slog\"" : "");
  // A map just begun to grow: at an average load of 6.5, of 6 in Go 1.21 (map.go: loadFactorNum).
  put("GROWING", minor == 21 ? "98" : "106");
  put("/*slog*/", minor >= 21 ? "of[slog.Record]()," : "");
  return source;
}

// One core for all tests of a toolchain: building and dumping take seconds.
struct Subject {
  std::unique_ptr<test::GoCore> core;
  std::unique_ptr<Dwarf> dwarf;
  std::multimap<std::string, Row> rows;  // by the first column

  static Subject* of(const std::string& toolchain) {
    static std::map<std::string, std::unique_ptr<Subject>> made;
    auto& subject = made[toolchain];
    if (subject) return subject.get();
    subject = std::make_unique<Subject>();
    subject->core = test::GoCore::of(source_for(std::stoi(toolchain.substr(4))), toolchain);
    if (!subject->core) return subject.get();
    subject->dwarf = std::move(*Dwarf::open(*subject->core->file));
    for (const auto& line : split(subject->core->output, '\n')) {
      auto row = split(line, '\t');
      subject->rows.emplace(row[0], row);
    }
    return subject.get();
  }
  std::vector<Row> all(const std::string& kind) const {
    std::vector<Row> out;
    for (auto [at, end] = rows.equal_range(kind); at != end; ++at) out.push_back(at->second);
    return out;
  }
};

class Types : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    subject_ = Subject::of(GetParam());
    if (!subject_->core) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
    types_ = std::make_unique<TypeTable>(runtime(), subject_->dwarf.get());
  }
  const Runtime& runtime() const { return *subject_->core->runtime; }
  const Image& image() const { return *subject_->core->image; }
  bool swiss() const { return runtime().layout().swiss_maps(); }
  Row row(const std::string& kind, const std::string& name) const {
    for (auto& r : subject_->all(kind))
      if (r.at(1) == name) return r;
    ADD_FAILURE() << "the subject did not say " << kind << " " << name;
    return {};
  }
  TypeId global(const std::string& name, Address* address = nullptr) {
    for (const auto& g : subject_->dwarf->globals())
      if (g.name == name) {
        if (address) *address = g.address + runtime().load_bias();
        return types_->from_dwarf(g.type);
      }
    ADD_FAILURE() << "no global " << name;
    return kUnknownType;
  }
  const TypeInfo& info(TypeId id) const { return types_->info(id); }
  // Warnings that begin with "types": what the table could not make out.
  std::vector<std::string> losses() const {
    std::vector<std::string> out;
    for (auto& warning : runtime().diagnostics().warnings())
      if (warning.starts_with("types")) out.push_back(warning);
    return out;
  }

  Subject* subject_ = nullptr;
  std::unique_ptr<TypeTable> types_;
};

// Calls visit(step, offset) for each place of a program.
template <class Visit>
void unroll(std::span<const ScanStep> steps, std::uint64_t base, const Visit& visit) {
  for (std::size_t i = 0; i < steps.size(); i++) {
    if (steps[i].kind != ScanStep::Kind::Repeat) {
      visit(steps[i], base + steps[i].offset);
      continue;
    }
    for (std::uint64_t k = 0; k < steps[i].count; k++)
      unroll(steps.subspan(i + 1, steps[i].steps), base + steps[i].offset + k * steps[i].stride,
             visit);
    i += steps[i].steps;
  }
}

struct Words {
  std::uint64_t count = 0, sum = 0;
  bool operator==(const Words&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Words& words) {
  return out << words.count << " words, sum " << words.sum;
}

Words words_of(std::span<const ScanStep> program) {
  Words out;
  unroll(program, 0, [&](const ScanStep& step, std::uint64_t offset) {
    bool interface =
        step.kind == ScanStep::Kind::Interface || step.kind == ScanStep::Kind::EmptyInterface;
    out.count++;
    out.sum += offset / 8 + interface;
  });
  return out;
}

Words words_of(const std::vector<std::uint64_t>& mask) {
  Words out;
  for (std::uint64_t i = 0; i < mask.size() * 64; i++)
    if (mask[i / 64] >> (i % 64) & 1) {
      out.count++;
      out.sum += i;
    }
  return out;
}

TypeKind kind_of(int go_kind, int methods) {
  switch (go_kind) {
    case 17:
      return TypeKind::Array;
    case 18:
      return TypeKind::Chan;
    case 19:
      return TypeKind::Func;
    case 20:
      return methods ? TypeKind::Interface : TypeKind::EmptyInterface;
    case 21:
      return TypeKind::Map;
    case 22:
      return TypeKind::Pointer;
    case 23:
      return TypeKind::Slice;
    case 24:
      return TypeKind::String;
    case 25:
      return TypeKind::Struct;
    case 26:
      return TypeKind::UnsafePointer;
    default:
      return TypeKind::Scalar;
  }
}

TEST_P(Types, AreWhatReflectSays) {
  auto rows = subject_->all("T");
  EXPECT_GT(rows.size(), 240u);
  for (const auto& r : rows) {
    SCOPED_TRACE(r[2]);
    auto id = types_->from_rtype(hex(r[1]));
    ASSERT_NE(id, kUnknownType);
    EXPECT_EQ(types_->from_rtype(hex(r[1])), id);
    const auto& type = info(id);
    EXPECT_EQ(type.name, short_type_name(r[2]));
    EXPECT_EQ(type.rtype, hex(r[1]));
    EXPECT_EQ(type.kind, kind_of(std::stoi(r[3]), std::stoi(r[8])));
    EXPECT_EQ(type.size, std::stoull(r[4]));
    EXPECT_EQ(info(type.elem).rtype, hex(r[5]));
    EXPECT_EQ(info(type.key).rtype, hex(r[6]));
    EXPECT_EQ(type.count, std::stoull(r[7]));
    EXPECT_EQ(type.direct_interface, r[9] == "1");
    auto fields = split(r.size() > 12 ? r[12] : "", ';');
    ASSERT_EQ(type.fields.size(), fields.size());
    for (std::size_t i = 0; i < fields.size(); i++) {
      auto field = split(fields[i], ':');
      EXPECT_EQ(type.fields[i].name, field[0]);
      EXPECT_EQ(type.fields[i].offset, std::stoull(field[1]));
      EXPECT_EQ(info(type.fields[i].type).rtype, hex(field[2]));
      EXPECT_EQ(type.fields[i].embedded, field[3] == "true");
    }
  }
}

TEST_P(Types, ProgramsAndMasksNameTheWordsOfTheStructure) {
  for (const auto& r : subject_->all("T")) {
    SCOPED_TRACE(r[2]);
    auto id = types_->from_rtype(hex(r[1]));
    Words expected{std::stoull(r[10]), std::stoull(r[11])};
    EXPECT_EQ(info(id).has_pointers, expected.count != 0);
    EXPECT_EQ(words_of(types_->program(id)), expected);
    EXPECT_EQ(words_of(types_->pointer_mask(id)), expected);
    std::uint64_t last = 0;
    unroll(types_->program(id), 0, [&](const ScanStep&, std::uint64_t offset) {
      EXPECT_TRUE(offset >= last);
      last = offset;
    });
  }
  EXPECT_EQ(losses(), std::vector<std::string>{});
}

// program() compares with GCData, which the compiler made: over every unnamed type of the binary,
// and all that they lead to, nothing may differ.
TEST_P(Types, AgreeWithTheCompilersMasksOverTheWholeBinary) {
  const auto& module = runtime().modules().front();
  for (std::uint64_t i = 0; i < module.typelinks.len; i++) {
    auto offset = image().read<std::int32_t>(module.typelinks.data + i * 4);
    ASSERT_TRUE(offset);
    EXPECT_NE(types_->from_rtype(module.types + *offset), kUnknownType);
  }
  // Since Go 1.27 the binary does not list them.
  if (module.typelinks.len == 0) EXPECT_GT(types_->all().size(), 1000u);
  std::size_t with_fields = 0;
  for (std::uint32_t i = 1; i < types_->size(); i++) {
    with_fields += !info(TypeId(i)).fields.empty();
    types_->program(TypeId(i));
  }
  EXPECT_GT(types_->size(), 2000u);
  EXPECT_GT(with_fields, 500u);
  EXPECT_EQ(losses(), std::vector<std::string>{});
}

TEST_P(Types, AreNotWhereNoTypeIs) {
  const auto& module = runtime().modules().front();
  EXPECT_EQ(types_->from_rtype(0), kUnknownType);
  EXPECT_EQ(types_->from_rtype(module.text), kUnknownType);
  EXPECT_EQ(types_->from_rtype(module.etypes), kUnknownType);
  EXPECT_EQ(types_->from_rtype(hex(subject_->all("T")[0][1]) + 8), kUnknownType);
  EXPECT_EQ(types_->from_rtype(~std::uint64_t{7}), kUnknownType);
  EXPECT_EQ(types_->from_itab(module.text), kUnknownType);
  EXPECT_EQ(types_->from_dwarf(~std::uint64_t{0}), kUnknownType);
  EXPECT_TRUE(types_->program(TypeId(0xFFFFFF)).empty());
}

TEST_P(Types, OfGlobalsAreTheirAbiTypes) {
  for (const auto& r : subject_->all("G")) {
    SCOPED_TRACE(r[1]);
    EXPECT_EQ(global(r[1]), types_->from_rtype(hex(r[2])));
  }
  EXPECT_EQ(info(global("main.ringOfURLs")).name, "main.Ring[url.URL]");
  EXPECT_EQ(types_->named("main.Ring[net/url.URL]"), global("main.ringOfURLs"));
  EXPECT_EQ(types_->named("main.Ring[url.URL]"), global("main.ringOfURLs"));
  EXPECT_EQ(info(types_->named("net/http.Request")).name, "http.Request");
  EXPECT_EQ(types_->named("*net/http.Request"), types_->named("*http.Request"));
  EXPECT_EQ(info(types_->named("*http.Request")).elem, types_->named("net/http.Request"));
  EXPECT_EQ(types_->named("other/http.Request"), kUnknownType);
  EXPECT_EQ(types_->named("main.noSuchType"), kUnknownType);
}

TEST_P(Types, OfDwarfAloneAreWholeAndLeadBackToAbiTypes) {
  auto r = row("D", "main.lonely");
  auto id = global("main.lonely");
  const auto& type = info(id);
  EXPECT_EQ(type.rtype, 0u) << "the subject was to keep this type out of the binary's types";
  EXPECT_EQ(type.name, "main.onlyInDwarf");
  EXPECT_EQ(type.kind, TypeKind::Struct);
  EXPECT_EQ(type.size, std::stoull(r[2]));
  std::map<std::string, const TypeInfo*> fields;
  std::string layout;
  for (const auto& field : type.fields) {
    fields[field.name] = &info(field.type);
    layout += field.name + ":" + std::to_string(field.offset) + ";";
  }
  EXPECT_EQ(layout, r[3]);
  const std::map<std::string, TypeKind> kinds{
      {"count", TypeKind::Scalar},     {"p", TypeKind::Pointer},   {"s", TypeKind::Slice},
      {"text", TypeKind::String},      {"m", TypeKind::Map},       {"f", TypeKind::Func},
      {"e", TypeKind::EmptyInterface}, {"r", TypeKind::Interface}, {"c", TypeKind::Chan},
      {"a", TypeKind::Array},          {"in", TypeKind::Struct},   {"u", TypeKind::UnsafePointer},
      {"self", TypeKind::Pointer}};
  for (const auto& [name, kind] : kinds) EXPECT_EQ(fields.at(name)->kind, kind) << name;
  EXPECT_EQ(fields.at("a")->count, 7u);
  EXPECT_EQ(fields.at("self")->elem, id);
  auto node = types_->named("main.node");
  EXPECT_NE(info(node).rtype, 0u);
  EXPECT_EQ(fields.at("c")->elem, types_->named("*main.node"));
  // By hand, from the offsets: p 1, s 2, text 5, m 7, f 8, e 10, r 12, c 13, a 14…20, in.q 22, u
  // 23, self 24.
  std::vector<std::uint64_t> mask{0b1'1101'1111'1111'0101'1010'0110};
  EXPECT_EQ(types_->pointer_mask(id), mask);
}

// Fields that the standard library declares as unsafe.Pointer.
TEST_P(Types, SeeThroughTheRuntimesCasts) {
  auto only_step = [&](TypeId id) {
    auto program = types_->program(id);
    EXPECT_EQ(program.size(), 1u);
    return program.empty() ? ScanStep{ScanStep::Kind::Repeat} : program[0];
  };
  auto atomic = only_step(global("main.theAtomic"));
  EXPECT_EQ(atomic.kind, ScanStep::Kind::Pointer);
  EXPECT_EQ(info(atomic.target).name, "main.node");

  auto timer = only_step(global("main.theTimer"));
  EXPECT_EQ(timer.kind, ScanStep::Kind::Pointer);
  EXPECT_EQ(info(timer.target).name,
            runtime().version().minor >= 23 ? "runtime.timeTimer" : "time.Timer");

  Address pool = 0;
  auto pool_program = types_->program(global("main.thePool", &pool));
  ASSERT_GE(pool_program.size(), 3u);
  EXPECT_EQ(pool_program[0].kind, ScanStep::Kind::PoolLocals);
  EXPECT_EQ(info(pool_program[0].target).name, "sync.poolLocal");
  EXPECT_EQ(image().word(pool + pool_program[0].offset + 8), std::stoull(row("V", "procs")[2]));
  EXPECT_EQ(pool_program[1].kind, ScanStep::Kind::PoolLocals);
  auto slot = types_->program(types_->named("sync.eface"));
  ASSERT_EQ(slot.size(), 2u);
  EXPECT_EQ(slot[0].kind, ScanStep::Kind::UnsafePointer);
  EXPECT_EQ(slot[1].kind, ScanStep::Kind::EmptyInterface);
}

// Types that no compiler makes, in memory that the subject does not have: each as reflect would
// leave it in the heap, without a mask.
TEST_P(Types, OfHostileMemoryComeToAnEnd) {
  constexpr Address kBase = 0x10000000000 - 0x200000;
  constexpr std::uint64_t kSize = 0x200000;
  static std::vector<std::uint64_t> memory(kSize / 8);
  subject_->core->image->add_segment(
      {kBase, kSize, reinterpret_cast<std::byte*>(memory.data()), true, {}});
  auto put = [](Address at, std::initializer_list<std::uint64_t> words) {
    std::copy(words.begin(), words.end(), memory.begin() + (at - kBase) / 8);
  };
  auto head = [&](Address at, std::uint64_t kind, std::uint64_t size) {
    // size, pointer bytes, hash; tflag, align, field align, kind, equal, gc data, str -1.
    put(at, {size, size, kind << 56 | 8ull << 48 | 8ull << 40, 0, 0, 0xFFFFFFFF});
  };
  auto structure = [&](Address at, std::uint64_t size, Address field_type, std::uint64_t offset) {
    head(at, 25, size);
    put(at + 48, {0, at + 80, 1, 1, at + 112, field_type, offset, 0x0041'0100});
  };
  // A struct that is its own only field.
  structure(kBase, 8, kBase, 0);
  EXPECT_TRUE(types_->program(types_->from_rtype(kBase)).empty());
  // Structs within structs, 5000 deep, around a pointer to the outermost.
  constexpr std::uint64_t kDeep = 5000, kStride = 160;
  auto deep = kBase + 0x1000;
  for (std::uint64_t i = 0; i < kDeep; i++)
    structure(deep + i * kStride, 8, deep + (i + 1) * kStride, 0);
  head(deep + kDeep * kStride, 22, 8);
  put(deep + kDeep * kStride + 48, {deep});
  EXPECT_TRUE(types_->program(types_->from_rtype(deep)).empty());
  EXPECT_EQ(types_->program(types_->from_rtype(deep + (kDeep - 100) * kStride)).size(), 1u);
  // Pointers to pointers to …, which have names.
  auto chain = kBase + 0x100000;
  for (std::uint64_t i = 0; i < 5000; i++) {
    head(chain + i * 64, 22, 8);
    put(chain + i * 64 + 48, {chain + (i + 1) % 5000 * 64});
  }
  EXPECT_LT(info(types_->from_rtype(chain)).name.size(), 100u);
  EXPECT_EQ(info(types_->from_rtype(chain)).kind, TypeKind::Pointer);
  // An array of 64 TiB of pointers.
  auto array = kBase + 0x180000;
  head(array, 17, 1ull << 46);
  put(array + 48, {chain, 0, 1ull << 43});
  auto id = types_->from_rtype(array);
  ASSERT_EQ(types_->program(id).size(), 2u);
  EXPECT_EQ(types_->program(id)[0].count, 1ull << 43);
  EXPECT_TRUE(types_->pointer_mask(id).empty());
  EXPECT_EQ(losses().size(), 1u) << "the deep ones";
}

// Follows typed pointers alone, from a global; counts the objects of each type.
class Walk {
 public:
  Walk(const Image& image, TypeTable& types) : image_(image), types_(types) {}
  void value(TypeId type, Address address) {
    queue_.push_back({type, address});
    while (!queue_.empty()) {
      auto [t, at] = queue_.back();
      queue_.pop_back();
      if (!seen_.insert({t, at}).second || seen_.size() > 100000) continue;
      counts[types_.info(t).name]++;
      unroll(types_.program(t), 0, [&, at = at](const ScanStep& step, std::uint64_t offset) {
        auto target = image_.word(at + offset).value_or(0);
        if (!target) return;
        if (step.kind == ScanStep::Kind::Pointer)
          queue_.push_back({step.target, target});
        else if (step.kind == ScanStep::Kind::SyncMapNode)
          queue_.push_back(
              {types_.sync_map_node_target(step.target, *image_.read<std::uint8_t>(target) != 0),
               target});
        else if (step.kind == ScanStep::Kind::UnsafePointer)
          counts["unsafe"]++;
      });
    }
  }
  std::map<std::string, std::uint64_t> counts;

 private:
  const Image& image_;
  TypeTable& types_;
  std::vector<std::pair<TypeId, Address>> queue_;
  std::set<std::pair<TypeId, Address>> seen_;
};

TEST_P(Types, LeadThroughSyncMapToEveryEntry) {
  Address address = 0;
  auto id = global("main.theSyncMap", &address);
  Walk walk(image(), *types_);
  walk.value(id, address);
  // Go 1.19 keeps what is read-only in an atomic.Value, an interface, which Walk does not follow.
  if (runtime().version().minor == 19) GTEST_SKIP() << "sync.Map is an interface in Go 1.19";
  EXPECT_EQ(walk.counts["unsafe"], 0u);
  EXPECT_EQ(walk.counts["unknown type"], 0u);
  if (runtime().version().minor >= 24) {
    EXPECT_EQ(walk.counts["sync.entry[interface {},interface {}]"], 500u);
    EXPECT_GT(walk.counts["sync.indirect[interface {},interface {}]"], 10u);
  } else {
    EXPECT_EQ(walk.counts["sync.readOnly"], 1u);
  }
}

// Slots in use, by the control bytes (maps/group.go) or top hashes (map.go), and the sum of their
// keys' first words.
Words used_slots(const Image& image, TypeTable& types, const TypeInfo& map, const MapBlock& block,
                 bool swiss) {
  Words out;
  const auto& group = types.info(map.map_storage);
  const auto& keys = types.info(group.fields[1].type);  // slots, or keys
  for (std::uint64_t g = 0; g < block.count; g++) {
    auto base = block.address + g * block.item_size;
    for (std::uint64_t i = 0; i < 8; i++) {
      auto control = image.read<std::uint8_t>(base + i);
      if (!control || (swiss ? *control >= 0x80 : *control < 5)) continue;
      auto stride = types.info(keys.elem).size;
      auto key = base + group.fields[1].offset + i * stride;
      if (map.map_indirect_key) key = image.word(key).value_or(0);
      out.count++;
      out.sum += image.word(key).value_or(0);
    }
  }
  return out;
}

TEST_P(Types, MapStorageHoldsEveryElementOnce) {
  auto rows = subject_->all("M");
  EXPECT_EQ(rows.size(), 10u);
  std::vector<MapBlock> blocks;
  for (const auto& r : rows) {
    SCOPED_TRACE(r[1]);
    auto id = types_->from_rtype(hex(r[2]));
    const auto& map = info(id);
    ASSERT_EQ(map.kind, TypeKind::Map);
    map_storage(runtime(), *types_, hex(r[3]), id, blocks);
    Words found;
    std::set<Address> addresses;
    for (const auto& block : blocks) {
      EXPECT_TRUE(addresses.insert(block.address).second);
      EXPECT_TRUE(image().at(block.address, block.bytes()));
      if (block.type != map.map_storage) continue;
      auto used = used_slots(image(), *types_, map, block, swiss());
      found.count += used.count;
      found.sum += used.sum;
    }
    EXPECT_EQ(found, (Words{std::stoull(r[4]), std::stoull(r[5])}));
    ASSERT_FALSE(blocks.empty());
    EXPECT_EQ(blocks[0].kind, MapBlock::Kind::Header);
    EXPECT_EQ(blocks[0].address, hex(r[3]));
    auto has = [&](MapBlock::Kind kind) {
      return std::any_of(blocks.begin(), blocks.end(),
                         [&](const MapBlock& block) { return block.kind == kind; });
    };
    using Kind = MapBlock::Kind;
    EXPECT_TRUE(r[1] != "large" || has(swiss() ? Kind::Directory : Kind::Overflow));
    EXPECT_TRUE(r[1] != "growing" || swiss() || has(Kind::OldBuckets));
    EXPECT_TRUE(r[1] != "plain" || swiss() || has(Kind::OverflowList));
  }
}

TEST_P(Types, MapStorageOfGarbageIsBounded) {
  auto r = row("M", "large");
  auto id = types_->from_rtype(hex(r[2]));
  std::vector<MapBlock> blocks;
  // Every word of some runtime data, and addresses without memory, taken for a map's header.
  const auto& module = runtime().modules().front();
  for (Address at = module.data; at < module.edata; at += 8)
    map_storage(runtime(), *types_, at, id, blocks);
  map_storage(runtime(), *types_, 16, id, blocks);
  EXPECT_TRUE(blocks.empty());
}

TEST_P(Types, ChannelStorageIsWhatTheProgramSees) {
  for (const auto& r : subject_->all("C")) {
    SCOPED_TRACE(r[1]);
    auto channel = channel_storage(runtime(), *types_, hex(r[3]));
    ASSERT_TRUE(channel);
    EXPECT_EQ(info(channel->elem).rtype, hex(r[4]));
    EXPECT_EQ(info(types_->from_rtype(hex(r[2]))).elem, channel->elem);
    EXPECT_EQ(channel->queued, std::stoull(r[5]));
    EXPECT_EQ(channel->capacity, std::stoull(r[6]));
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < channel->queued; i++)
      sum +=
          image().word(channel->buffer + (channel->first + i) % channel->capacity * 8).value_or(0);
    EXPECT_EQ(sum, std::stoull(r[7]));
    EXPECT_EQ(info(channel->header_type).name, "runtime.hchan");
    EXPECT_EQ(info(channel->header_type).size, channel->header_size);
    EXPECT_EQ(channel->buffer_with_header, r[1] == "ints");
  }
  EXPECT_FALSE(channel_storage(runtime(), *types_, runtime().modules().front().text));
  EXPECT_FALSE(channel_storage(runtime(), *types_, 16));
}

TEST_P(Types, ClosuresHoldWhatTheyCaptured) {
  auto closure = [&](const std::string& name, Address* object) -> const TypeInfo& {
    auto r = row("F", name);
    *object = hex(r[2]);
    return info(types_->closure(image().word(*object).value_or(0), 48));
  };
  Address object = 0;
  auto word = [&](const TypeInfo& type, const std::string& field) -> std::uint64_t {
    for (const auto& f : type.fields)
      if (f.name == field) return image().word(object + f.offset).value_or(0);
    ADD_FAILURE() << type.name << " has no " << field;
    return 0;
  };
  auto type_of = [&](const TypeInfo& type, const std::string& field) -> std::string {
    for (const auto& f : type.fields)
      if (f.name == field) return info(f.type).name;
    return {};
  };
  const auto& own = closure("closure", &object);
  if (runtime().version().minor >= 23) {
    auto r = row("F", "closure");
    EXPECT_EQ(own.kind, TypeKind::Struct);
    EXPECT_EQ(own.size, 40u);  // F, &counter, text, n
    EXPECT_EQ(type_of(own, "counter"), "*int");
    EXPECT_EQ(word(own, "counter"), hex(r[3]));
    EXPECT_EQ(type_of(own, "text"), "string");
    EXPECT_EQ(word(own, "text"), hex(r[4]));
    EXPECT_EQ(type_of(own, "n"), "*main.node");
    EXPECT_EQ(word(own, "n"), hex(r[5]));
  } else {
    // The binary does not say what stands there.
    EXPECT_EQ(own.size, 48u);
    EXPECT_EQ(type_of(own, "?"), "unsafe.Pointer");
  }
  const auto& method = closure("method", &object);
  EXPECT_EQ(type_of(method, "R"), "*main.node");
  EXPECT_EQ(word(method, "R"), hex(row("F", "method")[3]));
  const auto& value = closure("value", &object);
  EXPECT_EQ(type_of(value, "R"), "main.mixed");
  EXPECT_EQ(value.size, 40u);  // F, a, p, s
  EXPECT_EQ(image().word(object + 8 + 16), hex(row("F", "value")[3]));
  const auto& interface = closure("interface", &object);
  EXPECT_EQ(type_of(interface, "R"), "io.Reader");
  EXPECT_EQ(image().word(object + 16), hex(row("F", "interface")[3]));
  EXPECT_EQ(closure("plain", &object).size, 8u);
  EXPECT_EQ(closure("reflected", &object).name, "reflect.makeFuncImpl");
  EXPECT_EQ(types_->closure(runtime().modules().front().text + 1, 48), kUnknownType);
  EXPECT_EQ(types_->closure(0, 48), kUnknownType);
}

INSTANTIATE_TEST_SUITE_P(Go, Types, testing::ValuesIn(test::kToolchains),
                         [](const auto& param) { return "Minor" + param.param.substr(4, 2); });
INSTANTIATE_TEST_SUITE_P(Experiments, Types, testing::ValuesIn(test::kClassicMaps),
                         test::toolchain_name);

}  // namespace
}  // namespace overhang
