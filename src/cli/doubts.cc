#include "cli/doubts.h"

#include <algorithm>
#include <map>
#include <utility>

namespace overhang {
namespace {

// Naming a place may follow its holders some steps. Of more references than this, the ones that
// matter least are counted under one name.
constexpr std::size_t kMaxNamed = 20000;

// A root word that no variable covers.
std::pair<std::string, const char*> unknown_word(const RootPlaces& places, const RootPlace& place) {
  auto name = places.name(place);
  std::string function(places.function(place));
  bool stack = !function.empty();
  if (place.conservative)
    return {fmt::format("word in {}", stack ? function : name), "conservative frame"};
  if (place.address == 0) return {stack ? "register in " + function : name, "register"};
  return stack ? std::pair{"stack word in " + function, "stack word"}
               : std::pair{name, "static word"};
}

// The reference's place and kind.
std::pair<std::string, const char*> describe(const Views& views, Namer& namer, const Doubt& doubt) {
  Holder holder = doubt.holder;
  if (holder.is_place()) {
    const RootPlace& place = views.places().row(holder);
    if (place.kind == RootPlace::Kind::Unknown) return unknown_word(views.places(), place);
    auto offset = doubt.slot > place.address && place.address ? doubt.slot - place.address : 0;
    auto kind = place.kind == RootPlace::Kind::Finalizer ? "finalizer"
                : doubt.func                             ? "closure"
                                                         : "unsafe pointer";
    return {namer.name(holder, offset).text, kind};
  }
  if (!holder.is_object()) return {"unknown place", "unsafe pointer"};
  auto base = views.heap().base(holder.as_object());
  auto offset = doubt.slot > base ? doubt.slot - base : 0;
  bool typed = views.info(holder.as_object()).type() != kUnknownType;
  auto kind = doubt.func ? "closure" : typed ? "unsafe pointer" : "untyped object";
  return {namer.name(holder, offset).text, kind};
}

}  // namespace

std::string describe_doubt(const Views& views, Namer& namer, const Doubt& doubt) {
  return describe(views, namer, doubt).first;
}

void describe_doubts(Views& views, LeakReport& report) {
  std::vector<Doubt> doubts = views.doubts();
  auto larger = [](const auto& a, const auto& b) {
    return std::pair(a.bytes, a.objects) > std::pair(b.bytes, b.objects);
  };
  std::stable_sort(doubts.begin(), doubts.end(), larger);
  Namer namer(views);
  std::map<std::pair<std::string, std::string>, DoubtRow> rows;
  for (std::size_t i = 0; i < doubts.size(); i++) {
    const Doubt& doubt = doubts[i];
    auto [name, kind] = i < kMaxNamed ? describe(views, namer, doubt)
                                      : std::pair{std::string("other places"), "any"};
    DoubtRow& row = rows[{name, kind}];
    row.reference = name;
    row.kind = kind;
    row.references++;
    row.objects += doubt.objects;
    row.bytes += doubt.bytes;
    // An array that typed windows showed in part; others count among objects.
    if (views.windowed(doubt.object.id)) row.array_bytes += views.heap().slot_size(doubt.object.id);
  }
  for (auto& [key, row] : rows) report.doubts.push_back(std::move(row));
  std::stable_sort(report.doubts.begin(), report.doubts.end(),
                   [&](const DoubtRow& a, const DoubtRow& b) {
                     if (a.bytes != b.bytes) return a.bytes > b.bytes;
                     return a.array_bytes > b.array_bytes;
                   });
  if (report.doubts.size() > kDoubtRows) {
    report.doubts_omitted = report.doubts.size() - kDoubtRows;
    report.doubts.resize(kDoubtRows);
  }
}

}  // namespace overhang
