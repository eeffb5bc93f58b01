// What the reports for a person share. Every name of the target goes through printable().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/head.h"
#include "text/page.h"

namespace overhang {

// Of a path, ready to print.
std::string base_name(std::string_view path);

// "relay (pid 12923)  go1.26.8 linux/amd64        817.5 MB live in 6,187,857 objects": the first
// line, with `right` at its end.
void write_target(Page& page, const TargetRow& target, std::string_view right);
// "paused 11 ms, ", or nothing.
std::string pause_of(const TargetRow& target);
// A note each; five of them, or all.
void write_warnings(Page& page, const std::vector<std::string>& warnings, bool all);

}  // namespace overhang
