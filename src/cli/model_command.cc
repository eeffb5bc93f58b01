#include "cli/model_command.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "model/story.h"
#include "text/columns.h"

namespace overhang {
namespace {

constexpr std::size_t kLargestScript = 1 << 20;  // bytes
constexpr std::size_t kLineColumns = 94;

Result<std::string> read_script(const std::string& path) {
  std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
  auto why = errno;
  if (!file) {
    auto kind = why == EACCES ? ErrorKind::NotPermitted : ErrorKind::NotFound;
    return fail(kind, "{}: {}", path, std::strerror(why));
  }
  std::string text(kLargestScript + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()))
    return fail(ErrorKind::NotFound, "{}: it cannot be read as a file", path);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestScript)
    return fail(ErrorKind::BadInput, "{}: larger than a script of slice operations (1 MiB)", path);
  return text;
}

// As they are shown: tabs are four columns, nothing drives the terminal.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    std::string line;
    for (char c : text.substr(0, end)) {
      if (c == '\t')
        line += "    ";
      else if (c != '\r')
        line += c;
    }
    out.push_back(cut_middle(printable(line), kLineColumns));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

Result<unsigned> parse_go_release(std::string_view text) {
  auto rest = text.starts_with("go") ? text.substr(2) : text;
  unsigned minor = 0;
  if (rest.starts_with("1.")) {
    auto [end, error] = std::from_chars(rest.data() + 2, rest.data() + rest.size(), minor);
    bool whole = end == rest.data() + rest.size() || *end == '.';
    if (error == std::errc() && whole && minor >= 18 && minor < 100) return minor;
  }
  return fail(ErrorKind::Usage, "--go: '{}' is no release from Go 1.18 on: write 1.22", text);
}

Result<std::string> run_model(const ModelOptions& options) {
  OVERHANG_TRY(auto text, read_script(options.script));
  auto located = [&](const Error& error) {
    return Error{error.kind, options.script + ":" + error.message};
  };
  auto script = model::parse(text);
  if (!script) return tl::unexpected(located(script.error()));
  auto story = model::tell(*script, model::Allocator(options.go_minor),
                           {.colour = options.colour, .lines = lines_of(text)});
  if (!story) return tl::unexpected(located(story.error()));
  return std::move(*story);
}

}  // namespace overhang
