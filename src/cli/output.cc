#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace overhang {

Status write_output(const std::string& path, std::string_view text) {
  bool to_file = !path.empty();
  auto* name = to_file ? path.c_str() : "standard output";
  auto* file = to_file ? std::fopen(name, "w") : stdout;
  bool written = file && std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
                 std::fflush(file) == 0;
  auto why = errno;
  if (file && to_file && std::fclose(file) != 0 && written) {
    written = false;
    why = errno;
  }
  if (written) return {};
  auto kind = why == EACCES ? ErrorKind::NotPermitted : ErrorKind::NotFound;
  return fail(kind, "{}: the report cannot be written: {}", name, std::strerror(why));
}

}  // namespace overhang
