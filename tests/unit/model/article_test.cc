// The article, row by row (DESIGN.md §1), with answers worked out by hand.
//
// A Conn takes 16 bytes and its Payload 128: 144 together. Six appends to a nil []*Conn make arrays
// of 1, 2, 4 and 8 slots, the last one of 64 bytes.
#include "unit/model/run_script.h"

namespace overhang::model {
namespace {

const std::string kSix = R"(
var inUse []*Conn
for range 6 {
	inUse = append(inUse, &Conn{payload: new(Payload)})
}
)";

const Site& only_site(const Findings& findings) {
  EXPECT_EQ(findings.sites.size(), 1u);
  return findings.sites.at(0);
}

Freed freed_by(const RemedyWithFactor& remedy, const std::string& body) {
  auto machine = run_script(kTypes + body);
  auto findings = find_leaks(machine.memory(), Knowledge::Exact);
  return try_remedy(remedy, only_site(findings), machine.memory());
}

TEST(Article, WhatIsInUseIsAllVisible) {
  auto findings = findings_of(kSix);
  EXPECT_TRUE(findings.sites.empty());
  EXPECT_EQ(findings.live, (Count{13, 64 + 6 * 144}));  // the smaller arrays are garbage
  EXPECT_EQ(findings.overhang, (Count{0, 0}));
  EXPECT_EQ(findings.visible_bytes, 6 * 8 + 6 * (16 + 120u));
  EXPECT_EQ(findings.spare_bytes, 2 * 8u);
  EXPECT_EQ(findings.allocator_bytes, 6 * 8u);  // 128 for 120
}

// "moved to the end and the slice is truncated"
const std::string kTruncated = kSix + R"(
inUse[1], inUse[5] = inUse[5], inUse[1]
inUse = inUse[:2]
)";

TEST(Article, TruncationHidesTheTail) {
  auto findings = findings_of(kTruncated);
  EXPECT_EQ(findings.live, (Count{13, 64 + 6 * 144}));  // the collector keeps all of it
  EXPECT_EQ(findings.overhang, (Count{8, 4 * 144}));
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "inUse");
  EXPECT_EQ(site.kind, "global");
  EXPECT_EQ(site.element_type, "*Conn");
  EXPECT_EQ(site.category, Category::Tail);
  EXPECT_EQ(site.arrays, 1u);
  EXPECT_EQ(site.array_bytes, 64u);
  EXPECT_EQ(site.slots, 8u);
  EXPECT_EQ(site.visible_slots, 2u);
  EXPECT_EQ(site.hidden_slots, 6u);
  EXPECT_EQ(site.stale_slots, 4u);
  EXPECT_EQ(site.hidden_bytes, 48u);
  EXPECT_EQ(site.len, 2u);
  EXPECT_EQ(site.cap, 8u);
  EXPECT_EQ(site.retained, (Count{8, 4 * 144}));
}

TEST(Article, AKeptThingThatKeepsALargeOne) {
  auto findings =
      findings_of("points := make([]Point, 5000)\nkept := points[100:101]\npoints = nil");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "kept");
  EXPECT_EQ(site.category, Category::Window);
  EXPECT_EQ(site.hidden_bytes, 4999 * 24u);
  EXPECT_EQ(site.retained, (Count{0, 0}));  // nothing hangs on its slots but the array itself
}

TEST(Article, ASubstringKeepsItsText) {
  auto findings = findings_of(
      "text := strings.Repeat(\"0123456789\", 10000)\nname := text[50:60]\n"
      "text = name");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "name");
  EXPECT_EQ(site.shared_with, (std::set<std::string>{"text"}));
  EXPECT_EQ(site.category, Category::Window);
  EXPECT_EQ(site.hidden_bytes, 100000 - 10u);
}

TEST(Article, AnArrayIsSharedAndVisibilityIsTheUnion) {
  auto findings = findings_of(kSix + "first := inUse[:1]\nothers := inUse[3:4]\ninUse = nil");
  EXPECT_EQ(findings.overhang, (Count{8, 4 * 144}));
  ASSERT_EQ(findings.sites.size(), 2u);
  EXPECT_EQ(findings.sites[0].name, "first");
  EXPECT_EQ(findings.sites[0].category, Category::Gap);
  EXPECT_EQ(findings.sites[0].hidden_slots, 2u);
  EXPECT_EQ(findings.sites[0].shared_with, (std::set<std::string>{"others"}));
  EXPECT_EQ(findings.sites[0].retained, (Count{4, 2 * 144}));
  EXPECT_EQ(findings.sites[1].name, "others");  // the tail begins where its window ends
  EXPECT_EQ(findings.sites[1].category, Category::Tail);
  EXPECT_EQ(findings.sites[1].hidden_slots, 4u);
  EXPECT_EQ(findings.sites[1].stale_slots, 2u);
  EXPECT_EQ(findings.sites[1].retained, (Count{4, 2 * 144}));
}

TEST(Article, WhatAnotherWindowShowsIsNotHidden) {
  auto findings = findings_of(kSix + "all := inUse\ninUse = inUse[:2]");
  EXPECT_TRUE(findings.sites.empty());
  EXPECT_EQ(findings.overhang, (Count{0, 0}));
}

TEST(Article, ElementsThatAreHeldElsewhereAreNoOverhang) {
  auto findings = findings_of(kSix + "last := inUse[5]\ninUse = inUse[:2]");
  EXPECT_EQ(findings.overhang, (Count{6, 3 * 144}));
  EXPECT_EQ(only_site(findings).stale_slots, 4u);
  EXPECT_EQ(only_site(findings).retained, (Count{6, 3 * 144}));
}

TEST(Article, PlainDataIsKeptToo) {
  auto findings = findings_of("points := make([]Point, 5000)\npoints = points[:3]");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.category, Category::Tail);
  EXPECT_EQ(site.element_type, "Point");
  EXPECT_EQ(site.hidden_bytes, 4997 * 24u);
  // 120,000 bytes take 15 pages; three points take 80.
  auto copy = freed_by({Remedy::Copy}, "points := make([]Point, 5000)\npoints = points[:3]");
  EXPECT_EQ(copy.died_bytes, 15 * 8192u);
  EXPECT_EQ(copy.new_bytes, 80u);
  EXPECT_EQ(copy.copied_bytes, 72u);
  EXPECT_EQ(
      freed_by({Remedy::Clear}, "points := make([]Point, 5000)\npoints = points[:3]").died_bytes,
      0u);
}

TEST(Article, ClearingTheTailFirst) {  // remedy 1
  auto freed = freed_by({Remedy::Clear}, kTruncated);
  EXPECT_EQ(freed.died_objects, 8u);
  EXPECT_EQ(freed.net_bytes(), 4 * 144);
  EXPECT_TRUE(findings_of(kSix + "clear(inUse[2:])\ninUse = inUse[:2]").sites.empty());
}

TEST(Article, NilWhenEmpty) {  // remedy 2
  EXPECT_EQ(freed_by({Remedy::NilWhenEmpty}, kTruncated).net_bytes(), 0);
  auto freed = freed_by({Remedy::NilWhenEmpty}, kSix + "inUse = inUse[:0]");
  EXPECT_EQ(freed.died_objects, 13u);
  EXPECT_EQ(freed.net_bytes(), 64 + 6 * 144);
}

TEST(Article, CopyInsteadOfTruncating) {  // remedy 3
  auto freed = freed_by({Remedy::Copy}, kTruncated);
  EXPECT_EQ(freed.died_objects, 9u);
  EXPECT_EQ(freed.died_bytes, 64 + 4 * 144u);
  EXPECT_EQ(freed.new_bytes, 16u);
  EXPECT_EQ(freed.copied_bytes, 16u);
  EXPECT_EQ(freed.net_bytes(), 64 + 4 * 144 - 16);
}

TEST(Article, ACopyFreesNothingWhileAnotherSliceShowsTheArray) {
  auto body = kSix + "other := inUse[:2]\ninUse = inUse[:1]";
  auto machine = run_script(kTypes + body);
  auto findings = find_leaks(machine.memory(), Knowledge::Exact);
  EXPECT_EQ(only_site(findings).name, "other");  // the tail borders on its window
  EXPECT_EQ(freed_by({Remedy::Copy}, body).net_bytes(), -16);
}

TEST(Article, CopyWhereTheCapacityIsFarLarger) {  // remedy 4
  // cap 8, len 2
  EXPECT_EQ(freed_by({Remedy::CopyIfCapExceeds, 2}, kTruncated).net_bytes(), 64 + 4 * 144 - 16);
  EXPECT_EQ(freed_by({Remedy::CopyIfCapExceeds, 4}, kTruncated).net_bytes(), 0);
  EXPECT_EQ(freed_by({Remedy::CopyIfCapExceeds, 8}, kTruncated).net_bytes(), 0);
}

TEST(Article, ThreeIndicesFreeNothing) {
  EXPECT_EQ(freed_by({Remedy::ThreeIndex}, kTruncated).net_bytes(), 0);
  // The array's size is hidden from the program, not from us.
  auto findings = findings_of(kTruncated + "inUse = inUse[:2:2]");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.category, Category::Clipped);
  EXPECT_EQ(site.cap, 2u);
  EXPECT_EQ(site.hidden_slots, 6u);
  EXPECT_EQ(site.retained, (Count{8, 4 * 144}));
  EXPECT_EQ(findings.lost_bytes, 48u);
  // The next append is forced to make a new array: only then the old one dies.
  findings = findings_of(kTruncated + "inUse = inUse[:2:2]\ninUse = append(inUse, new(Conn))");
  EXPECT_TRUE(findings.sites.empty());
  EXPECT_EQ(findings.live, (Count{6, 32 + 2 * 144 + 16}));
}

TEST(Words, QueueLeavesItsHead) {
  auto findings = findings_of(kSix + "inUse = inUse[1:]\ninUse = inUse[1:]");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.category, Category::Head);
  EXPECT_EQ(site.hidden_slots, 2u);
  EXPECT_EQ(site.retained, (Count{4, 2 * 144}));
  EXPECT_EQ(findings.lost_bytes, 16u);
  EXPECT_EQ(findings.spare_bytes, 16u);
}

TEST(Words, AnEmptyWindowPartsHeadFromTail) {
  auto findings = findings_of(kSix + "inUse = inUse[4:4]");
  ASSERT_EQ(findings.sites.size(), 2u);
  EXPECT_EQ(findings.sites[0].category, Category::Tail);
  EXPECT_EQ(findings.sites[0].stale_slots, 2u);
  EXPECT_EQ(findings.sites[1].category, Category::Head);
  EXPECT_EQ(findings.sites[1].stale_slots, 4u);
}

TEST(Words, AStaleSliceShowsNothing) {
  // What hangs on a hidden slice header is overhang, its window and its tail alike.
  auto findings = findings_of("var table [][]*Conn\n" + kSix +
                              "table = append(table, inUse[:2], inUse[2:4])\ninUse = nil\n"
                              "table = table[:0]");
  EXPECT_EQ(findings.overhang, (Count{13, 64 + 6 * 144}));
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "table");
  EXPECT_EQ(site.stale_slots, 2u);
}

TEST(Words, ASiteIsAPlaceWithAllItsArrays) {
  const std::string body = R"(
var pools []*Pool
for range 3 {
	pools = append(pools, new(Pool))
}
for i := range 3 {
	for range 4 {
		pools[i].inUse = append(pools[i].inUse, new(Conn))
	}
	pools[i].inUse = pools[i].inUse[:1]
}
)";
  auto findings = findings_of(body);
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "Pool.inUse");
  EXPECT_EQ(site.kind, "field");
  EXPECT_EQ(site.arrays, 3u);
  EXPECT_EQ(site.slots, 12u);
  EXPECT_EQ(site.visible_slots, 3u);
  EXPECT_EQ(site.retained, (Count{9, 9 * 16}));
  EXPECT_EQ(site.holders.size(), 3u);
}

TEST(Words, AnObjectBehindAGlobalPointerIsNamedByIt) {
  auto findings = findings_of(kSix + "pool := new(Pool)\npool.inUse = inUse[:1]\ninUse = nil");
  EXPECT_EQ(only_site(findings).name, "pool.inUse");
  EXPECT_EQ(only_site(findings).kind, "global");
}

TEST(Words, ValuesOfAMapAndElements) {
  auto findings =
      findings_of("index := map[int][]*Conn{}\nvar table [][]*Conn\n" + kSix +
                  "index[7] = inUse[:1]\ntable = append(table, inUse[:3])\ninUse = nil");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.name, "element of table");  // whose window the tail borders on
  EXPECT_EQ(site.shared_with, (std::set<std::string>{"value of map index"}));
}

TEST(Words, TwoSitesThatKeepTheSameRetainNothingAlone) {
  auto findings = findings_of(kSix +
                              "var copies []*Conn\ncopies = append(copies, inUse...)\n"
                              "inUse = inUse[:2]\ncopies = copies[:2]");
  EXPECT_EQ(findings.overhang, (Count{8, 4 * 144}));
  ASSERT_EQ(findings.sites.size(), 2u);
  for (const Site& site : findings.sites) EXPECT_EQ(site.retained, (Count{0, 0}));
}

TEST(Words, APointerToAnElementShowsThatElement) {
  auto findings = findings_of(R"(
type Entry struct { conn *Conn; at int }
var entries []Entry
for range 4 {
	entries = append(entries, Entry{conn: new(Conn)})
}
one := &entries[3]
entries = entries[:1]
)");
  const Site& site = only_site(findings);
  EXPECT_EQ(site.category, Category::Gap);
  EXPECT_EQ(site.hidden_slots, 2u);
  EXPECT_EQ(site.retained, (Count{2, 32}));
}

TEST(Words, APointerToAnElementKeepsTheOthers) {
  const std::string script = R"(
type Entry struct { conn *Conn; at int }
var entries []Entry
for range COUNT {
	entries = append(entries, Entry{conn: new(Conn)})
}
one := &entries[3]
entries = nil
)";
  auto with = [&](const std::string& count) {
    auto source = kTypes + script;
    source.replace(source.find("COUNT"), 5, count);
    return run_script(source);
  };
  auto exact = find_leaks(with("8").memory(), Knowledge::Exact);
  EXPECT_EQ(only_site(exact).category, Category::Interior);
  EXPECT_EQ(only_site(exact).name, "one");
  EXPECT_EQ(only_site(exact).retained, (Count{7, 7 * 16}));
  // From outside a small object may be one value, and a large one is known to be an array.
  EXPECT_TRUE(find_leaks(with("8").memory(), Knowledge::Observed).sites.empty());
  EXPECT_EQ(only_site(find_leaks(with("64").memory(), Knowledge::Observed)).retained,
            (Count{63, 63 * 16}));
}

TEST(Words, LiveBytesAreAllAccountedFor) {
  auto findings =
      findings_of(kTruncated + "points := make([]Point, 50)\npoints = points[10:20:30]");
  EXPECT_EQ(findings.live.bytes, findings.visible_bytes + findings.spare_bytes +
                                     findings.lost_bytes + findings.allocator_bytes +
                                     findings.overhang.bytes);
}

}  // namespace
}  // namespace overhang::model
