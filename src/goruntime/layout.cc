#include "goruntime/layout.h"

#include <utility>

namespace overhang {
namespace {

constexpr Layout kLayouts[] = {
#include "goruntime/layout_table.inc"
};

}  // namespace

Result<const Layout*> layout_for(const GoVersion& version, Architecture architecture) {
  const Layout* found = nullptr;
  const Layout* newest = nullptr;
  const Layout* oldest = nullptr;
  bool swiss_maps = version.minor >= 24 && version.text.find("noswissmap") == std::string::npos;
  for (auto& layout : kLayouts) {
    if (layout.architecture != architecture) continue;
    auto order = [](const Layout& l) { return std::pair(l.minor, l.patch); };
    if (!newest || order(layout) > order(*newest)) newest = &layout;
    if (!oldest || order(layout) < order(*oldest)) oldest = &layout;
    if (layout.minor == version.minor && layout.patch <= version.patch &&
        layout.swiss_maps() == swiss_maps && (!found || layout.patch > found->patch))
      found = &layout;
  }
  if (found) return found;
  if (!newest)
    return fail(ErrorKind::Unsupported,
                "the program was built by {} for an unknown architecture; overhang reads programs "
                "for linux/amd64 and linux/arm64",
                version.text);
  if (version.minor > newest->minor) return newest;
  return fail(ErrorKind::Unsupported, "the program was built by {}; overhang reads Go 1.{} to 1.{}",
              version.text, oldest->minor, newest->minor);
}

}  // namespace overhang
