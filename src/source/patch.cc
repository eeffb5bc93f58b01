#include "source/patch.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/trailing_comments.h"

namespace overhang::source {
namespace {

constexpr std::size_t kContext = 3;  // lines

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto length = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

bool same(const Edit& a, const Edit& b) {
  return a.begin == b.begin && a.end == b.end && a.text == b.text;
}

// Two insertions at one place do not collide: they stand one after the other.
bool collide(const Edit& a, const Edit& b) {
  bool both_insert = a.begin == a.end && b.begin == b.end;
  return !both_insert && a.begin < std::max(b.end, b.begin + 1) &&
         b.begin < std::max(a.end, a.begin + 1) && a.begin != b.end && b.begin != a.end;
}

// The edit that imports a package, where gofmt would put it; `only`: no other is imported too.
Edit import_edit(const File& file, const std::string& path, bool only) {
  const std::string& text = file.tree->text();
  std::string newline = text.find("\r\n") == std::string::npos ? "\n" : "\r\n";
  auto line_begin = [&](const Node& node) {
    auto at = node.begin() == 0 ? std::string::npos : text.rfind('\n', node.begin() - 1);
    return static_cast<std::uint32_t>(at + 1);
  };
  auto line_after = [&](const Node& node) {
    auto at = text.find('\n', node.end());
    return static_cast<std::uint32_t>(at == std::string::npos ? text.size() : at + 1);
  };
  auto quoted = "\"" + path + "\"";
  Node package_clause, single;
  for (const Node& node : file.tree->root().children()) {
    if (node.is("package_clause")) package_clause = node;
    if (!node.is("import_declaration")) continue;
    Node list = node.first();
    if (!list.is("import_spec_list")) {
      if (list.field("path").text() != "\"C\"") single = node;
      continue;
    }
    Node last;
    for (const Node& spec : list.children()) {
      if (last && spec.line() > last.end_line() + 1) break;  // the first group alone
      if (spec.field("path").text() > quoted)
        return {line_begin(spec), line_begin(spec), "\t" + quoted + newline};
      last = spec;
    }
    if (last) return {line_after(last), line_after(last), "\t" + quoted + newline};
  }
  // import "fmt" becomes a list of two.
  auto path_of_single = std::string(single.first().field("path").text());
  if (only && single && !single.first().field("name") &&
      single.text() == "import " + path_of_single) {
    auto [first, second] = std::minmax(path_of_single, quoted);
    return {single.begin(), single.end(),
            "import (" + newline + "\t" + first + newline + "\t" + second + newline + ")"};
  }
  if (single) {
    auto at = line_after(single);
    return {at, at, "import " + quoted + newline};
  }
  auto at = line_after(package_clause);
  return {at, at, newline + "import " + quoted + newline};
}

struct Hunk {
  std::size_t first = 0, old_lines = 0;  // of the old text, from 0
  std::vector<std::string> added;
};

// The edits as runs of whole lines, without what stays the same in them.
std::vector<Hunk> hunks_of(const std::string& text, const std::vector<Edit>& edits) {
  auto lines = lines_of(text);
  std::vector<std::size_t> begins;
  std::size_t at = 0;
  for (auto line : lines) {
    begins.push_back(at);
    at += line.size();
  }
  auto line_at = [&](std::size_t byte) {
    auto next = std::upper_bound(begins.begin(), begins.end(), byte);
    return static_cast<std::size_t>(next - begins.begin()) - (next == begins.begin() ? 0 : 1);
  };
  std::vector<Hunk> out;
  for (std::size_t i = 0; i < edits.size();) {
    bool at_end = edits[i].begin >= text.size();
    auto first = at_end ? lines.size() : line_at(edits[i].begin);
    std::size_t last = first;  // one past the lines that are rewritten
    std::vector<Edit> own;
    do {
      auto end = std::max(edits[i].end, edits[i].begin + (edits[i].begin < text.size() ? 1 : 0));
      if (end > 0)
        last = std::max(last, edits[i].begin >= text.size() ? lines.size() : line_at(end - 1) + 1);
      own.push_back(edits[i]);
      i++;
    } while (i < edits.size() &&
             edits[i].begin < (last < begins.size() ? begins[last] : text.size() + 1));
    auto from = first < begins.size() ? begins[first] : text.size();
    auto to = last < begins.size() ? begins[last] : text.size();
    for (auto& edit : own) {
      edit.begin -= static_cast<std::uint32_t>(from);
      edit.end -= static_cast<std::uint32_t>(from);
    }
    auto replaced = edited(text.substr(from, to - from), own);
    auto now = lines_of(replaced);
    std::size_t head = 0, tail = 0, count = last - first;
    while (head < count && head < now.size() && lines[first + head] == now[head]) head++;
    while (tail < count - head && tail < now.size() - head &&
           lines[last - 1 - tail] == now[now.size() - 1 - tail])
      tail++;
    Hunk hunk;
    hunk.first = first + head;
    hunk.old_lines = count - head - tail;
    for (auto k = head; k < now.size() - tail; k++) hunk.added.emplace_back(now[k]);
    out.push_back(std::move(hunk));
  }
  return out;
}

}  // namespace

bool before(const Edit& a, const Edit& b) {
  return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
}

std::string edited(const std::string& text, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(), before);
  std::string out;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at || edit.end > text.size()) continue;
    out.append(text, at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  return out.append(text, at);
}

std::string unified_diff(const std::string& name, const std::string& text,
                         const std::vector<Edit>& unsorted) {
  auto edits = unsorted;
  std::stable_sort(edits.begin(), edits.end(), before);
  auto hunks = hunks_of(text, edits);
  auto lines = lines_of(text);
  std::string out;
  auto add = [&](char mark, std::string_view line) {
    out += mark;
    out += line;
    if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
  };
  std::ptrdiff_t shift = 0;  // lines added so far
  for (std::size_t i = 0; i < hunks.size();) {
    // Hunks whose contexts meet are one.
    auto end = i + 1;
    while (end < hunks.size() &&
           hunks[end].first <= hunks[end - 1].first + hunks[end - 1].old_lines + 2 * kContext)
      end++;
    auto first = hunks[i].first - std::min(hunks[i].first, kContext);
    auto last = std::min(lines.size(), hunks[end - 1].first + hunks[end - 1].old_lines + kContext);
    std::ptrdiff_t added = 0;
    for (auto k = i; k < end; k++)
      added += static_cast<std::ptrdiff_t>(hunks[k].added.size()) -
               static_cast<std::ptrdiff_t>(hunks[k].old_lines);
    auto count = last - first;
    out += fmt::format("@@ -{},{} +{},{} @@\n", first + (count > 0), count,
                       static_cast<std::ptrdiff_t>(first) + shift + (count > 0),
                       static_cast<std::ptrdiff_t>(count) + added);
    auto at = first;
    for (auto k = i; k < end; k++) {
      for (; at < hunks[k].first; at++) add(' ', lines[at]);
      for (std::size_t j = 0; j < hunks[k].old_lines; j++, at++) add('-', lines[at]);
      for (const auto& line : hunks[k].added) add('+', line);
    }
    for (; at < last; at++) add(' ', lines[at]);
    shift += added;
    i = end;
  }
  if (out.empty()) return out;
  return fmt::format("--- a/{0}\n+++ b/{0}\n", name) + out;
}

bool Patch::add(const File& file, const Rewrite& rewrite) {
  auto known = files_.find(file.path);
  std::vector<Edit> fresh;
  for (const Edit& edit : rewrite.edits) {
    bool again = false;
    if (known != files_.end())
      for (const Edit& other : known->second.second.edits) {
        again = again || same(edit, other);
        if (!same(edit, other) && collide(edit, other)) return false;
      }
    if (!again) fresh.push_back(edit);
  }
  auto& [of, changes] = files_[file.path];
  of = &file;
  changes.edits.insert(changes.edits.end(), fresh.begin(), fresh.end());
  changes.imports.insert(rewrite.imports.begin(), rewrite.imports.end());
  return true;
}

std::string Patch::diff(const std::string& root) const {
  std::string out;
  for (const auto& [path, entry] : files_) {
    const auto& [file, changes] = entry;
    auto edits = changes.edits;
    for (const auto& import : changes.imports)
      edits.push_back(import_edit(*file, import, changes.imports.size() == 1));
    auto name = path;
    if (name.starts_with(root + "/")) name = name.substr(root.size() + 1);
    out +=
        unified_diff(name, file->tree->text(),
                     with_aligned_comments(*file->tree, with_aligned_bodies(*file->tree, edits)));
  }
  return out;
}

}  // namespace overhang::source
