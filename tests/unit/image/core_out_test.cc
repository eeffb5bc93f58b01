// What core_writer.cc writes, read back by core.cc, byte for byte.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "image/core.h"
#include "image/core_writer.h"
#include "unit/image/core_writer.h"

namespace overhang {
namespace {

constexpr std::uint64_t kPage = Image::kPageSize;

// Memory made up of pages with one byte value each; others are zero, some cannot be read.
struct Memory {
  std::map<Address, std::uint8_t> pages;
  std::set<Address> unreadable;

  ReadMemory reader() const {
    return [this](Address address, std::byte* to, std::uint64_t size) {
      for (std::uint64_t at = 0; at < size; at += kPage) {
        if (unreadable.count(address + at)) return false;
        auto page = pages.find(address + at);
        std::memset(to + at, page == pages.end() ? 0 : page->second, kPage);
      }
      return true;
    };
  }
};

CoreSegment segment(Address start, std::uint64_t pages) {
  CoreSegment out;
  out.start = start;
  out.size = out.kept = pages * kPage;
  out.readable = out.writable = true;
  out.present = {{out.start, out.size}};
  return out;
}

CoreNotes notes() {
  CoreNotes out;
  out.architecture = Architecture::Amd64;
  out.pid = 77;
  out.command = "a name of more than fifteen bytes";
  out.arguments = std::string(200, 'x');
  for (std::uint32_t tid : {77, 78}) {
    ThreadState thread;
    thread.tid = tid;
    thread.register_count = 27;
    for (std::uint64_t i = 0; i < 27; i++) thread.registers[i] = tid * 1000 + i;
    out.threads.push_back(thread);
  }
  out.auxv = {{AT_ENTRY, 0x401010}, {AT_PAGESZ, kPage}};
  out.files = {{0x401000, 0x403000, 0x1000, "/bin/program"}, {0x500000, 0x501000, 0, "/lib/a b"}};
  out.snapshot = {1'700'000'000, 123'456'789'012, 11.25, "/proc/77/root/bin/program"};
  return out;
}

struct Written {
  Written(const CoreNotes& of, const std::vector<CoreSegment>& segments, const Memory& memory)
      : scratch(""), result(write(of, segments, memory)) {}

  Result<WrittenCore> write(const CoreNotes& of, const std::vector<CoreSegment>& segments,
                            const Memory& memory) {
    auto file = PendingFile::open(scratch.path());
    if (!file) return tl::unexpected(file.error());
    Meter meter;
    auto written = write_core(*file, of, segments, memory.reader(), 2, meter);
    if (auto done = file->commit(); !done) return tl::unexpected(done.error());
    image = open_core(scratch.path(), diagnostics);
    return written;
  }

  ScratchFile scratch;
  Diagnostics diagnostics;
  Result<std::unique_ptr<Image>> image = fail(ErrorKind::NotFound, "not written");
  Result<WrittenCore> result;
};

TEST(CoreOut, MemoryComesBackAndZeroPagesTakeNoRoom) {
  Memory memory;
  constexpr Address kStart = 0x7000'0000;
  constexpr std::uint64_t kPages = 5000;  // more than two pieces
  for (std::uint64_t i : {0u, 1u, 1023u, 1024u, 1026u, 2047u, 4999u})
    memory.pages[kStart + i * kPage] = static_cast<std::uint8_t>(i % 250 + 1);
  memory.pages[0x1000] = 9;
  Written core(notes(), {segment(0x1000, 1), segment(kStart, kPages)}, memory);
  ASSERT_TRUE(core.result) << core.result.error().message;
  ASSERT_TRUE(core.image) << core.image.error().message;
  for (std::uint64_t i = 0; i < kPages; i++) {
    auto page = memory.pages.find(kStart + i * kPage);
    std::uint8_t expected = page == memory.pages.end() ? std::uint8_t{0} : page->second;
    auto bytes = (*core.image)->bytes(kStart + i * kPage, kPage);
    ASSERT_TRUE(bytes) << i;
    ASSERT_EQ((*bytes)[0], std::byte{expected}) << i;
    ASSERT_EQ((*bytes)[kPage - 1], std::byte{expected}) << i;
  }
  EXPECT_EQ((*core.image)->read<std::uint8_t>(0x1000), 9);
  struct stat status;
  ASSERT_EQ(stat(core.scratch.path().c_str(), &status), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), core.result->file_bytes);
  EXPECT_GT(core.result->file_bytes, kPages * kPage);
  EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, 40 * kPage);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(CoreOut, WhatIsNotKeptIsAHole) {
  Memory memory;
  memory.pages[0x10000] = 1;
  memory.pages[0x11000] = 2;
  auto half = segment(0x10000, 2);
  half.kept = kPage;
  half.present = {{0x10000, kPage}};
  Written core(notes(), {half}, memory);
  ASSERT_TRUE(core.image);
  EXPECT_TRUE((*core.image)->at(0x10000, kPage));
  EXPECT_FALSE((*core.image)->at(0x11000, 1));
}

TEST(CoreOut, PagesThatCannotBeReadAreCountedAndCostNoOthers) {
  Memory memory;
  for (Address at : {0x10000, 0x11000, 0x12000}) memory.pages[at] = 7;
  memory.unreadable.insert(0x11000);
  Written core(notes(), {segment(0x10000, 3)}, memory);
  ASSERT_TRUE(core.result);
  EXPECT_EQ(core.result->missing_bytes, kPage);
  EXPECT_EQ((*core.image)->read<std::uint8_t>(0x10000), 7);
  EXPECT_EQ((*core.image)->read<std::uint8_t>(0x11000), 0);
  EXPECT_EQ((*core.image)->read<std::uint8_t>(0x12000), 7);
}

TEST(CoreOut, NotesComeBack) {
  Memory memory;
  memory.pages[0x1000] = 9;
  auto given = notes();
  Written core(given, {segment(0x1000, 1)}, memory);
  ASSERT_TRUE(core.image);
  const Image& image = **core.image;
  ASSERT_EQ(image.threads().size(), 2u);
  for (int i : {0, 1}) {
    EXPECT_EQ(image.threads()[i].tid, given.threads[i].tid);
    EXPECT_EQ(image.threads()[i].registers, given.threads[i].registers);
  }
  ASSERT_EQ(image.file_mappings().size(), 2u);
  EXPECT_EQ(image.file_mappings()[1].path, "/lib/a b");
  EXPECT_EQ(image.file_mappings()[0].file_offset, 0x1000u);
  EXPECT_EQ(image.auxv(AT_ENTRY), 0x401010u);
  ASSERT_TRUE(image.executable_mapping());
  EXPECT_EQ(image.executable_mapping()->path, "/bin/program");
  EXPECT_EQ(image.identity().pid, 77u);
  EXPECT_EQ(image.identity().taken_at, "2023-11-14T22:13:20Z");
  EXPECT_EQ(image.identity().clock_ns, 123'456'789'012);
  EXPECT_EQ(image.identity().pause_ms, 11.25);
  EXPECT_TRUE(core.diagnostics.warnings().empty());
}

TEST(CoreOut, MoreSegmentsThanTheElfHeaderCounts) {
  Memory memory;
  std::vector<CoreSegment> segments;
  for (Address i = 0; i < 70'000; i++) {
    segments.push_back(segment(0x10'0000 + i * 2 * kPage, 1));
    segments.back().kept = 0;
    segments.back().present.clear();
  }
  segments.push_back(segment(0x7000'0000'0000, 1));
  memory.pages[0x7000'0000'0000] = 5;
  Written core(notes(), segments, memory);
  ASSERT_TRUE(core.image) << core.image.error().message;
  EXPECT_EQ((*core.image)->read<std::uint8_t>(0x7000'0000'0000), 5);
  EXPECT_EQ((*core.image)->threads().size(), 2u);
}

TEST(SnapshotNote, RefusesWhatItDidNotWrite) {
  auto decode = [](std::string_view text) {
    return SnapshotNote::decode(std::as_bytes(std::span(text)));
  };
  EXPECT_FALSE(decode(""));
  EXPECT_FALSE(decode("taken_at 12"));
  EXPECT_FALSE(decode("taken_at 12\nclock_ns -1\n"));
  EXPECT_FALSE(decode("taken_at 99999999999999999999\nclock_ns 1\n"));
  EXPECT_FALSE(decode(std::string(100, '\0')));
  auto note = decode("taken_at 12\nnew key\nclock_ns 5\nexecutable /a\nb");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->executable, "/a\nb");
  EXPECT_FALSE(note->pause_ms);
}

// A scratch folder that tells what is in it.
struct Folder {
  Folder() {
    char name[] = "/tmp/overhang_test_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (auto& entry : std::filesystem::directory_iterator(path))
      out.push_back(entry.path().filename());
    return out;
  }
  std::string path;
};

TEST(PendingFile, IsNotThereUntilItIsDone) {
  Folder folder;
  auto path = folder.path + "/core";
  {
    auto file = PendingFile::open(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("abc", 3, 0));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(folder.names().empty());
  std::ofstream(path) << "before";
  auto file = PendingFile::open(path);
  ASSERT_TRUE(file->write("after", 5, 0));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"core"});
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "after");
}

TEST(PendingFile, RefusesWhatIsNoFile) {
  Folder folder;
  EXPECT_EQ(PendingFile::open(folder.path).error().kind, ErrorKind::BadInput);
  EXPECT_EQ(PendingFile::open("/dev/null").error().kind, ErrorKind::BadInput);
  EXPECT_EQ(PendingFile::open(folder.path + "/none/core").error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace overhang
