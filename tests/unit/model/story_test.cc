// Scripts as they are told: the article's by its golden text, and what pictures look like.
#include "model/story.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace overhang::model {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string story_of(const std::string& source, bool colour = false, unsigned minor = 26) {
  auto script = parse(source);
  if (!script) return script.error().message;
  StoryOptions options{.colour = colour, .lines = {}};
  std::istringstream in(source);
  for (std::string line; std::getline(in, line);) {
    for (std::size_t tab = 0; (tab = line.find('\t')) != std::string::npos;)
      line.replace(tab, 1, "    ");
    options.lines.push_back(line);
  }
  auto story = tell(*script, Allocator(minor), options);
  return story ? *story : story.error().message;
}

// Columns of a line: bytes that go on with a character take none.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(Story, OfTheArticle) {
  auto story = story_of(read(OVERHANG_TESTS_DIR "/../docs/examples/article.model"));
  EXPECT_EQ(story, read(OVERHANG_TESTS_DIR "/golden/model/article.txt"));
}

TEST(Story, FitsThePage) {
  auto story = story_of(R"(type Point struct { x, y, z float64 }
type Conn struct { id int }
type ServerOfManyConnections struct { connectionsInUse []*Conn }
all := make([]Point, 50000)
few := all[100:110]
all = nil
index := map[int][]*Conn{}
var server ServerOfManyConnections
for i := range 70 {
	server.connectionsInUse = append(server.connectionsInUse, new(Conn))
	index[i] = server.connectionsInUse[i:]
}
text := strings.Repeat("0123456789", 10000)
text = text[500:510]
)");
  std::istringstream in(story);
  for (std::string line; std::getline(in, line);) EXPECT_LE(columns(line), 100u) << line;
  EXPECT_NE(story.find("a column is"), std::string::npos);
}

TEST(Story, DrawsSlotsAndSlicesToScale) {
  auto story = story_of("s := make([]int, 4, 8)\nt := s[1:3:5]\ns = nil\n");
  EXPECT_NE(story.find("     A  8 × int, 64 B\n"
                       "        ■ ■ ■ ■ □ □ □ □\n"
                       "        ━━━━━━━ ╌╌╌╌╌╌╌  s  len 4 cap 8\n"
                       "          ━━━ ╌╌╌        t  len 2 cap 4\n"),
            std::string::npos)
      << story;
}

TEST(Story, NamesPointersByNumber) {
  auto story =
      story_of("type T struct { a int }\na := new(T)\ns := []*T{a, nil, new(T), a}\ns = s[:1]\n");
  EXPECT_NE(story.find("●1  ○   ●2  ●1\n"), std::string::npos) << story;
  EXPECT_NE(story.find("●1  ·   ✗2  ✗1\n"), std::string::npos) << story;
}

TEST(Story, HasColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(story_of("s := make([]int, 4)").find('\x1b'), std::string::npos);
  EXPECT_NE(story_of("s := make([]int, 4)", true).find("\x1b[1m"), std::string::npos);
}

TEST(Story, FollowsTheRelease) {
  const std::string source =
      "type T struct { a int }\nvar s []*T\nfor range 65 {\n\ts = append(s, nil)\n}\n";
  EXPECT_NE(story_of(source, false, 26).find("143 × *T, 1,152 B"), std::string::npos);
  EXPECT_NE(story_of(source, false, 21).find("128 × *T, 1,024 B"), std::string::npos);
}

TEST(Story, ShowsWhatIsAskedFor) {
  auto story = story_of("s := make([]int, 4)\nshow\n");
  EXPECT_NE(story.find("   2  show\n\n     A  4 × int"), std::string::npos) << story;
}

}  // namespace
}  // namespace overhang::model
