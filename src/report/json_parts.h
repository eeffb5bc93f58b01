// What the JSON reports share.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "report/head.h"
#include "report/heap.h"

namespace overhang {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class Rows, class Convert>
Json array_of(const Rows& rows, Convert convert) {
  auto out = Json::array();
  for (auto& row : rows) out.push_back(convert(row));
  return out;
}

Json to_json(const TargetRow& target);
Json to_json(const SourceRow& row);
Json to_json(const HeapTypeRow& row);
// "timings", "elapsed_ms", "peak_anonymous_bytes" and "warnings", as the last members.
void append_head(Json& document, const ReportHead& head);
// One document, indented, that ends in a newline. Names of the target may be any bytes: what is no
// UTF-8 becomes U+FFFD.
std::string written(const Json& document);

}  // namespace overhang
