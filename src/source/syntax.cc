#include "source/syntax.h"

extern "C" const TSLanguage* tree_sitter_go(void);

namespace overhang::source {

std::string_view Node::text() const {
  if (!*this) return {};
  auto first = begin(), last = end();
  if (first > last || last > text_->size()) return {};
  return std::string_view(*text_).substr(first, last - first);
}

Node Node::field(std::string_view name) const {
  if (!*this) return {};
  return {ts_node_child_by_field_name(node_, name.data(), static_cast<std::uint32_t>(name.size())),
          text_};
}

std::vector<Node> Node::children() const {
  std::vector<Node> out;
  if (!*this) return out;
  TSTreeCursor cursor = ts_tree_cursor_new(node_);
  if (ts_tree_cursor_goto_first_child(&cursor)) do {
      Node child(ts_tree_cursor_current_node(&cursor), text_);
      if (ts_node_is_named(child.node_) && !child.is("comment")) out.push_back(child);
    } while (ts_tree_cursor_goto_next_sibling(&cursor));
  ts_tree_cursor_delete(&cursor);
  return out;
}

std::vector<Node> Node::fields(std::string_view name) const {
  std::vector<Node> out;
  if (!*this) return out;
  TSTreeCursor cursor = ts_tree_cursor_new(node_);
  if (ts_tree_cursor_goto_first_child(&cursor)) do {
      const char* field_name = ts_tree_cursor_current_field_name(&cursor);
      Node child(ts_tree_cursor_current_node(&cursor), text_);
      if (field_name && name == field_name && ts_node_is_named(child.node_)) out.push_back(child);
    } while (ts_tree_cursor_goto_next_sibling(&cursor));
  ts_tree_cursor_delete(&cursor);
  return out;
}

Node Node::first() const {
  if (!*this) return {};
  auto count = ts_node_named_child_count(node_);
  for (std::uint32_t i = 0; i < count; i++) {
    Node child(ts_node_named_child(node_, i), text_);
    if (!child.is("comment")) return child;
  }
  return {};
}

std::vector<Node> SyntaxTree::comments() const {
  std::vector<Node> out;
  TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree_));
  for (bool more = true; more;) {
    Node node(ts_tree_cursor_current_node(&cursor), &text_);
    if (node.is("comment")) out.push_back(node);
    if (ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) &&
           ts_tree_cursor_goto_parent(&cursor)) {
    }
  }
  ts_tree_cursor_delete(&cursor);
  return out;
}

std::unique_ptr<SyntaxTree> SyntaxTree::parse(std::string text) {
  if (text.size() > kMaxFileBytes) return nullptr;
  std::unique_ptr<SyntaxTree> tree(new SyntaxTree(std::move(text)));
  std::unique_ptr<TSParser, void (*)(TSParser*)> parser(ts_parser_new(), ts_parser_delete);
  if (!ts_parser_set_language(parser.get(), tree_sitter_go())) return nullptr;
  ts_parser_set_timeout_micros(parser.get(), 1'000'000);
  tree->tree_ = ts_parser_parse_string(parser.get(), nullptr, tree->text_.data(),
                                       static_cast<std::uint32_t>(tree->text_.size()));
  return tree->tree_ ? std::move(tree) : nullptr;
}

}  // namespace overhang::source
