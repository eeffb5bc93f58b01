// The leak report as stacks: a site's path, its hidden slots, and the types that hang on them.
#include <fmt/format.h>

#include <algorithm>

#include "report/pprof.h"
#include "report/render.h"
#include "report/stacks.h"

namespace overhang {
namespace {

struct Stack {
  std::vector<std::string> frames;  // the root first
  const SiteRow* site = nullptr;    // nullptr: of several sites together
  std::uint64_t retained_bytes = 0, retained_objects = 0, hidden_bytes = 0;
};

bool is_index(const std::string& step) {
  return step.size() > 2 && step.starts_with('[') && step.ends_with(']') &&
         step.find_first_not_of("0123456789") == 1;
}

// A site stands for all its arrays: "[17]" of the one whose path is told becomes "[]".
std::vector<std::string> frames_of(const SiteRow& site) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 1 < site.path.size(); i++)
    out.push_back(is_index(site.path[i]) ? "[]" : site.path[i]);
  out.push_back(hidden_frame(site.category, site.site));
  return out;
}

void add_site(const SiteRow& site, std::vector<Stack>& out) {
  auto frames = frames_of(site);
  out.push_back({frames, &site, 0, 0, site.hidden_bytes});
  if (site.retained_bytes == 0) return;  // the types are of what is possible only
  for (const TypeCount& type : site.retained_types) {
    frames.push_back(type.type);
    out.push_back({frames, &site, type.bytes, type.objects, type.bytes});
    frames.pop_back();
  }
}

std::vector<Stack> stacks_of(const LeakReport& report, const Selection& selection) {
  std::vector<Stack> out;
  std::uint64_t alone_bytes = 0, alone_objects = 0;
  std::size_t shown = 0;
  for (const SiteRow& site : report.sites) {
    alone_bytes += site.retained_bytes;
    alone_objects += site.retained_objects;
    if (shown >= selection.top || weight(site) < selection.min_bytes) continue;
    shown++;
    add_site(site, out);
  }
  const HeapTotals& heap = report.heap;
  if (heap.overhang_bytes > alone_bytes)
    out.push_back({{"[kept by several sites together]"},
                   nullptr,
                   heap.overhang_bytes - alone_bytes,
                   heap.overhang_objects - std::min(heap.overhang_objects, alone_objects),
                   heap.overhang_bytes - alone_bytes});
  std::erase_if(out, [](const Stack& stack) { return stack.hidden_bytes == 0; });
  return out;
}

}  // namespace

std::string render_folded(const LeakReport& report, const Selection& selection) {
  std::string out;
  for (const Stack& stack : stacks_of(report, selection)) {
    for (std::size_t i = 0; i < stack.frames.size(); i++)
      out += (i > 0 ? ";" : "") + folded_name(stack.frames[i]);
    out += fmt::format(" {}\n", stack.hidden_bytes);
  }
  return out;
}

std::string render_pprof(const LeakReport& report, const Selection& selection) {
  PprofWriter out(
      {{"retained_space", "bytes"}, {"retained_objects", "count"}, {"hidden_space", "bytes"}},
      "retained_space");
  out.mapping(report.target.exe);
  for (const Stack& stack : stacks_of(report, selection)) {
    std::vector<std::uint64_t> locations;
    auto slots = stack.site ? frames_of(*stack.site).size() - 1 : stack.frames.size();
    for (std::size_t i = stack.frames.size(); i-- > 0;)
      locations.push_back(out.location(
          stack.frames[i], i == slots ? line_of(stack.site->sources) : PprofWriter::Line{}));
    std::vector<PprofWriter::Label> labels;
    if (stack.site) labels = {{"category", stack.site->category}, {"site", stack.site->site}};
    out.sample(locations, {stack.retained_bytes, stack.retained_objects, stack.hidden_bytes},
               labels);
  }
  return out.take();
}

}  // namespace overhang
