// What a person calls the place that holds a slice.
#pragma once

#include <string>

#include "model/views.h"

namespace overhang::model {

// In the order in which a person looks for them: what lives longest first.
enum class HolderKind : std::uint8_t { Global, Field, Map, Element };
const char* holder_kind_name(HolderKind kind);

struct HolderName {
  std::string text;  // "pool.inUse", "Pool.inUse", "element of table", "value of map index"
  HolderKind kind = HolderKind::Global;
  // Of a field of an object right behind a global pointer: its name by way of the global.
  std::string instance{};

  const std::string& shown() const { return instance.empty() ? text : instance; }
  HolderKind shown_kind() const { return instance.empty() ? kind : HolderKind::Global; }
  bool operator==(const HolderName&) const = default;
};

HolderName holder_name(const Memory& memory, const Visible& visible, Place holder);

}  // namespace overhang::model
