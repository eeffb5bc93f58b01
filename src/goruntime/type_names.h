// Type names as people write them.
#pragma once

#include <string>
#include <string_view>

namespace overhang {

// Import paths reduced to the package's name, also within brackets, as %T prints them:
// "*net/http.Request" -> "*http.Request", "main.Ring[net/url.URL]" -> "main.Ring[url.URL]".
// The name is the path's last element, or the one before it for a major version
// ("example.com/pool/v2.Conn" -> "pool.Conn"); the linker's %xx escapes are undone.
std::string short_type_name(std::string_view full);

}  // namespace overhang
