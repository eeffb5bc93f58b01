// The fuzzers' corpus through the same entry points, in every test run: each file as it is, cut at
// many lengths, and with each of its bytes broken once.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/entry_points.h"

namespace overhang::fuzz {
namespace {

namespace fs = std::filesystem;
using EntryPoint = void (*)(ByteSpan);

ByteSpan as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

void replay(const fs::path& directory, EntryPoint entry) {
  unsigned files = 0;
  for (auto& item : fs::directory_iterator(directory)) {
    std::ifstream in(item.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    SCOPED_TRACE(item.path().filename().string());
    files++;
    entry(as_bytes(bytes));
    auto step = bytes.size() / 64 + 1;
    for (std::size_t length = 0; length < bytes.size(); length += step)
      entry(as_bytes(bytes.substr(0, length)));
    for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 512 + 1)
      for (int broken : {0x00, 0x80, 0xff}) {
        auto changed = bytes;
        changed[at] = static_cast<char>(broken);
        entry(as_bytes(changed));
      }
  }
  EXPECT_GE(files, 5u) << "the corpus in " << directory << " is gone";
}

TEST(Corpus, Cores) { replay(fs::path(OVERHANG_CORPUS_DIR) / "core", read_core); }
TEST(Corpus, Executables) { replay(fs::path(OVERHANG_CORPUS_DIR) / "executable", read_executable); }

}  // namespace
}  // namespace overhang::fuzz
