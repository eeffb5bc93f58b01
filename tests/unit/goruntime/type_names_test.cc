#include "goruntime/type_names.h"

#include <gtest/gtest.h>

namespace overhang {
namespace {

TEST(ShortTypeName, LeavesNamesWithoutPathsAlone) {
  EXPECT_EQ(short_type_name("map[string]*main.Conn"), "map[string]*main.Conn");
  EXPECT_EQ(short_type_name(""), "");
}

TEST(ShortTypeName, KeepsThePackageOfEachPath) {
  EXPECT_EQ(short_type_name("*net/http.Request"), "*http.Request");
  EXPECT_EQ(short_type_name("map[net/netip.Addr][]crypto/tls.Certificate"),
            "map[netip.Addr][]tls.Certificate");
  EXPECT_EQ(short_type_name("func(context.Context, ...go/ast.Node) (io/fs.File, error)"),
            "func(context.Context, ...ast.Node) (fs.File, error)");
  EXPECT_EQ(short_type_name("<-chan github.com/a-b/c.T"), "<-chan c.T");
  EXPECT_EQ(short_type_name("struct { A net/url.URL; B *io/fs.File }"),
            "struct { A url.URL; B *fs.File }");
}

TEST(ShortTypeName, ShortensTypeArguments) {
  EXPECT_EQ(short_type_name("main.Ring[net/url.URL]"), "main.Ring[url.URL]");
  EXPECT_EQ(short_type_name("internal/sync.node[interface {},net/http.Header]"),
            "sync.node[interface {},http.Header]");
  EXPECT_EQ(short_type_name("a/b.G[map[c/d.K][]e/f.V]"), "b.G[map[d.K][]f.V]");
}

TEST(ShortTypeName, PassesOverMajorVersionsAndUndoesEscapes) {
  EXPECT_EQ(short_type_name("example.com/pool/v2.Conn"), "pool.Conn");
  EXPECT_EQ(short_type_name("example.com/pool/v2x.Conn"), "v2x.Conn");
  EXPECT_EQ(short_type_name("gopkg.in/yaml%2ev3.Node"), "yaml.v3.Node");
}

TEST(ShortTypeName, DoesNotTouchStructTags) {
  EXPECT_EQ(short_type_name(R"(struct { A net/url.URL "k:\"a/b.c\"" })"),
            R"(struct { A url.URL "k:\"a/b.c\"" })");
  EXPECT_EQ(short_type_name("struct { A int \"unended/x"), "struct { A int \"unended/x");
}

}  // namespace
}  // namespace overhang
