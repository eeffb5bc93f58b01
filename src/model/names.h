// What a person calls the place that holds a slice.
#pragma once

#include <string>

#include "base/words.h"
#include "model/views.h"

namespace overhang::model {

struct HolderName {
  std::string text;  // "pool.inUse", "Pool.inUse", "element of table", "value of map index"
  SiteKind kind = SiteKind::Global;
  // Of a field of an object right behind a global pointer: its name by way of the global.
  std::string instance{};

  const std::string& shown() const { return instance.empty() ? text : instance; }
  SiteKind shown_kind() const { return instance.empty() ? kind : SiteKind::Global; }
  bool operator==(const HolderName&) const = default;
};

HolderName holder_name(const Memory& memory, const Visible& visible, Place holder);

}  // namespace overhang::model
