// Reports as one HTML page: everything that it shows and runs is in the file, so that it
// opens from disk and needs no network. The page's script and style are made from web/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "report/diff.h"
#include "report/heap.h"
#include "report/render.h"
#include "report/tree.h"

namespace overhang {

// Frames of a tree in a page, at most: some 25 bytes each in the file, and what a browser is tested
// with.
inline constexpr std::size_t kMaxPageFrames = 100'000;

// What a page shows beside the leak report; the page leaves out what is absent.
struct PageParts {
  const TreeRows* references = nullptr;  // by reference path
  // By site of the report (as far as it goes): the rows of `references` that its hidden slots lead
  // to first.
  std::vector<std::vector<std::uint32_t>> site_rows;
  const TreeRows* dominators = nullptr;
  std::vector<HeapTypeRow> types;
};

// The page, with the data as schema "overhang.page/1" (docs/ARCHITECTURE.md) inside. Names of the
// target may be any bytes: none can end the data's element, and the page shows them as text alone.
std::string render_html(const LeakReport& report, const Selection& selection,
                        const PageParts& parts);
std::string render_html(const HeapReport& report, const Selection& selection);
std::string render_html(const DiffReport& report, const Selection& selection);

}  // namespace overhang
