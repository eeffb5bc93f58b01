// Where the program's source makes what the report shows: from rows and their places to
// statements, by way of the function table's file names.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/open_target.h"
#include "goruntime/code_index.h"
#include "report/model.h"
#include "retain/sites.h"
#include "source/locate.h"
#include "source/search.h"
#include "source/typed_holders.h"

namespace overhang {

// The packages of a program's function tables.
class PackageIndex {
 public:
  explicit PackageIndex(const Runtime& runtime);

  // What the tables say of a package; no files where they have no function of it.
  source::PackageRecord record(const std::string& import_path) const;
  struct Place {
    std::string package, file;
    std::uint32_t line = 0;
  };
  // Of a function by the linker's name.
  Place function(std::string_view name) const;
  Place function_at(Address code) const;
  // The lines of these instructions, but for such as were inlined from other folders.
  std::set<source::CodeLine> lines_of(const std::vector<Address>& instructions) const;
  std::vector<std::string> packages() const;

 private:
  struct Run {
    const Module* module;
    std::uint32_t first, end;  // functions
  };
  template <class Visit>
  void each(const std::string& import_path, Visit&& visit) const;
  std::vector<std::string> inlined_files(const std::string& import_path) const;
  static Place place_of(const FunctionTable& table, const Function& function);
  const Runtime& runtime_;
  std::map<std::string, std::vector<Run>> packages_;  // by the path as the linker writes it
};

// "github.com/a/b.(*T).m" -> "github.com/a/b"
std::string package_of_function(std::string_view name);

// Rows beyond these are not searched for.
inline constexpr std::size_t kMaxSearched = 200;

using Statements = std::vector<source::Candidate>;

// The program's sources as far as its sites need them.
class Sources {
 public:
  Sources(const OpenedTarget& target, std::string directory, Diagnostics& diagnostics);

  // The statements for each row, best first. They do not depend on the order of the rows: all
  // searches see the same packages, those that any of them led to.
  std::vector<Statements> find(const std::vector<SiteRow>& rows,
                               const std::vector<SlicePlace>& places);
  // Walks the program's other packages too, within bounds: what is exported they may use.
  void read_users();
  source::Flows& flows() { return flows_; }
  const std::string& directory() const { return roots_.directory; }
  // The file of main.main as the compiler recorded it; "": there is none.
  std::string main_file() const { return index_.function("main.main").file; }
  int go_minor() const { return built_for_.go_minor; }  // that the program was built with

 private:
  std::vector<source::SourceText> load(const std::string& import_path);
  // Nothing where no place in the source is known.
  std::optional<source::SliceHolder> holder_of(const SiteRow& row, const SlicePlace& place);
  void read_packages_of(const std::vector<source::SliceHolder>& holders);
  std::vector<source::Candidate> find_methods(const std::string& type, source::SliceHolder holder);
  bool find_by_type(const std::string& element, source::SliceHolder& holder);
  bool find_by_code(const SlicePlace& place, source::SliceHolder& holder);

  Diagnostics& diagnostics_;
  CodeIndex code_;
  PackageIndex index_;
  source::SourceRoots roots_;
  source::BuildTarget built_for_;
  source::Program program_;
  source::Flows flows_;
};

// Fills `sources` of the report's rows, from the statements found for each.
void describe_sources(const std::vector<Statements>& statements, LeakReport& report);

}  // namespace overhang
