// The HTML page around its data, made from web/ while building (web/build.mjs).
#pragma once

#include <string_view>

namespace overhang {

extern const std::string_view kPageBeforeData;  // up to and with <script type="application/json">
extern const std::string_view kPageAfterData;   // from </script> on

}  // namespace overhang
