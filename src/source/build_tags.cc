#include "source/build_tags.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace overhang::source {
namespace {

// go/build/syslist.go
constexpr std::array<std::string_view, 18> kSystems = {
    "aix",   "android", "darwin", "dragonfly", "freebsd", "hurd",    "illumos", "ios",     "js",
    "linux", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "wasip1",  "windows", "zos"};
constexpr std::array<std::string_view, 26> kArchitectures = {
    "386",     "amd64",   "amd64p32", "arm",    "armbe",    "arm64",     "arm64be",
    "loong64", "mips",    "mipsle",   "mips64", "mips64le", "mips64p32", "mips64p32le",
    "ppc",     "ppc64",   "ppc64le",  "riscv",  "riscv64",  "s390",      "s390x",
    "sparc",   "sparc64", "wasm",     "",       ""};

template <class List>
bool contains(const List& list, std::string_view word) {
  return !word.empty() && std::find(list.begin(), list.end(), word) != list.end();
}

bool is_set(std::string_view tag, const BuildTarget& target) {
  if (tag == "linux" || tag == "unix" || tag == "gc" || tag == target.arch) return true;
  if (!tag.starts_with("go1.")) return false;
  int minor = 0;
  auto number = tag.substr(4);
  auto error = std::from_chars(number.data(), number.data() + number.size(), minor).ec;
  return error == std::errc() && (target.go_minor == 0 || minor <= target.go_minor);
}

// A //go:build expression: || of && of !, parentheses, tags.
class Expression {
 public:
  Expression(std::string_view text, const BuildTarget& target) : text_(text), target_(target) {}
  bool value() { return any(); }

 private:
  bool any() {
    bool out = all();
    while (take("||")) out = all() || out;
    return out;
  }
  bool all() {
    bool out = one();
    while (take("&&")) out = one() && out;
    return out;
  }
  bool one() {
    if (++depth_ > 100) return true;
    if (take("!")) return !one();
    if (take("(")) {
      bool out = any();
      take(")");
      return out;
    }
    skip_spaces();
    auto first = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t!()&|").find(text_[at_]) == std::string_view::npos)
      at_++;
    if (at_ == first) at_++;  // no expression: on with it
    return is_set(text_.substr(first, at_ - first), target_);
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) at_++;
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (at_ >= text_.size() || !text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::string_view text_;
  const BuildTarget& target_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

// The older form: words are alternatives, commas mean "and".
bool old_line_fits(std::string_view line, const BuildTarget& target) {
  while (!line.empty()) {
    auto end = std::min(line.find_first_of(" \t"), line.size());
    auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word.empty()) continue;
    bool all = true;
    while (!word.empty()) {
      auto comma = std::min(word.find(','), word.size());
      auto tag = word.substr(0, comma);
      word.remove_prefix(std::min(comma + 1, word.size()));
      bool negated = tag.starts_with('!');
      if (negated) tag.remove_prefix(1);
      all = all && is_set(tag, target) != negated;
    }
    if (all) return true;
  }
  return false;
}

bool name_fits(std::string_view name, const BuildTarget& target) {
  if (!name.ends_with(".go") || name.starts_with('_') || name.starts_with('.')) return false;
  name.remove_suffix(3);
  if (name.ends_with("_test")) return false;
  auto last_at = name.rfind('_');
  if (last_at == std::string_view::npos) return true;
  auto last = name.substr(last_at + 1), before = name.substr(0, last_at);
  auto system = before.substr(before.rfind('_') + 1);
  bool has_system = before.rfind('_') != std::string_view::npos && contains(kSystems, system);
  if (contains(kArchitectures, last))
    return last == target.arch && (!has_system || system == "linux");
  return !contains(kSystems, last) || last == "linux";
}

}  // namespace

bool is_built(std::string_view file_name, std::string_view text, const BuildTarget& target) {
  if (!name_fits(file_name, target)) return false;
  // The lines stand before the package clause, among comments and empty lines.
  bool old_lines_fit = true;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("//go:build "))
      return line.size() > 4096 || Expression(line.substr(11), target).value();
    if (line.starts_with("// +build "))
      old_lines_fit = old_lines_fit && old_line_fits(line.substr(10), target);
    if (line.starts_with("package ")) break;
  }
  return old_lines_fit;
}

}  // namespace overhang::source
