// A Go source file's syntax tree, by tree-sitter: also of files with errors in them.
#pragma once

#include <tree_sitter/api.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace overhang::source {

// A node of a tree, or none. Copies freely; valid as long as its tree.
class Node {
 public:
  Node() = default;
  Node(TSNode node, const std::string* text) : node_(node), text_(text) {}
  explicit operator bool() const { return text_ != nullptr && !ts_node_is_null(node_); }

  // The grammar's name for it: "slice_expression"; "" of no node.
  std::string_view kind() const {
    return *this ? std::string_view(ts_node_type(node_)) : std::string_view();
  }
  bool is(std::string_view kind_name) const { return kind() == kind_name; }
  std::string_view text() const;
  Node field(std::string_view name) const;
  // Named children without comments.
  std::vector<Node> children() const;
  // All children by that field's name.
  std::vector<Node> fields(std::string_view name) const;
  Node first() const;  // the first of children()
  Node parent() const { return *this ? Node(ts_node_parent(node_), text_) : Node(); }
  std::uint32_t begin() const { return *this ? ts_node_start_byte(node_) : 0; }
  std::uint32_t end() const { return *this ? ts_node_end_byte(node_) : 0; }
  std::uint32_t line() const { return *this ? ts_node_start_point(node_).row + 1 : 0; }  // from 1
  std::uint32_t end_line() const { return *this ? ts_node_end_point(node_).row + 1 : 0; }
  bool has_error() const { return *this && ts_node_has_error(node_); }
  // Of this node alone, as long as its tree lives.
  const void* id() const { return node_.id; }
  bool same(const Node& other) const { return *this && other && ts_node_eq(node_, other.node_); }

 private:
  TSNode node_{};
  const std::string* text_ = nullptr;
};

// The identifiers in a node, itself too: names of variables, functions and packages.
std::vector<Node> identifiers(const Node& node);

// Whether `test` holds of a node, or of one below it.
template <class Test>
bool any_within(const Node& root, const Test& test) {
  std::vector<Node> open{root};
  while (!open.empty()) {
    Node node = open.back();
    open.pop_back();
    if (test(node)) return true;
    auto children = node.children();
    open.insert(open.end(), children.begin(), children.end());
  }
  return false;
}

// Files of more than this many bytes are not read.
inline constexpr std::uint64_t kMaxFileBytes = 4 << 20;

class SyntaxTree {
 public:
  // nullptr where the text is too long, or parsing takes longer than a minute (a second is what 4
  // MiB take on a busy machine).
  static std::unique_ptr<SyntaxTree> parse(std::string text);
  ~SyntaxTree() { ts_tree_delete(tree_); }
  SyntaxTree(const SyntaxTree&) = delete;
  SyntaxTree& operator=(const SyntaxTree&) = delete;

  Node root() const { return {ts_tree_root_node(tree_), &text_}; }
  std::vector<Node> comments() const;  // in the order of the text
  const std::string& text() const { return text_; }

 private:
  explicit SyntaxTree(std::string text) : text_(std::move(text)) {}
  std::string text_;
  TSTree* tree_ = nullptr;
};

}  // namespace overhang::source
