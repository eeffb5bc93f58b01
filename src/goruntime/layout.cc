#include "goruntime/layout.h"

namespace overhang {
namespace {

constexpr Layout kLayouts[] = {
#include "goruntime/layout_table.inc"
};

}  // namespace

Result<const Layout*> layout_for(const GoVersion& version, Architecture architecture) {
  const Layout* found = nullptr;
  for (auto& layout : kLayouts)
    if (layout.minor == version.minor && layout.patch <= version.patch &&
        layout.architecture == architecture && (!found || layout.patch > found->patch))
      found = &layout;
  if (found) return found;
  return fail(ErrorKind::Unsupported,
              "the program was built by {} for {}; overhang reads Go 1.22 to 1.26 on "
              "linux/amd64 and linux/arm64",
              version.text,
              architecture == Architecture::Amd64   ? "amd64"
              : architecture == Architecture::Arm64 ? "arm64"
                                                    : "an unknown architecture");
}

}  // namespace overhang
