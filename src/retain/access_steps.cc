#include "retain/access_steps.h"

#include <algorithm>

namespace overhang {
namespace {

constexpr std::string_view kPointee = "*";
constexpr std::string_view kUnknownWord = "?";

}  // namespace

AccessSteps::AccessSteps(Views& views) : views_(views), namer_(views) {
  intern("");  // kInner
  unknown_ = intern(kUnknownWord);
}

AccessSteps::Step AccessSteps::intern(std::string_view text) {
  if (auto known = by_text_.find(text); known != by_text_.end()) return known->second;
  auto step = static_cast<Step>(texts_.size());
  by_text_.emplace(texts_.emplace_back(text), step);
  return step;
}

AccessSteps::Words& AccessSteps::words_of(TypeId type, bool array) {
  auto [known, fresh] = by_type_.try_emplace(std::uint64_t{type.value} << 1 | array);
  if (!fresh) return *known->second;
  Words& words = words_.emplace_back();
  words.type = type;
  words.array = array;
  if (type != kUnknownType) words.size = views_.types().info(type).size;
  known->second = &words;
  auto most = kMostWords;
  // The header of a map or channel is larger than the word that its type describes.
  auto kind = views_.types().info(type).kind;
  if (kind == TypeKind::Map || kind == TypeKind::Chan) {
    words.size = kMostWords * 8;
    most = kHeaderWords;
  }
  words.by_word.assign(std::min((words.size + 7) / 8, most), kNotYet);
  return words;
}

AccessSteps::Step AccessSteps::find(Words& words, std::uint64_t offset) {
  auto step = intern(describe(words, offset));
  if (offset / 8 < words.by_word.size()) words.by_word[offset / 8] = step;
  return step;
}

std::string AccessSteps::describe(const Words& words, std::uint64_t offset) {
  const TypeInfo& info = views_.types().info(words.type);
  if (info.kind == TypeKind::Map) return {};
  if (info.kind == TypeKind::Chan) return "[queued]";
  if (is_map_storage(words.type)) {
    auto part = namer_.map_part(words.type, offset);
    if (!part.key && !part.value) return {};
    return (part.key ? "[key]" : "[value]") + namer_.field_path(part.type, part.offset);
  }
  auto path = namer_.field_path(words.type, offset);
  if (views_.types().is_closure(words.type))
    return "captured " + (path.starts_with('.') ? path.substr(1) : path);
  if (words.array) path.insert(0, "[]");
  return path.empty() ? std::string(kPointee) : path;
}

AccessSteps::Step AccessSteps::in_variable(TypeId type, std::uint64_t offset) {
  auto path = type == kUnknownType ? std::string() : namer_.field_path(type, offset);
  return intern(path.empty() ? kPointee : path);
}

}  // namespace overhang
