// Which remedy `overhang fix` tries first, by what the report says each frees.
#include "cli/fix.h"

#include <gtest/gtest.h>

namespace overhang::test {
namespace {

SiteRow row_that(std::uint64_t clear, std::uint64_t nil, std::uint64_t copy) {
  SiteRow row;
  row.remedies = {{"clear", {}, 0, clear, 0, ""},
                  {"nil_when_empty", {}, 0, nil, 0, ""},
                  {"copy", {}, 0, copy, 0, ""},
                  // No statement of its own: its figure is that of the sites' slices as they are.
                  {"copy_if_cap_exceeds", 4, 0, 1 << 30, 0, ""}};
  return row;
}

using Order = std::vector<Remedy>;

TEST(BestRemedies, FreeMost) {
  EXPECT_EQ(best_remedies(row_that(100, 0, 5000)), (Order{Remedy::Copy, Remedy::Clear}));
  EXPECT_EQ(best_remedies(row_that(5000, 0, 100)), (Order{Remedy::Clear, Remedy::Copy}));
  EXPECT_EQ(best_remedies(row_that(0, 5000, 5000)),
            (Order{Remedy::NilWhenEmpty, Remedy::Copy, Remedy::Clear}));
}

TEST(BestRemedies, CheaperOnesThatFreeNearlyAsMuchComeFirst) {
  EXPECT_EQ(best_remedies(row_that(733'900'000, 0, 742'200'000)),
            (Order{Remedy::Clear, Remedy::Copy}));
  EXPECT_EQ(best_remedies(row_that(899, 901, 1000)),
            (Order{Remedy::NilWhenEmpty, Remedy::Copy, Remedy::Clear}));
}

// To copy the tail's slice frees what its head hides, too: the head's own statement is cleared.
TEST(BestRemedies, AreMeasuredWithTheSameSitesOthers) {
  EXPECT_EQ(best_remedies(row_that(300, 0, 800)), (Order{Remedy::Copy, Remedy::Clear}));
  EXPECT_EQ(best_remedies(row_that(300, 0, 800), 450), (Order{Remedy::Clear, Remedy::Copy}));
  // Nothing that clearing frees here.
  EXPECT_EQ(best_remedies(row_that(0, 0, 800), 800), (Order{Remedy::Copy, Remedy::Clear}));
}

TEST(BestRemedies, AreThereWhereNoneFreesAnythingByItself) {
  EXPECT_EQ(best_remedies(row_that(0, 0, 0)), (Order{Remedy::Clear, Remedy::Copy}));
  EXPECT_EQ(best_remedies(SiteRow()), (Order{Remedy::Clear, Remedy::Copy}));
}

// Two lists of the same objects: the copy's figure is the array's alone, which clearing keeps.
TEST(BestRemedies, AreNotMeasuredByTheArrayWhereSitesKeepTheSame) {
  auto row = row_that(0, 0, 4448);
  EXPECT_EQ(best_remedies(row), (Order{Remedy::Copy, Remedy::Clear}));
  row.retained_jointly = true;
  EXPECT_EQ(best_remedies(row), (Order{Remedy::Clear, Remedy::Copy}));
}

TEST(Fix, SaysHowADependencyIsPatched) {
  auto advice = advice_for_dependency("/go/pkg/mod/github.com/!azure/go-amqp@v1.0.0/a/conn.go");
  EXPECT_NE(advice.find("github.com/Azure/go-amqp@v1.0.0:"), std::string::npos) << advice;
  EXPECT_NE(advice.find("cp -r '/go/pkg/mod/github.com/!azure/go-amqp@v1.0.0' ../go-amqp-patched "),
            std::string::npos)
      << advice;
  EXPECT_NE(advice.find("-replace github.com/Azure/go-amqp=../go-amqp-patched"), std::string::npos);
  for (auto* file : {"/home/x/relay/pool.go", "/usr/lib/go/src/net/http/header.go",
                     "/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/src/net/x.go"})
    EXPECT_EQ(advice_for_dependency(file), "") << file;
}

}  // namespace
}  // namespace overhang::test
