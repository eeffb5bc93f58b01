#include "text/columns.h"

#include <gtest/gtest.h>

namespace overhang {
namespace {

TEST(Columns, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("main.Conn"), 9u);
  EXPECT_EQ(display_width("a → b"), 5u);
  EXPECT_EQ(display_width("naïve"), 5u);
  EXPECT_EQ(display_width("e\u0301"), 1u) << "a combining accent takes no column";
  EXPECT_EQ(display_width("連接"), 4u) << "wide characters take two";
}

TEST(Columns, PrintableTakesOutWhatDrivesATerminal) {
  EXPECT_EQ(printable("main.Конн→连"), "main.Конн→连");
  EXPECT_EQ(printable("a\x1b[31mb\n\tc\x7f"), "a?[31mb??c?");
  EXPECT_EQ(printable("\u202Eabc\u200B"), "?abc?") << "direction and zero width";
  EXPECT_EQ(printable("\u0085"), "?") << "C1 controls";
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "?x");
}

TEST(Columns, PrintableReplacesEachBrokenByte) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xc0\xaf"), "??") << "overlong";
  EXPECT_EQ(printable("\xe2\x82"), "??") << "cut short";
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "past U+10FFFF";
}

TEST(Columns, CutMiddleKeepsBothEnds) {
  EXPECT_EQ(cut_middle("0123456789", 10), "0123456789");
  EXPECT_EQ(cut_middle("0123456789", 9), "0123…6789");
  EXPECT_EQ(cut_middle("0123456789", 4), "01…9");
  EXPECT_EQ(cut_middle("0123456789", 1), "…");
  EXPECT_EQ(cut_middle("0123456789", 0), "");
}

TEST(Columns, CutMiddleNeverSplitsACharacter) {
  // Five wide characters take ten columns; an odd room is left with a column unused.
  std::string wide = "一二三四五";
  for (std::size_t width = 0; width < 10; width++) {
    auto cut = cut_middle(wide, width);
    EXPECT_LE(display_width(cut), width);
    EXPECT_EQ(printable(cut), cut);
  }
  EXPECT_EQ(cut_middle(wide, 9), "一二…四五");
  EXPECT_EQ(cut_middle(wide, 10), wide);
}

TEST(Columns, PadRightByColumns) {
  EXPECT_EQ(pad_right("ab", 4), "ab  ");
  EXPECT_EQ(pad_right("→", 3), "→  ");
  EXPECT_EQ(pad_right("abcd", 2), "abcd");
}

TEST(Columns, FlowFillsLines) {
  EXPECT_TRUE(flow({}, " · ", 10).empty());
  EXPECT_EQ(flow({"aaa", "bbb", "ccc"}, " · ", 9), (std::vector<std::string>{"aaa · bbb", "ccc"}));
  EXPECT_EQ(flow({"one two three four"}, " · ", 9),
            (std::vector<std::string>{"one two", "three", "four"}));
  EXPECT_EQ(flow({"a", "0123456789abc"}, ", ", 9), (std::vector<std::string>{"a", "0123…9abc"}));
}

}  // namespace
}  // namespace overhang
