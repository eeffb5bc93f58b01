#include "cli/leak_page.h"

#include <utility>

#include "cli/heap_report.h"
#include "cli/refs_command.h"

namespace overhang {
namespace {

// The rows at which each site's hidden slots are entered.
std::vector<std::vector<std::uint32_t>> site_rows(const RefsReport& refs, const LeakReport& leaks) {
  std::vector<std::vector<std::uint32_t>> out(leaks.sites.size());
  for (std::size_t row = 0; row < refs.tree.size(); row++) {
    auto site = refs.site[row];
    auto parent = refs.tree.parent[row];
    bool entered = parent == TreeRows::kRoot || refs.site[static_cast<std::size_t>(parent)] != site;
    if (site == RefsReport::kNone || !entered) continue;
    if (auto at = refs.sites[site].row; at != RefsReport::kNone)
      out[at].push_back(static_cast<std::uint32_t>(row));
  }
  return out;
}

}  // namespace

PageParts LeakPage::parts() const {
  PageParts out;
  out.references = &references;
  out.site_rows = site_rows;
  out.dominators = dominators ? &*dominators : nullptr;
  out.types = types;
  return out;
}

LeakPage describe_page(Analysis& analysis, const LeakReport& leaks, Diagnostics& diagnostics) {
  LeakPage page;
  auto refs = describe_refs(analysis, leaks, diagnostics);
  select(refs, {.top = kMaxPageFrames});
  page.site_rows = site_rows(refs, leaks);
  page.references = std::move(refs.tree);
  if (!analysis.dominators()) {
    diagnostics.warn("no dominator tree: " + analysis.dominators().error().message);
    return page;
  }
  const Dominators& dominators = *analysis.dominators();
  page.types = describe_types(analysis, dominators, diagnostics);
  auto rows = dominator_rows(analysis, dominators, 0, diagnostics);
  page.dominators = reduced(std::move(rows), kMaxPageFrames, 0).tree;
  return page;
}

}  // namespace overhang
