// Names and statements as text.
#include "source/search.h"

namespace overhang::source {

std::string unescaped(std::string_view path) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < path.size(); i++) {
    bool escape =
        path[i] == '%' && i + 2 < path.size() && digit(path[i + 1]) >= 0 && digit(path[i + 2]) >= 0;
    out += escape ? static_cast<char>(digit(path[i + 1]) * 16 + digit(path[i + 2])) : path[i];
    if (escape) i += 2;
  }
  return out;
}

std::pair<std::string, std::string> split_type_name(std::string_view full) {
  auto name = full.substr(0, full.find('['));
  if (name.find(' ') != std::string_view::npos) return {};
  auto slash = name.rfind('/');
  auto dot = name.rfind('.');  // the path's last element may have dots too: gopkg.in/yaml.v3.parser
  if (dot != std::string_view::npos && slash != std::string_view::npos && dot < slash) return {};
  if (dot == std::string_view::npos) return {};
  return {unescaped(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

StatementText describe(const Candidate& candidate) {
  constexpr std::size_t kMaxText = 160;
  const Node& statement = candidate.flow.statement;
  const Node& right = candidate.flow.right;
  StatementText out{statement.line(), {}};
  std::string_view text = statement.text();
  // Of a statement over many lines, the line where the slice is made.
  if (text.find('\n') != std::string_view::npos && right) {
    out.line = right.line();
    const std::string& all = candidate.flow.file->tree->text();
    auto first = all.rfind('\n', right.begin()) + 1;  // npos + 1 is 0
    text = std::string_view(all).substr(first, all.find('\n', first) - first);
  }
  for (char c : text) {
    bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (space && (out.text.empty() || out.text.back() == ' ')) continue;
    out.text += space ? ' ' : c;
  }
  while (!out.text.empty() && out.text.back() == ' ') out.text.pop_back();
  if (out.text.size() > kMaxText) out.text.replace(kMaxText, std::string::npos, "…");
  return out;
}

}  // namespace overhang::source
