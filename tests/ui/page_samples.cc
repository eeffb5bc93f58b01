// Writes pages for the tests in a browser (web/tests): page_samples FOLDER. They come from the
// renderer itself, over reports made by hand and trees made by rule.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <random>

#include "report/html.h"
#include "unit/report/heap_models.h"

namespace overhang {
namespace {

// What a hostile program may call its types: markup that would run, end the data, or reorder text.
const std::string kHostile =
    "</script><img src=x onerror=\"window.hacked=1\"><!--<script>window.hacked=1</script>"
    "\xe2\x80\xae\xff'\"`${alert(1)}";

class TreeBuilder {
 public:
  std::uint32_t add(std::int64_t parent, const std::string& name, std::uint64_t bytes,
                    std::uint64_t hidden = 0, std::uint8_t flags = 0) {
    tree_.parent.push_back(parent);
    tree_.name.push_back(static_cast<std::uint32_t>(tree_.names.size()));
    tree_.names.push_back(name);
    tree_.bytes.push_back(bytes);
    tree_.objects.push_back(bytes > 0 ? 1 + bytes / 64 : 0);
    tree_.hidden_bytes.push_back(hidden);
    tree_.flags.push_back(flags);
    tree_.total_bytes += bytes;
    return static_cast<std::uint32_t>(tree_.parent.size() - 1);
  }
  TreeRows take() { return std::move(tree_); }

 private:
  TreeRows tree_;
};

// The heap of pool_report() as references lead to it. Figures that the tests know:
// main.pool 740,000,000 of 817,500,000, of it 733,900,000 through the hidden slots.
TreeRows pool_references() {
  constexpr auto kHidden = TreeRows::kThroughHidden;
  TreeBuilder tree;
  auto pool = tree.add(TreeRows::kRoot, "main.pool", 64);
  auto in_use = tree.add(pool, "inUse", 6099936, 5000000);
  auto hidden = tree.add(in_use, "[100000:]", 0, 0, kHidden);
  auto conn = tree.add(hidden, "main.Conn", 57600000, 57600000, kHidden);
  auto payload = tree.add(conn, "payload", 57600000, 57600000, kHidden);
  tree.add(payload, "[]uint8", 612000000, 612000000, kHidden);
  tree.add(conn, "labels", 6700000, 6700000, kHidden);
  auto server = tree.add(TreeRows::kRoot, "main.server", 500000);
  auto routes = tree.add(server, "routes", 40000000);
  tree.add(routes, "map[string]main.Handler", 30000000);
  auto goroutine = tree.add(TreeRows::kRoot, "goroutine main.(*Server).serve", 1000000);
  tree.add(goroutine, "buffer []uint8", 6000000);
  return tree.take();
}

// As many frames as asked for, under some two thousand names, some subtrees hidden. Half of the
// frames hang on one of the last few, so that the tree is deep; half on any.
TreeRows generated(std::size_t frames) {
  std::mt19937_64 random(20260102);
  TreeRows tree;
  for (int i = 0; i < 2000; i++)
    tree.names.push_back(fmt::format("main.{}{}", i % 3 == 0 ? "(*Node)." : "Type", i));
  for (std::size_t i = 0; i < frames; i++) {
    auto near = i - std::min<std::size_t>(i, 1 + random() % 6);
    auto any = i == 0 ? 0 : random() % i;
    auto parent = i == 0 ? TreeRows::kRoot : static_cast<std::int64_t>(i % 2 ? near : any);
    tree.parent.push_back(parent);
    tree.name.push_back(static_cast<std::uint32_t>(random() % tree.names.size()));
    auto bytes = 16u << (random() % 16);
    bool hidden =
        i > 0 && ((tree.flags[static_cast<std::size_t>(parent)] & 1) || random() % 60 == 0);
    tree.bytes.push_back(bytes);
    tree.objects.push_back(1 + bytes / 64);
    tree.hidden_bytes.push_back(hidden ? bytes : bytes / 16);
    tree.flags.push_back(hidden ? TreeRows::kThroughHidden : 0);
    tree.total_bytes += bytes;
  }
  tree.names[7] = "main.Needle";
  return tree;
}

// A linked list: every frame in the one before.
TreeRows chain(std::size_t frames) {
  TreeRows tree;
  tree.names = {"next *main.node"};
  for (std::size_t i = 0; i < frames; i++) tree.parent.push_back(static_cast<std::int64_t>(i) - 1);
  tree.name.assign(frames, 0);
  tree.bytes.assign(frames, 32);
  tree.objects.assign(frames, 1);
  tree.hidden_bytes.assign(frames, 0);
  tree.flags.assign(frames, 0);
  tree.total_bytes = 32 * frames;
  return tree;
}

void write(const std::string& path, const std::string& page) {
  std::ofstream out(path);
  out << page;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

LeakReport hostile_report() {
  auto report = testing::pool_report();
  report.target.exe = "/srv/" + kHostile;
  report.warnings = {kHostile};
  report.doubts[0].reference = kHostile;
  for (auto& site : report.sites) {
    site.site = site.element_type = site.doubt = kHostile;
    site.shared_with = site.path = {kHostile, kHostile};
    site.retained_types = {{kHostile, 1, 100}};
    site.sources = {{kHostile, 1, kHostile, kHostile}};
    for (auto& remedy : site.remedies) remedy.note = kHostile;
    site.picture = testing::pool_report().sites[0].picture;
    site.picture->windows[0].holder = kHostile;
  }
  report.spare[0].site = report.maps[0].site = kHostile;
  return report;
}

DiffReport comparison(const std::string& prefix) {
  auto newer = testing::pool_report(), older = newer;
  older.sites.pop_back();
  older.sites[0].retained_bytes = 12000000;
  older.sites[0].hidden_slots = 20000;
  older.sites[1].hidden_bytes = 2000000;
  for (auto* sites : {&older.sites, &newer.sites})
    for (auto& site : *sites) site.site = prefix + site.site;
  DiffReport diff;
  diff.target = newer.target;
  diff.older = newer.target;
  diff.older.live = false;
  diff.older.path = "/var/crash/before.core";
  diff.live_objects = {1000000, 6187857};
  diff.live_bytes = {97500000, 817500000};
  diff.overhang_objects = {70000, 4556251};
  diff.overhang_bytes = {12000000, 733900000};
  diff.spare_bytes = {9000000, 8300000};
  diff.lost_bytes = {2000000, 1000000};
  diff.sites = changes_of(older.sites, newer.sites);
  diff.types = {{prefix + "main.Conn", {15000, 900000}, {960000, 57600000}, {900000, 57600000}, {}},
                {prefix + "main.Session", {5, 1}, {480, 96}, {}, {}}};
  return diff;
}

void write_heaps(const std::string& folder) {
  auto heap = testing::heap_report();
  heap.dominators = testing::heap_dominators();
  write(folder + "/heap.html", render_html(heap, {}));

  heap.target.dwarf = false;
  heap.memory.runtime.reset();
  heap.target.exe = "/srv/" + kHostile;
  heap.warnings = {kHostile};
  for (auto& row : heap.types) row.type = kHostile;
  for (auto& row : heap.roots) row.root = kHostile;
  for (auto& name : heap.dominators->names) name = kHostile;
  write(folder + "/hostile_heap.html", render_html(heap, {}));
}

void write_all(const std::string& folder) {
  write_heaps(folder);

  auto references = pool_references();
  auto dominators = generated(3000);
  PageParts parts;
  parts.references = &references;
  parts.site_rows = {{2},
                     {8, 10}};  // [100000:]; routes and the goroutine, as if two slots led there
  parts.dominators = &dominators;
  parts.types = {{"main.Conn", 900000, 57600000, 57600000, 733900000},
                 {"[]uint8", 1800010, 618000000, 612000000, 618000000},
                 {"main.Handler", 12, 768, 0, 30000000}};
  write(folder + "/pool.html", render_html(testing::pool_report(), {}, parts));

  LeakReport nothing;
  nothing.target = testing::pool_report().target;
  nothing.heap.live_bytes = nothing.heap.visible_bytes = 4096;
  nothing.heap.live_objects = 12;
  write(folder + "/nothing.html", render_html(nothing, {}, {}));

  auto hostile = pool_references();
  for (auto& name : hostile.names) name = kHostile;
  parts.references = parts.dominators = &hostile;
  parts.site_rows = {{2}};
  parts.types = {{kHostile, 1, 1, 1, 1}};
  write(folder + "/hostile.html", render_html(hostile_report(), {}, parts));

  write(folder + "/diff.html", render_html(comparison(""), {}));
  write(folder + "/hostile_diff.html", render_html(comparison(kHostile), {}));

  auto large = generated(100000);
  parts = {};
  parts.references = &large;
  write(folder + "/large.html", render_html(testing::pool_report(), {}, parts));
  auto deep = chain(100000);
  parts.references = &deep;
  write(folder + "/deep.html", render_html(testing::pool_report(), {}, parts));

  // Many sites, each with a row.
  auto many = testing::pool_report();
  auto site = many.sites[0];
  for (int i = 0; i < 200; i++) {
    site.site = fmt::format("main.pools[{}]", i);
    site.retained_bytes = 1000 + 37 * ((i * 53) % 200);
    many.sites.push_back(site);
  }
  write(folder + "/many.html", render_html(many, {}, {}));
}

}  // namespace
}  // namespace overhang

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    overhang::write_all(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
