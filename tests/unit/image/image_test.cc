#include "image/image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <map>

#include "base/parallel.h"
#include "image/file_map.h"
#include "unit/image/core_writer.h"

namespace overhang {
namespace {

struct TestImage : Image {
  TestImage() : Image(Architecture::Amd64, {}) {}

  void add(Address start, const std::string& bytes) {
    auto copy = std::make_shared<std::string>(bytes);
    add_segment({start, bytes.size(), reinterpret_cast<std::byte*>(copy->data()), true, {}});
    keep(copy);
  }
  std::string text(Address address, std::uint64_t size) const {
    auto found = bytes(address, size);
    return found ? std::string(as_text(*found)) : "hole";
  }
};

TEST(Image, StitchesAcrossSegmentsOnce) {
  TestImage image;
  image.add(0x100, "abc");
  image.add(0x103, "def");
  image.add(0x106, "ghi");
  image.add(0x10A, "after a gap");
  EXPECT_EQ(image.text(0x101, 7), "bcdefgh");
  EXPECT_EQ(image.at(0x101, 7), image.at(0x101, 7));
  EXPECT_EQ(image.at(0x101, 5), image.at(0x101, 7));  // a part of what is kept
  EXPECT_EQ(image.text(0x106, 5), "hole");
  EXPECT_EQ(image.text(0x102, 9), "hole");
}

TEST(Image, KeepsNoMoreStitchedBytesThanThereAreBytes) {
  TestImage image;
  image.add(0x100, std::string(100, 'a'));
  image.add(0x164, std::string(100, 'b'));
  std::uint64_t kept = 0;
  for (Address at = 0x100; at < 0x164; at++)
    if (image.at(at, 110)) kept += 110;
  EXPECT_EQ(kept, 110u);
  EXPECT_EQ(image.text(0x160, 8), "aaaabbbb");  // what fits still comes
  EXPECT_EQ(image.at(0x100, UINT64_MAX), nullptr);
}

TEST(Image, AnswersForNoBytesWhereThereIsASegment) {
  TestImage image;
  image.add(0x100, "abc");
  EXPECT_EQ(image.at(0x102, 0), image.at(0x100, 3) + 2);
  EXPECT_EQ(image.at(0x103, 0), nullptr);
}

TEST(Image, LaysLaterSegmentsUnderEarlierOnes) {
  TestImage image;
  image.add(0x110, "MIDDLE");
  image.add(0x120, "END");
  image.add(0x10E, "..xxxxxx..........??????????");  // to 0x12A
  EXPECT_EQ(image.text(0x10E, 0x1C), "..MIDDLE..........END???????");
  image.add(0x111, "xx");  // nothing new
  EXPECT_EQ(image.segments().size(), 5u);
  EXPECT_EQ(image.text(0x10D, 2), "hole");
}

TEST(Image, HoldsSegmentsUpToTheLastAddress) {
  TestImage image;
  image.add(UINT64_MAX - 7, "12345678");
  EXPECT_EQ(image.text(UINT64_MAX - 7, 7), "1234567");
  EXPECT_EQ(image.at(UINT64_MAX - 2, 8), nullptr);
}

TEST(Image, CachesNothingBetweenImages) {
  auto one = std::make_unique<TestImage>();
  one->add(0x100, "one");
  one->add(0x200, "one more");
  EXPECT_EQ(one->text(0x200, 3), "one");
  TestImage two;
  two.add(0x200, "two");
  EXPECT_EQ(two.text(0x200, 3), "two");
  EXPECT_EQ(two.text(0x100, 3), "hole");
  one.reset();
  EXPECT_EQ(two.text(0x200, 3), "two");
}

// A lazy segment whose bytes at offset o are o / 8 as words; pages in `bad` cannot be filled.
struct LazyImage : Image {
  static constexpr std::uint64_t kSize = 40 * kChunkSize + 12 * 4096;

  explicit LazyImage(Address start, std::map<std::uint64_t, bool> bad = {})
      : Image(Architecture::Amd64, {}), mirror(kSize), bad_pages(std::move(bad)) {
    Segment segment{start, kSize, mirror.data(), true, {}};
    segment.fill = [this](std::uint64_t offset, std::uint64_t size) {
      fills++;
      filled += size;
      for (auto page = offset / 4096; page < (offset + size + 4095) / 4096; page++)
        if (bad_pages.count(page)) return false;
      for (auto at = offset; at < offset + size; at += 8) {
        auto value = at / 8;
        std::memcpy(mirror.data() + at, &value, 8);
      }
      return true;
    };
    add_segment(std::move(segment));
  }
  std::vector<std::byte> mirror;
  std::map<std::uint64_t, bool> bad_pages;
  std::atomic<std::uint64_t> fills{0};
  std::atomic<std::uint64_t> filled{0};
};

TEST(LazySegment, IsFilledByChunksAsItIsRead) {
  LazyImage image(0x10000);
  EXPECT_EQ(image.word(0x10000 + 8 * 5), 5u);
  EXPECT_EQ(image.filled, Image::kChunkSize);
  EXPECT_EQ(image.word(0x10000 + Image::kChunkSize - 8), Image::kChunkSize / 8 - 1);
  EXPECT_EQ(image.fills, 1u);
  // Across a border: both chunks.
  auto both = image.bytes(0x10000 + Image::kChunkSize - 8, 16);
  ASSERT_TRUE(both);
  EXPECT_EQ(load<std::uint64_t>(*both, 8), Image::kChunkSize / 8);
  EXPECT_EQ(image.fills, 2u);
  // The last chunk is shorter.
  EXPECT_EQ(image.word(0x10000 + LazyImage::kSize - 8), LazyImage::kSize / 8 - 1);
  EXPECT_EQ(image.filled, 2 * Image::kChunkSize + 12 * 4096);
  EXPECT_EQ(image.at(0x10000 + LazyImage::kSize - 8, 9), nullptr);
}

TEST(LazySegment, LosesNoMoreThanThePagesThatCannotBeRead) {
  LazyImage image(0x10000, {{3, true}, {20, true}});
  EXPECT_EQ(image.word(0x10000 + 2 * 4096), 2u * 512);
  EXPECT_EQ(image.word(0x10000 + 3 * 4096), std::nullopt);
  EXPECT_EQ(image.word(0x10000 + 4 * 4096), 4u * 512);
  EXPECT_EQ(image.at(0x10000 + 2 * 4096, 4097), nullptr);
  EXPECT_NE(image.at(0x10000 + 2 * 4096, 4096), nullptr);
  EXPECT_EQ(image.at(0x10000 + 15 * 4096, 6 * 4096), nullptr);  // page 20, in the next chunk
  EXPECT_NE(image.at(0x10000 + 15 * 4096, 5 * 4096), nullptr);
  // What failed is not tried again.
  auto fills = image.fills.load();
  EXPECT_EQ(image.word(0x10000 + 3 * 4096), std::nullopt);
  EXPECT_EQ(image.word(0x10000 + 5 * 4096), 5u * 512);
  EXPECT_EQ(image.fills, fills);
}

TEST(LazySegment, IsFilledOnceWhenManyThreadsRead) {
  LazyImage image(0x10000);
  std::atomic<int> wrong{0};
  on_workers(8, [&](unsigned worker) {
    for (std::uint64_t i = 0; i < LazyImage::kSize / 8; i++) {
      auto at = (i * 8191 + worker * 977) % (LazyImage::kSize / 8);
      if (image.word(0x10000 + at * 8) != at) wrong++;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(image.filled, LazyImage::kSize);
}

TEST(LazySegment, LoadsWhatIsNamedAndNothingElse) {
  constexpr std::uint64_t kPage = 4096;
  LazyImage image(0x10000, {{40, true}});
  // Neighbours in one piece, the third range over a border of chunks, a hole, nothing, outside.
  std::vector<Image::Range> ranges{
      {0x10000 + 2 * kPage, kPage},      {0x10000 + 3 * kPage, 100},
      {0x10000 + 15 * kPage, 2 * kPage}, {0x10000 + 39 * kPage, 3 * kPage},
      {0x10000 + 50 * kPage, 0},         {0x10000 + LazyImage::kSize, kPage}};
  image.load(ranges);
  auto tried_whole_then_by_page = 3 * kPage + 3 * kPage;
  EXPECT_EQ(image.filled, 4 * kPage + tried_whole_then_by_page);
  auto fills = image.fills.load();
  EXPECT_EQ(fills, 3u + 1 + 3);
  for (std::uint64_t page : {2, 3, 15, 16, 39, 41})
    EXPECT_EQ(image.word(0x10000 + page * kPage), page * 512) << page;
  EXPECT_NE(image.at(0x10000 + 15 * kPage, 2 * kPage), nullptr);
  EXPECT_EQ(image.fills, fills) << "they were there";
  EXPECT_EQ(image.word(0x10000 + 40 * kPage), std::nullopt);
  // A read fills what is missing of its chunk, and no page twice.
  EXPECT_EQ(image.word(0x10000 + 4 * kPage), 4u * 512);
  EXPECT_EQ(image.word(0x10000 + 14 * kPage), 14u * 512);
  EXPECT_EQ(image.fills, fills + 2) << "[0, 2) and [4, 15)";
}

TEST(LazySegment, IsCutAroundWhatIsThere) {
  TestImage image;
  image.add(0x10000 + 100'000, std::string(16, 'x'));
  std::vector<std::byte> mirror(300'000);
  Image::Segment segment{0x10000, mirror.size(), mirror.data(), true, {}};
  segment.fill = [&](std::uint64_t offset, std::uint64_t size) {
    for (auto at = offset; at < offset + size; at++) mirror[at] = static_cast<std::byte>(at % 251);
    return true;
  };
  image.add_segment(segment);
  ASSERT_EQ(image.segments().size(), 3u);
  EXPECT_EQ(image.text(0x10000 + 100'000, 16), std::string(16, 'x'));
  for (std::uint64_t at : {0ul, 99'999ul, 100'016ul, 250'000ul, 299'999ul})
    EXPECT_EQ(image.read<std::uint8_t>(0x10000 + at), at % 251) << at;
}

TEST(FileMap, PassesOtherBusErrorsOn) {
  ScratchFile file(std::string(4096, 'x'));
  auto map = FileMap::open(file.path());
  ASSERT_TRUE(map);
  // Another map, not guarded: the process must end as it would without us, by the signal or by the
  // handler that was there (a sanitizer's). Were the fault swallowed, it would end with status 0.
  EXPECT_EXIT(
      {
        ScratchFile other(std::string(4096, 'y'));
        int fd = open(other.path().c_str(), 0);
        auto* data =
            static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
        if (truncate(other.path().c_str(), 0) != 0) _exit(0);
        unlink(other.path().c_str());
        _exit(data[0]);
      },
      [](int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }, "");
}

TEST(FileMap, GuardsManyMapsAndReusesTheirPlaces) {
  for (int round = 0; round < 3; round++) {
    ScratchFile file(std::string(8 * 4096, 'x'));
    std::vector<std::shared_ptr<FileMap>> maps;
    for (int i = 0; i < 50; i++) maps.push_back(*FileMap::open(file.path()));
    ASSERT_EQ(truncate(file.path().c_str(), 4096), 0);
    // From several threads at once.
    on_workers(4, [&](unsigned worker) {
      for (auto& map : maps) EXPECT_EQ(static_cast<char>(map->bytes()[(worker + 1) * 4096]), '\0');
    });
    for (auto& map : maps) EXPECT_EQ(map->lost_bytes(), 7u * 4096);
  }
}

}  // namespace
}  // namespace overhang
