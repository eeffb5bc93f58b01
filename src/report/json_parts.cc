#include "report/json_parts.h"

namespace overhang {

Json to_json(const TargetRow& target) {
  return {{"kind", target.live ? "pid" : "core"},
          {"path", target.path},
          {"pid", target.pid},
          {"exe", target.exe},
          {"go_version", target.go_version},
          {"arch", target.arch},
          {"dwarf", target.dwarf},
          {"pause_ms", or_null(target.pause_ms)},
          {"taken_at", or_null(target.taken_at)}};
}

Json to_json(const SourceRow& row) {
  return {{"file", row.file},
          {"line", row.line},
          {"function", row.function},
          {"statement", row.statement}};
}

Json to_json(const HeapTypeRow& row) {
  return {{"type", row.type},
          {"objects", row.objects},
          {"bytes", row.bytes},
          {"hidden_bytes", row.hidden_bytes},
          {"retained_bytes", row.retained_bytes}};
}

void append_head(Json& document, const ReportHead& head) {
  document["timings"] = array_of(head.timings, [](const PhaseTime& time) {
    return Json{{"phase", time.phase}, {"ms", time.ms}};
  });
  document["elapsed_ms"] = head.elapsed_ms;
  document["peak_anonymous_bytes"] = or_null(head.peak_anonymous_bytes);
  document["warnings"] = head.warnings;
}

std::string written(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace overhang
