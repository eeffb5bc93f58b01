#include "cli/hand_over.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "heap/object_id.h"

namespace overhang {

Error hand_over(const Error& error, char** argv) {
  if (kWideIds || error.kind != ErrorKind::TooMany) return error;
  std::error_code unknown;
  auto wide =
      std::filesystem::read_symlink("/proc/self/exe", unknown).replace_filename("overhang-wide");
  execv(wide.c_str(), argv);
  return {error.kind, fmt::format("{}, and {}, which numbers more, does not run: {}", error.message,
                                  wide.string(), std::strerror(errno))};
}

}  // namespace overhang
