// Edits of files as a unified diff.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "source/program.h"
#include "source/rewrite.h"

namespace overhang::source {

class Patch {
 public:
  // Adds all of a rewrite's edits, or none where they collide with edits made before. False: they
  // do.
  bool add(const File& file, const Rewrite& rewrite);
  bool empty() const { return files_.empty(); }
  // Names of files are relative to `root`; three lines of context.
  std::string diff(const std::string& root) const;

 private:
  struct Changes {
    std::vector<Edit> edits;
    std::set<std::string> imports;
  };
  std::map<std::string, std::pair<const File*, Changes>> files_;  // by path
};

// The order in which edits are carried out.
bool before(const Edit& a, const Edit& b);
// `text` with non-overlapping edits carried out.
std::string edited(const std::string& text, std::vector<Edit> edits);
// "" where nothing differs.
std::string unified_diff(const std::string& name, const std::string& before,
                         const std::vector<Edit>& edits);

}  // namespace overhang::source
