#include "cli/refs_command.h"

#include <map>
#include <tuple>
#include <utility>

#include "cli/heap_report.h"
#include "cli/leaks_command.h"
#include "retain/heap_types.h"
#include "retain/reference_tree.h"
#include "text/units.h"

namespace overhang {
namespace {

// "inUse []*main.Conn": the step and what it leads to.
std::string frame_name(const ReferenceTree& tree, const Frame& frame, TypeTable& types,
                       const Sites& sites) {
  auto name = tree.texts[frame.step];
  if (frame.hidden_slots) return fmt::format("[{} of {}]", name, sites.sites[frame.site].name.text);
  if (!frame.typed) return name;
  auto type = contents_name(types, frame.type, frame.array);
  return name.empty() ? type : name + " " + type;
}

// The frames that hold anything, or lead to one that does, as rows.
class Rows {
 public:
  Rows(const ReferenceTree& tree, TypeTable& types, const Sites& sites, RefsReport& report)
      : tree_(tree), types_(types), sites_(sites), report_(report), row_of_(tree.frames.size()) {}

  void add_all() {
    std::vector<bool> used(tree_.frames.size());
    for (auto i = tree_.frames.size(); i-- > 0;) {
      const Frame& frame = tree_.frames[i];
      if (frame.objects > 0 || frame.bytes > 0) used[i] = true;
      if (used[i] && frame.parent != kNoFrame) used[frame.parent] = true;
    }
    for (std::size_t i = 0; i < tree_.frames.size(); i++)
      if (used[i]) add(static_cast<FrameIndex>(i));
  }
  // The frame's row; kNone: it has none.
  std::int64_t row_of(FrameIndex frame) const { return row_of_[frame] - 1; }

 private:
  void add(FrameIndex index) {
    const Frame& frame = tree_.frames[index];
    TreeRows& rows = report_.tree;
    rows.parent.push_back(frame.parent == kNoFrame ? TreeRows::kRoot : row_of(frame.parent));
    rows.name.push_back(name(frame));
    rows.bytes.push_back(frame.bytes);
    rows.objects.push_back(frame.objects);
    rows.hidden_bytes.push_back(frame.hidden_bytes);
    rows.flags.push_back(frame.hidden ? TreeRows::kThroughHidden : 0);
    report_.site.push_back(frame.hidden ? frame.site : RefsReport::kNone);
    report_.code_of.push_back(RefsReport::kNone);
    row_of_[index] = static_cast<std::int64_t>(rows.size());
  }

  std::uint32_t name(const Frame& frame) {
    auto what = frame.typed          ? std::uint64_t{frame.type.value} << 1 | frame.array
                : frame.hidden_slots ? kSlots | frame.site
                                     : kSlots - 1;
    auto [known, fresh] = names_.try_emplace({frame.step, what},
                                             static_cast<std::uint32_t>(report_.tree.names.size()));
    if (fresh) report_.tree.names.push_back(frame_name(tree_, frame, types_, sites_));
    return known->second;
  }

  static constexpr std::uint64_t kSlots = std::uint64_t{1} << 33;
  const ReferenceTree& tree_;
  TypeTable& types_;
  const Sites& sites_;
  RefsReport& report_;
  std::vector<std::int64_t> row_of_;  // plus 1; 0: none
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> names_;
};

// The sites whose slots are frames, with the sources that their rows in the leak report have.
std::vector<RefsReport::Site> sites_of(const Sites& sites, TypeTable& types,
                                       const LeakReport& leaks) {
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, std::size_t> rows;
  for (std::size_t i = 0; i < leaks.sites.size(); i++) {
    const SiteRow& row = leaks.sites[i];
    rows.try_emplace({row.site, row.category, row.element_type}, i);
  }
  std::vector<RefsReport::Site> out;
  for (const Site& site : sites.sites) {
    auto& added = out.emplace_back();
    added.site = site.name.text;
    added.category = category_name(site.category);
    added.element_type = site.elem == kUnknownType ? "uint8" : types.info(site.elem).name;
    auto row = rows.find({added.site, added.category, added.element_type});
    if (row == rows.end()) continue;
    added.row = row->second;
    added.sources = leaks.sites[added.row].sources;
  }
  return out;
}

void describe_code(const ReferenceTree& tree, const Rows& rows, const Runtime& runtime,
                   RefsReport& report) {
  for (const ReferenceTree::Code& code : tree.code) {
    auto row = rows.row_of(code.root);
    auto function = runtime.find_function(code.pc);
    auto* module = runtime.module_of_pc(code.pc);
    if (row < 0 || !function || !module) continue;
    // A frame's pc is where its call returns to: the call is before it.
    auto line =
        module->functions.line(*function, code.pc > function->entry ? code.pc - 1 : code.pc);
    report.code_of[static_cast<std::size_t>(row)] = static_cast<std::uint32_t>(report.code.size());
    report.code.push_back({std::string(function->name), std::string(line.file), line.line});
  }
}

std::string render(RefsReport& report, const Options& options) {
  if (options.format == Format::Text) {
    RefsTextOptions text;
    text.colour = colour_wanted(options);
    text.stats = options.stats;
    text.top = options.top;
    text.min_bytes = options.min_bytes;
    return render_refs_text(report, text);
  }
  select(report, selection_of(options));
  if (options.format == Format::Json) return render_refs_json(report);
  return options.format == Format::Pprof ? render_refs_pprof(report) : render_refs_folded(report);
}

}  // namespace

RefsReport describe_refs(Analysis& analysis, const LeakReport& leaks, Diagnostics& diagnostics) {
  Phase timer(diagnostics, "reference tree");
  const Findings& certain = analysis.certain();
  RefsReport report;
  report.target = leaks.target;
  report.heap = leaks.heap;
  TypeTable& types = analysis.views().types();
  auto tree =
      find_references(analysis.views(), analysis.live().live, certain.hidden, certain.sites);
  Rows rows(tree, types, certain.sites, report);
  rows.add_all();
  report.tree.total_bytes = report.heap.live_bytes;
  report.sites = sites_of(certain.sites, types, leaks);
  describe_code(tree, rows, analysis.runtime(), report);
  if (tree.not_met_objects > 0)
    diagnostics.lose("live objects without a reference path",
                     fmt::format("{} of them", tree.not_met_objects));
  if (tree.merged_objects > 0)
    diagnostics.warn(fmt::format("{} lie deeper than the tree has room for: frames named …",
                                 format_number_of(tree.merged_objects, "object")));
  return report;
}

Result<Outcome> run_refs(const Run& run) {
  const Options& options = run.options;
  auto wanted = options.analysis;
  wanted.dominators = options.format == Format::Pprof;
  OVERHANG_TRY(auto analysis, analyse(wanted, run.diagnostics));
  OVERHANG_TRY(DescribedLeaks leaks, describe_leaks(*analysis, run.diagnostics));
  if (options.format != Format::Folded)
    add_sources(*analysis, options.source, run.diagnostics, leaks);
  auto report = describe_refs(*analysis, leaks.report, run.diagnostics);
  if (wanted.dominators)
    report.dominators =
        dominator_rows(*analysis, *analysis->dominators(), options.min_bytes, run.diagnostics);
  finish(run, report);
  return Outcome{render(report, options), kExitDone, {}, {}};
}

}  // namespace overhang
