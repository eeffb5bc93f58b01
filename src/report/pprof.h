// Profiles for `go tool pprof`: google/pprof's proto/profile.proto, gzipped.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace overhang {

class PprofWriter {
 public:
  struct ValueType {
    std::string_view type, unit;  // "inuse_space", "bytes"
  };
  struct Label {
    std::string_view key, text;
  };
  // Where a frame is in the source; file "": not known.
  struct Line {
    std::string_view file;
    std::int64_t line = 0;
    std::int64_t function_line = 0;
  };

  // `shown`: the type that pprof shows unless told otherwise.
  PprofWriter(const std::vector<ValueType>& types, std::string_view shown);

  // The number of a frame; equal frames have one.
  std::uint64_t location(std::string_view name, const Line& line);
  // `stack`: the innermost frame first; a value for each type.
  void sample(const std::vector<std::uint64_t>& stack, const std::vector<std::uint64_t>& values,
              const std::vector<Label>& labels);
  // The program whose memory this is.
  void mapping(std::string_view file);

  // Ends the profile.
  std::string take();

 private:
  std::uint64_t text(std::string_view text);  // index into the string table

  std::string data_;  // the encoded message so far
  std::map<std::string, std::uint64_t, std::less<>> texts_;
  std::vector<std::string_view> in_order_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> functions_;  // by name and file
  std::map<std::pair<std::uint64_t, std::int64_t>, std::uint64_t> locations_;   // function and line
};

// As `gzip` writes it.
std::string gzipped(std::string_view data);

}  // namespace overhang
