#include "source/syntax.h"

extern "C" const TSLanguage* tree_sitter_go(void);

namespace overhang::source {
namespace {

// Where the bracket at `open` is closed; npos: nowhere.
std::size_t closing(std::string_view text, std::size_t open) {
  char opens = text[open], closes = opens == '(' ? ')' : ']';
  std::size_t depth = 0;
  for (auto at = open; at < text.size(); at++) {
    if (text[at] == opens) depth++;
    if (text[at] == closes && --depth == 0) return at;
  }
  return std::string_view::npos;
}

// The grammar does not know that methods may have type parameters of their own (Go 1.27):
// func (p *Pool) Map[T any](…). They are blank to the parser; everything stands where it stood.
std::string without_parameters_of_methods(std::string text) {
  constexpr std::string_view kMethod = "\nfunc (";
  constexpr std::string_view kNotOfNames = " \t\n()[]{}.,;*\"";
  for (std::size_t at = 0; (at = text.find(kMethod, at)) != std::string::npos;) {
    at += kMethod.size();
    auto receiver = closing(text, at - 1);
    if (receiver == std::string::npos) break;
    auto name = text.find_first_not_of(' ', receiver + 1);
    auto open = name == std::string::npos ? name : text.find_first_of(kNotOfNames, name);
    if (open == std::string::npos || open == name || text[open] != '[') continue;
    auto close = closing(text, open);
    if (close == std::string::npos) break;
    for (auto i = open; i <= close; i++)
      if (text[i] != '\n') text[i] = ' ';
  }
  return text;
}

}  // namespace

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

std::vector<Node> identifiers(const Node& root) {
  std::vector<Node> out;
  any_within(root, [&](const Node& node) {
    if (node.is("identifier")) out.push_back(node);
    return false;
  });
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
  ts_parser_set_timeout_micros(parser.get(), 60'000'000);
  auto known = without_parameters_of_methods(tree->text_);
  tree->tree_ = ts_parser_parse_string(parser.get(), nullptr, known.data(),
                                       static_cast<std::uint32_t>(known.size()));
  return tree->tree_ ? std::move(tree) : nullptr;
}

}  // namespace overhang::source
