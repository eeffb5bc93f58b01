// The words for each category of hidden memory: what it means, and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model.h"

namespace overhang {

// What is hidden at the site and where, in one sentence: "len 100,000 of cap 1,135,616: 900,000
// slots past len still hold references".
std::string describe_hidden(const SiteRow& site);

// How to mend the code behind a category; empty for a category that is not known.
std::string_view advice_for(const SiteRow& site);

// The remedies that tell a person something, in the order of their telling: what frees, one
// threshold of those that free the same, and what is often taken for a remedy of this category.
std::vector<RemedyRow> remedies_to_show(const std::vector<RemedyRow>& remedies,
                                        std::string_view category);

// A remedy as a person writes it: "clear", "copy if cap > 4*len", "s[:n:n]".
std::string remedy_title(const RemedyRow& remedy);

}  // namespace overhang
