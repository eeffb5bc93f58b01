#include "support/analysis.h"

#include <stdexcept>

namespace overhang::test {

Analysis::Analysis(Anatomy& anatomy) {
  auto opened = Dwarf::open(*anatomy.file);
  if (!opened) throw std::runtime_error(opened.error().message);
  dwarf = std::move(*opened);
  types = std::make_unique<TypeTable>(*anatomy.runtime, dwarf.get());
  views = std::make_unique<Views>(*anatomy.heap, anatomy.roots, *types, dwarf.get(),
                                  anatomy.diagnostics);
  views->settle([&]() -> const Bitmap& { return anatomy.live.live; });
  possible = find_leaks(*views);
  certain = views->settle_certain() ? find_leaks(*views) : possible;
  describe_heap(*views, anatomy.live, anatomy.roots, certain, possible, anatomy.diagnostics,
                report);
  describe_sites(*views, certain, possible, 0, report);
  report.warnings = anatomy.diagnostics.warnings();
}

const SiteRow* Analysis::site(std::string_view name) const {
  for (auto& row : report.sites)
    if (row.site == name) return &row;
  return nullptr;
}

}  // namespace overhang::test
