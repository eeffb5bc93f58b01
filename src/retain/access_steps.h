// How code says the way from one object to the next: ".inUse", "[]", "[value].name", "captured c".
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/views.h"
#include "retain/sites.h"

namespace overhang {

class AccessSteps {
 public:
  using Step = std::uint32_t;  // a text, each once
  // From a map to its own storage: no step that code takes.
  static constexpr Step kInner = 0;

  explicit AccessSteps(Views& views);

  // The steps of a kind of object, by word; valid as long as the steps.
  struct Words {
    TypeId type;
    bool array = false;
    std::uint64_t size = 0;  // bytes of a value; 0: nothing is known of the words
    std::vector<Step> by_word;
  };
  Words& words_of(TypeId type, bool array);
  // From the word at byte `offset` of the object's data. `in_map`: the object is part of a map.
  Step at(Words& words, std::uint64_t offset, bool in_map) {
    if (words.size == 0) return in_map ? kInner : unknown_;
    auto word = (offset < words.size ? offset : offset % words.size) / 8;
    if (word < words.by_word.size() && words.by_word[word] != kNotYet) return words.by_word[word];
    return find(words, word * 8);
  }
  // The same of a variable that is not in the heap.
  Step in_variable(TypeId type, std::uint64_t offset);

  Step intern(std::string_view text);
  const std::string& text(Step step) const { return texts_[step]; }
  Step size() const { return static_cast<Step>(texts_.size()); }
  bool is_map_storage(TypeId type) { return namer_.is_map_storage(type); }

 private:
  static constexpr Step kNotYet = ~Step{0};
  static constexpr std::uint64_t kMostWords = 4096;  // that a type keeps the steps of
  static constexpr std::uint64_t kHeaderWords = 32;  // of a map or channel: more than any has
  Step find(Words& words, std::uint64_t offset);
  std::string describe(const Words& words, std::uint64_t offset);

  Views& views_;
  Namer namer_;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, Step> by_text_;
  std::deque<Words> words_;
  std::unordered_map<std::uint64_t, Words*> by_type_;
  Step unknown_;
};

}  // namespace overhang
