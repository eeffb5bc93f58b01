#include "support/machine_shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace overhang::test {
namespace {

using model::Statement;
using Statements = std::vector<Statement>;

constexpr std::size_t kMostCandidates = 60;  // of one round

// The text names the word.
bool names(const Statement& statement, const std::string& word) {
  if (statement.text.find(word) != std::string::npos) return true;
  return std::any_of(statement.body.begin(), statement.body.end(),
                     [&](const Statement& inner) { return names(inner, word); });
}

// Without statements [first, first + count); nothing where another one needs a type of theirs.
std::optional<Statements> without(const Statements& all, std::size_t first, std::size_t count) {
  Statements rest;
  for (std::size_t i = 0; i < all.size(); i++)
    if (i < first || i >= first + count) rest.push_back(all[i]);
  for (auto i = first; i < first + count; i++)
    if (all[i].op == Statement::Op::Type)
      for (const Statement& other : rest)
        if (names(other, all[i].type->name)) return std::nullopt;
  return rest;
}

// A loop that is taken fewer times, its body once, and with less in its body.
std::vector<Statements> with_less_of_loop(const Statements& all, std::size_t at) {
  std::vector<Statements> out;
  const Statement& loop = all[at];
  auto once = all;
  if (loop.names.empty()) {
    once.erase(once.begin() + static_cast<std::ptrdiff_t>(at));
    once.insert(once.begin() + static_cast<std::ptrdiff_t>(at), loop.body.begin(), loop.body.end());
    out.push_back(std::move(once));
  }
  for (std::size_t i = 0; i < loop.body.size() && loop.body.size() > 1; i++) {
    out.push_back(all);
    auto& body = out.back()[at].body;
    body.erase(body.begin() + static_cast<std::ptrdiff_t>(i));
  }
  auto times = loop.values[0].number;
  for (auto fewer : {times / 2, times - 1}) {
    if (loop.values[0].op != model::Expr::Op::Number || fewer < 1 || fewer >= times) continue;
    auto changed = all;
    Statement& shorter = changed[at];
    shorter.values[0].number = fewer;
    auto number = shorter.text.rfind(std::to_string(times));
    if (number == std::string::npos) continue;
    shorter.text.replace(number, std::to_string(times).size(), std::to_string(fewer));
    out.push_back(std::move(changed));
  }
  return out;
}

// Smaller programs, the smallest first.
std::vector<Statements> smaller(const Statements& all) {
  std::vector<Statements> out;
  for (auto count = all.size() / 2; count > 0; count /= 2)
    for (std::size_t first = 0; first + count <= all.size(); first += count)
      if (auto rest = without(all, first, count)) out.push_back(std::move(*rest));
  for (std::size_t i = 0; i < all.size(); i++)
    if (all[i].op == Statement::Op::For)
      for (auto& less : with_less_of_loop(all, i)) out.push_back(std::move(less));
  return out;
}

}  // namespace

Shrunk shrink(MachineProgram program, std::string difference, unsigned minor, const Judge& judge,
              unsigned rounds) {
  Shrunk best{std::move(program), std::move(difference)};
  const auto types = best.program.machine.types();
  for (unsigned round = 0; round < rounds; round++) {
    std::vector<std::pair<Statements, Placements>> ways;
    for (const auto& [variable, placed] : best.program.placements) {
      auto fewer = best.program.placements;
      fewer.erase(variable);
      ways.emplace_back(best.program.statements, std::move(fewer));
    }
    for (auto& statements : smaller(best.program.statements))
      ways.emplace_back(std::move(statements), best.program.placements);
    bool any = false;
    for (std::size_t i = 0; i < ways.size() && !any && round < rounds;) {
      std::vector<MachineProgram> candidates;
      for (; i < ways.size() && candidates.size() < kMostCandidates; i++) {
        try {
          auto candidate = MachineProgram::run(std::move(ways[i].first), types, minor,
                                               std::move(ways[i].second));
          if (best.program.cure && !candidate.findings.sites.empty()) {
            candidate.cure = best.program.cure;
            candidate.cure->site =
                std::min(candidate.cure->site, candidate.findings.sites.size() - 1);
          }
          candidates.push_back(std::move(candidate));
        } catch (const std::runtime_error&) {
          // A statement needs what was left out.
        }
      }
      if (candidates.empty()) continue;
      auto found = judge(candidates);
      for (std::size_t c = 0; c < candidates.size() && !any; c++) {
        if (found[c].empty()) continue;
        best = {std::move(candidates[c]), found[c]};
        any = true;
      }
      if (!any) round++;
    }
    if (!any) break;
  }
  return best;
}

}  // namespace overhang::test
