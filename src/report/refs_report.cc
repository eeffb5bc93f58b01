#include "report/refs_report.h"

#include <utility>

namespace overhang {

void select(RefsReport& report, const Selection& selection) {
  auto [tree, from] = reduced(std::move(report.tree), selection.top, selection.min_bytes);
  report.tree = std::move(tree);
  auto taken = [&rows = from](const std::vector<std::uint32_t>& column) {
    std::vector<std::uint32_t> out;
    for (auto row : rows)
      out.push_back(row == ReducedTree::kNone ? RefsReport::kNone
                                              : column[static_cast<std::size_t>(row)]);
    return out;
  };
  report.site = taken(report.site);
  report.code_of = taken(report.code_of);
}

}  // namespace overhang
