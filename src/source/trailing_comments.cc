#include "source/trailing_comments.h"

#include <algorithm>
#include <map>

#include "source/patch.h"

namespace overhang::source {
namespace {

struct TrailingComment {
  std::uint32_t line = 0;
  std::uint32_t code_end = 0, begin = 0;  // bytes; white space between
  std::size_t indent = 0, width = 0;      // leading tabs; of the code, in characters
  std::size_t wanted = 1;                 // spaces between
  bool aligned() const { return begin - code_end == wanted; }
};

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// In the order of the text.
std::vector<TrailingComment> trailing_comments(const SyntaxTree& tree) {
  std::vector<TrailingComment> out;
  std::string_view text = tree.text();
  for (const Node& node : tree.comments()) {
    auto before = text.substr(0, node.begin());
    auto first = before.rfind('\n') + 1;  // npos + 1 is 0
    auto code = before.substr(first);
    auto indent = code.find_first_not_of('\t');
    auto last = code.find_last_not_of(" \t");
    auto behind = text.find_first_not_of(" \t\r", node.end());
    if (last == std::string_view::npos || node.line() != node.end_line() ||
        (behind != std::string_view::npos && text[behind] != '\n'))
      continue;
    TrailingComment comment;
    comment.line = node.line();
    comment.code_end = static_cast<std::uint32_t>(first + last + 1);
    comment.begin = node.begin();
    comment.indent = indent;
    comment.width = characters(code.substr(indent, last + 1 - indent));
    out.push_back(comment);
  }
  for (std::size_t i = 0; i < out.size();) {
    std::size_t end = i, longest = 0;
    do longest = std::max(longest, out[end++].width);
    while (end < out.size() && out[end].line == out[end - 1].line + 1 &&
           out[end].indent == out[i].indent);
    for (; i < end; i++) out[i].wanted = longest - out[i].width + 1;
  }
  return out;
}

struct OneLineFunction {
  std::uint32_t line = 0, header_end = 0;
  Node body;
  std::size_t width = 0;  // of the header, in characters
  bool broken_up = false;
};

// In the order of the text.
std::vector<OneLineFunction> one_line_functions(const SyntaxTree& tree,
                                                const std::vector<Edit>& edits) {
  std::vector<OneLineFunction> out;
  std::string_view text = tree.text();
  for (const Node& node : tree.root().children()) {
    Node body = node.field("body");
    bool function = node.is("function_declaration") || node.is("method_declaration");
    if (!function || !body || node.line() != node.end_line()) continue;
    OneLineFunction one;
    one.line = node.line();
    one.body = body;
    auto header = text.substr(node.begin(), body.begin() - node.begin());
    auto last = header.find_last_not_of(' ');
    one.header_end = node.begin() + static_cast<std::uint32_t>(last + 1);
    one.width = characters(header.substr(0, last + 1));
    one.broken_up = std::any_of(edits.begin(), edits.end(), [&](const Edit& edit) {
      return edit.begin > body.begin() && edit.end < body.end() &&
             edit.text.find('\n') != std::string::npos;
    });
    out.push_back(one);
  }
  return out;
}

}  // namespace

std::vector<Edit> with_aligned_bodies(const SyntaxTree& tree, const std::vector<Edit>& edits) {
  auto functions = one_line_functions(tree, edits);
  auto longest = [&](std::size_t first, std::size_t end) {
    std::size_t out = 0;
    for (; first < end; first++) out = std::max(out, functions[first].width);
    return out;
  };
  std::vector<Edit> out = edits;
  for (std::size_t i = 0; i < functions.size();) {
    auto end = i + 1;
    while (end < functions.size() && functions[end].line == functions[end - 1].line + 1) end++;
    auto padding = [&](const OneLineFunction& one) { return one.body.begin() - one.header_end; };
    auto before = longest(i, end);
    bool aligned = std::all_of(
        functions.begin() + static_cast<std::ptrdiff_t>(i),
        functions.begin() + static_cast<std::ptrdiff_t>(end),
        [&](const OneLineFunction& one) { return padding(one) == before - one.width + 1; });
    while (i < end) {
      // Those that go on standing in lines that follow each other; or one that is broken up.
      auto last = i;
      while (last < end && !functions[last].broken_up) last++;
      if (last == i) last++;
      auto now = longest(i, last);
      for (; i < last; i++) {
        const auto& one = functions[i];
        auto wanted = one.broken_up ? 1 : now - one.width + 1;
        if ((aligned || one.broken_up) && padding(one) != wanted)
          out.push_back({one.header_end, one.body.begin(), std::string(wanted, ' ')});
      }
    }
  }
  return out;
}

std::vector<Edit> with_aligned_comments(const SyntaxTree& tree, std::vector<Edit> edits) {
  auto after = SyntaxTree::parse(edited(tree.text(), edits));
  if (!after) return edits;
  std::map<std::uint32_t, bool> aligned_before;  // by where the comment begins
  for (const auto& comment : trailing_comments(tree))
    aligned_before[comment.begin] = comment.aligned();

  std::stable_sort(edits.begin(), edits.end(), before);
  std::vector<Edit> out = edits;
  std::size_t passed = 0;    // edits before the comment
  std::ptrdiff_t grown = 0;  // bytes that they have added
  for (const auto& comment : trailing_comments(*after)) {
    auto old_place = [&](std::uint32_t at) { return static_cast<std::ptrdiff_t>(at) - grown; };
    while (passed < edits.size() &&
           old_place(comment.begin) >=
               static_cast<std::ptrdiff_t>(edits[passed].begin + edits[passed].text.size())) {
      const auto& edit = edits[passed++];
      grown += static_cast<std::ptrdiff_t>(edit.text.size()) -
               static_cast<std::ptrdiff_t>(edit.end - edit.begin);
    }
    auto begin = old_place(comment.begin), code_end = old_place(comment.code_end);
    auto known =
        begin < 0 ? aligned_before.end() : aligned_before.find(static_cast<std::uint32_t>(begin));
    // One that an edit brings has no place before it.
    bool kept = known != aligned_before.end() && known->second && code_end >= 0 &&
                (passed == 0 || code_end >= static_cast<std::ptrdiff_t>(edits[passed - 1].end));
    if (kept && !comment.aligned())
      out.push_back({static_cast<std::uint32_t>(code_end), static_cast<std::uint32_t>(begin),
                     std::string(comment.wanted, ' ')});
  }
  return out;
}

}  // namespace overhang::source
