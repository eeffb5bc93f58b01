#include "cli/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "text/columns.h"

namespace overhang {
namespace {

TEST(ProgressLine, SaysHowFarAndWhatIsLeft) {
  EXPECT_EQ(progress_line({"views", 2000}, {1500000, 6000000, "object", 2000}),
            "views: 25.0 % of 6,000,000 objects, about 6 s left");
  EXPECT_EQ(progress_line({"views", 9}, {10, 1000, "span", 600000}),
            "views: 1.0 % of 1,000 spans");  // too little for an estimate
  EXPECT_EQ(progress_line({"heap", 9}, {500, 1000, "span", 100}), "heap: 50.0 % of 1,000 spans");
  EXPECT_EQ(progress_line({"heap", 9}, {100, 1000, "span", 60000}),
            "heap: 10.0 % of 1,000 spans, about 9 min left");
}

TEST(ProgressLine, BytesInTheirUnits) {
  EXPECT_EQ(progress_line({"write", 9}, {250000000, 1000000000, "bytes", 1000}),
            "write: 25.0 % of 1.0 GB, about 3 s left");
}

TEST(ProgressLine, WithoutAMeasureSaysHowLong) {
  EXPECT_EQ(progress_line({"open", 400}, {}), "open");
  EXPECT_EQ(progress_line({"open", 2400}, {}), "open: 2 s");
  // All is counted, and the phase goes on.
  EXPECT_EQ(progress_line({"mark", 2400}, {7, 7, "object", 5000}), "mark: 2 s");
}

TEST(ProgressLine, FitsATerminal) {
  PhaseTime phase{std::string(200, 'x'), 1};
  EXPECT_LE(display_width(progress_line(phase, {1ull << 62, ~0ull, "object", 1e15})), 78u);
}

class ProgressOnPipe : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(ends_, O_NONBLOCK), 0); }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  // What has arrived, once it holds `part` (or 20 s have passed).
  std::string read_until(std::string_view part) {
    std::string out;
    char buffer[4096];
    pollfd watched{ends_[0], POLLIN, 0};
    while (out.find(part) == std::string::npos && poll(&watched, 1, 20000) > 0)
      out.append(buffer, static_cast<std::size_t>(read(ends_[0], buffer, sizeof buffer)));
    return out;
  }
  std::string rest() {
    char buffer[4096];
    auto size = read(ends_[0], buffer, sizeof buffer);
    return {buffer, size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  int ends_[2];
  Progress::Pace fast_{std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
};

TEST_F(ProgressOnPipe, ShowsThePhaseThatStartedLastAndGoesAway) {
  Diagnostics diagnostics;
  Progress progress(diagnostics, true, ends_[1], fast_);
  {
    Phase outer(diagnostics, "outer");
    EXPECT_NE(read_until("outer").find("\router\x1b[K"), std::string::npos);
    {
      Phase inner(diagnostics, "inner");
      diagnostics.meter().begin(8000, "object");
      diagnostics.meter().advance(2000);
      EXPECT_NE(read_until("25.0 % of 8,000").find("\rinner: 25.0 % of 8,000 objects"),
                std::string::npos);
      diagnostics.meter().less(4000);
      EXPECT_NE(read_until("50.0 %").find("50.0 % of 4,000 objects"), std::string::npos);
      diagnostics.meter().end();
    }
    EXPECT_NE(read_until("\router").find("\router"), std::string::npos);
  }
  progress.clear();
  auto last = rest();
  EXPECT_TRUE(last.ends_with("\r\x1b[K")) << last;
}

TEST_F(ProgressOnPipe, ShortWorkShowsNothing) {
  Diagnostics diagnostics;
  Phase phase(diagnostics, "short");
  { Progress progress(diagnostics, true, ends_[1], {std::chrono::hours(1), fast_.next}); }
  { Progress progress(diagnostics, false, ends_[1], fast_); }
  EXPECT_EQ(rest(), "");
}

TEST(Meter, LessThanNothingIsNothing) {
  Meter meter;
  meter.begin(10, "object");
  meter.less(11);
  EXPECT_EQ(meter.read().total, 0u);
}

}  // namespace
}  // namespace overhang
