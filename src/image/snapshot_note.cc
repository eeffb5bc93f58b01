#include "image/snapshot_note.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

namespace overhang {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string SnapshotNote::encode() const {
  auto text = fmt::format("taken_at {}\nclock_ns {}\n", taken_at, clock_ns);
  if (pause_ms) text += fmt::format("pause_us {}\n", static_cast<std::int64_t>(*pause_ms * 1000));
  // Last, up to the end: a path may hold anything.
  return text + "executable " + executable;
}

std::optional<SnapshotNote> SnapshotNote::decode(ByteSpan description) {
  SnapshotNote note;
  bool dated = false, clocked = false;
  for (auto rest = as_text(description); !rest.empty();) {
    if (rest.starts_with("executable ")) {
      note.executable = rest.substr(rest.find(' ') + 1);
      break;
    }
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto space = line.find(' ');
    if (space == line.npos) return std::nullopt;
    auto key = line.substr(0, space), value = line.substr(space + 1);
    std::int64_t pause_us = 0;
    if (key == "taken_at") dated = parse_number(value, note.taken_at);
    if (key == "clock_ns") clocked = parse_number(value, note.clock_ns);
    if (key == "pause_us" && parse_number(value, pause_us))
      note.pause_ms = static_cast<double>(pause_us) / 1000;
  }
  if (!dated || !clocked || note.clock_ns < 0) return std::nullopt;
  return note;
}

std::string utc_text(std::int64_t seconds) {
  std::time_t time = seconds;
  std::tm parts{};
  if (!gmtime_r(&time, &parts)) return {};
  char text[32];
  auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

}  // namespace overhang
