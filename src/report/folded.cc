#include <fmt/format.h>

#include "report/refs_report.h"
#include "report/stacks.h"

namespace overhang {

std::string render_refs_folded(const RefsReport& report) {
  const TreeRows& tree = report.tree;
  std::vector<std::string> names;
  for (const auto& name : tree.names) names.push_back(folded_name(name));
  std::string out;
  std::vector<std::size_t> path;
  for (std::size_t row = 0; row < tree.size(); row++) {
    if (tree.bytes[row] == 0) continue;
    path.clear();
    for (auto at = static_cast<std::int64_t>(row); at != TreeRows::kRoot;
         at = tree.parent[static_cast<std::size_t>(at)])
      path.push_back(static_cast<std::size_t>(at));
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
      if (at != path.rbegin()) out += ';';
      out += names[tree.name[*at]];
    }
    out += fmt::format(" {}\n", tree.bytes[row]);
  }
  return out;
}

}  // namespace overhang
