#include "support/machine_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using namespace model;
using nlohmann::json;

// The report's rows of one program, with the names that the script has.
class Rows {
 public:
  Rows(const json& report, std::size_t index) : prefix_("main." + name_prefix(index)) {
    for (auto* list : {"sites", "spare"})
      for (const json& row : report.at(list))
        if (row.at("site").get<std::string>().find(prefix_) != std::string::npos)
          (list == std::string("sites") ? sites : spare).push_back(renamed(row));
  }
  std::vector<json> sites, spare;

 private:
  json renamed(const json& row) const {
    auto text = row.dump();
    for (std::size_t at = 0; (at = text.find(prefix_, at)) != std::string::npos;)
      text.erase(at, prefix_.size());
    return json::parse(text);
  }
  std::string prefix_;
};

// Collects what differs, a line each.
class Differ {
 public:
  template <class A, class B>
  void same(const std::string& what, const A& machine, const B& other, const char* who) {
    if (json(machine) == json(other)) return;
    add(fmt::format("{}: the machine says {}, {} {}", what, json(machine).dump(), who,
                    json(other).dump()));
  }
  void add(const std::string& line) {
    if (!line.empty()) text_ += line + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string key_of(const Site& site) {
  return fmt::format("{} ({}) of {}, {}", site.name, site.kind, site.element_type,
                     category_name(site.category));
}

std::string key_of(const json& row) {
  auto text = [&](const char* field) { return row.at(field).get<std::string>(); };
  return fmt::format("{} ({}) of {}, {}", text("site"), text("kind"), text("element_type"),
                     text("category"));
}

std::string label_of(const RemedyWithFactor& remedy) {
  return fmt::format("{}{}", remedy_name(remedy.kind),
                     remedy.factor ? " " + std::to_string(remedy.factor) : "");
}

std::string label_of(const json& row) {
  const json& factor = row.at("factor");
  return row.at("name").get<std::string>() + (factor.is_null() ? "" : " " + factor.dump());
}

// Small pointer-free copies share blocks of 16 bytes, and how many blocks those of several holders
// take depends on their order, which is the program's choice.
bool is_another_order(const Freed& freed, const json& row) {
  auto bytes = row.at("frees_bytes").get<std::int64_t>() - freed.net_bytes();
  auto objects = row.at("frees_objects").get<std::int64_t>() -
                 static_cast<std::int64_t>(freed.died_objects) +
                 static_cast<std::int64_t>(freed.new_objects);
  auto blocks = static_cast<std::int64_t>(freed.tiny_blocks) - objects;
  return objects != 0 && bytes == 16 * objects &&
         row.at("copies_bytes").get<std::uint64_t>() == freed.copied_bytes &&
         16 * blocks >= static_cast<std::int64_t>(freed.tiny_bytes) &&
         blocks <= static_cast<std::int64_t>(freed.tiny_copies);
}

void compare_freed(const std::string& what, const Freed& freed, const json& row, Differ& differ) {
  if (is_another_order(freed, row)) return;
  // Of a remedy that costs more than it frees the report says that it frees nothing.
  differ.same(what + " frees_bytes", std::max<std::int64_t>(freed.net_bytes(), 0),
              row.at("frees_bytes"), "the report");
  differ.same(what + " frees_objects",
              freed.died_objects - std::min(freed.died_objects, freed.new_objects),
              row.at("frees_objects"), "the report");
  differ.same(what + " copies_bytes", freed.copied_bytes, row.at("copies_bytes"), "the report");
}

void compare_remedies(const MachineProgram& program, const Site& site, const json& row,
                      const std::string& key, Differ& differ) {
  std::map<std::string, json> said;
  for (const json& remedy : row.at("remedies")) said[label_of(remedy)] = remedy;
  // A pointer to an element is nothing that a remedy could replace.
  std::size_t expected = site.category == Category::Interior ? 1 : all_remedies().size();
  differ.same(key + ": remedies", expected, said.size(), "the report");
  for (const RemedyWithFactor& remedy : all_remedies())
    if (auto at = said.find(label_of(remedy)); at != said.end())
      compare_freed(key + ": " + at->first, try_remedy(remedy, site, program.machine.memory()),
                    at->second, differ);
}

// The remedies at all sites together.
void compare_everywhere(const std::map<std::string, Freed>& ours, const json& rows,
                        Differ& differ) {
  differ.same("remedies at all sites", ours.size(), rows.size(), "the report");
  for (const json& row : rows)
    if (auto at = ours.find(label_of(row)); at != ours.end())
      compare_freed("at all sites: " + at->first, at->second, row, differ);
}

void compare_site(const MachineProgram& program, const Site& site, const json& row,
                  Differ& differ) {
  auto key = key_of(site);
  auto same = [&](const char* field, const auto& ours) {
    differ.same(key + ": " + field, ours, row.at(field), "the report");
  };
  same("arrays", site.arrays);
  same("array_bytes", site.array_bytes);
  same("slots", site.slots);
  same("visible_slots", site.visible_slots);
  same("hidden_slots", site.hidden_slots);
  same("stale_slots", site.stale_slots);
  same("hidden_bytes", site.hidden_bytes);
  if (!site.lens.contains(row.at("len").get<std::uint64_t>())) same("len", site.len);
  same("cap", site.cap);
  same("retained_objects", site.retained.objects);
  same("retained_bytes", site.retained.bytes);
  same("retained_bytes_possible", site.retained.bytes);
  std::set<std::string> shared;
  for (const json& other : row.at("shared_with")) shared.insert(other.get<std::string>());
  differ.same(key + ": shared_with", site.shared_with, shared, "the report");
  compare_remedies(program, site, row, key, differ);
}

// Known difference: the report takes a pointer-free array's room past len for the allocator's where
// len elements alone would get the same slot (views.cc: show_window, `fills`). It saves a window
// for each of the many buffers that were rounded up.
bool is_rounding(const Memory& memory, const std::vector<View>& views) {
  return std::any_of(views.begin(), views.end(), [&](const View& view) {
    const Object& array = memory[view.shown.object];
    return view.kind != Kind::Pointer && view.shown.first == 0 &&
           memory.allocator().slot_size(view.shown.len * array.elem->size, false) ==
               array.slot_bytes;
  });
}

void compare_report(const MachineProgram& program, const Rows& rows, Differ& differ) {
  std::map<std::string, json> said;
  for (const json& row : rows.sites) said[key_of(row)] = row;
  for (const Site& site : program.findings.sites) {
    auto at = said.find(key_of(site));
    if (at == said.end()) {
      differ.add(fmt::format("{}: the report has no such site ({} stale slots, {} retained)",
                             key_of(site), site.stale_slots, site.retained.bytes));
      continue;
    }
    compare_site(program, site, at->second, differ);
    said.erase(at);
  }
  for (const auto& [key, row] : said)
    differ.add(fmt::format("{}: only the report has this site: {} stale slots, {} retained", key,
                           row.at("stale_slots").dump(), row.at("retained_bytes").dump()));

  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> ours, theirs;
  auto visible = find_visible(program.machine.memory(), Knowledge::Observed);
  for (const Habit& habit : program.findings.habits)
    for (const Region& region : habit.regions) {
      if (is_rounding(program.machine.memory(), visible.views_of(region.array))) continue;
      auto& [arrays, bytes] = ours[habit.name + " of " + habit.element_type];
      arrays++;
      bytes += region.slots() * program.machine.memory()[region.array].elem->size;
    }
  for (const json& row : rows.spare)
    theirs[row.at("site").get<std::string>() + " of " + row.at("element_type").get<std::string>()] =
        {row.at("arrays"), row.at("spare_bytes")};
  differ.same("spare capacity", ours, theirs, "the report");
}

void compare_trace(const MachineProgram& program, const json& trace, Differ& differ) {
  std::vector<std::uint64_t> ours;
  for (const Ref& slice : program.trace) ours.insert(ours.end(), {slice.len, slice.cap});
  if (json(ours) == trace) return;
  for (std::size_t i = 0; i < std::min(ours.size(), trace.size()); i++)
    if (trace[i] != ours[i])
      return differ.add(fmt::format("{} of the slice that was assigned as number {}: {}, in Go {}",
                                    i % 2 == 0 ? "len" : "cap", i / 2 + 1, ours[i],
                                    trace[i].dump()));
  differ.add(fmt::format("{} slices were assigned, in Go {}", ours.size() / 2, trace.size() / 2));
}

// Bytes that the runtime takes for its own needs meanwhile.
constexpr std::int64_t kNoise = 512;

// `freed` is what HeapAlloc fell by: for the remedy, then for letting go of all variables.
void compare_collector(const MachineProgram& program, const json& freed, Differ& differ) {
  auto near = [&](const std::string& what, std::int64_t ours, std::int64_t real) {
    if (std::abs(ours - real) > kNoise)
      differ.add(fmt::format("{}: the machine frees {}, Go's collector {}", what, ours, real));
  };
  auto changed = program.machine.memory();
  Freed sum;
  std::int64_t predicted = 0;
  std::string what = "no remedy";
  if (program.cure) {
    const Site& site = program.findings.sites[program.cure->site];
    const RemedyWithFactor& remedy = program.cure->remedy;
    predicted = try_remedy(remedy, site, changed).net_bytes();
    apply(remedy, site, changed, sum);
    what = label_of(remedy) + " at " + key_of(site);
  }
  near(what, predicted, freed[0].get<std::int64_t>());
  near("all variables", static_cast<std::int64_t>(count(changed, live_objects(changed)).bytes),
       freed[1].get<std::int64_t>());
}

// What the program's own collector frees otherwise than the machine says, by program. Now and then
// the runtime starts a thread (5 KB) between two readings of HeapAlloc: what differs must do so in
// each of three runs.
std::vector<std::string> collector_differences(const std::vector<MachineProgram>& programs,
                                               Subject& subject, const std::string& executable) {
  std::vector<std::string> out;
  for (int run = 0; run < 3; run++) {
    std::optional<Subject> again;
    if (run > 0) again.emplace(Subject::started(executable, {}));
    Subject& now = again ? *again : subject;
    now.command("remedies");
    const json& freed = now.facts().at("freed");
    bool any = false;
    for (std::size_t i = 0; i < programs.size(); i++) {
      if (run > 0 && out[i].empty()) continue;
      Differ differ;
      compare_collector(programs[i], freed[i], differ);
      auto found = differ.take();
      any |= !found.empty();
      if (run == 0)
        out.push_back(std::move(found));
      else
        out[i] = std::move(found);
    }
    if (!any) break;
  }
  return out;
}

}  // namespace

std::vector<std::string> differences(const std::vector<MachineProgram>& programs,
                                     const std::string& variant) {
  auto executable = build_variant("machine", variant, "programs.go", go_source(programs));
  auto subject = Subject::started(executable, {});
  const json traces = subject.facts().at("traces");
  const json report = leaks_json(subject.target());
  const auto collector = collector_differences(programs, subject, executable);

  std::vector<std::string> out;
  std::uint64_t overhang = 0;
  std::map<std::string, Freed> everywhere;
  for (std::size_t i = 0; i < programs.size(); i++) {
    Differ differ;
    compare_trace(programs[i], traces[i], differ);
    compare_report(programs[i], Rows(report, i), differ);
    differ.add(collector[i]);
    out.push_back(differ.take());
    overhang += programs[i].findings.overhang.bytes;
    for (const RemedyWithFactor& remedy : all_remedies())
      everywhere[label_of(remedy)] +=
          try_remedy_everywhere(remedy, programs[i].findings, programs[i].machine.memory());
  }
  Differ all;
  all.same("overhang", overhang, report.at("heap").at("overhang_bytes"), "the report");
  all.same("warnings", json::array(), report.at("warnings"), "the report");
  compare_everywhere(everywhere, report.at("remedies"), all);
  out.push_back(all.take());
  return out;
}

}  // namespace overhang::test
