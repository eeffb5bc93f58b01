#include "report/pprof.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <protozero/pbf_writer.hpp>

namespace overhang {
namespace {

// Field numbers of proto/profile.proto (github.com/google/pprof).
namespace profile {
enum : protozero::pbf_tag_type {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kStringTable = 6,
  kDefaultSampleType = 14,
};
}  // namespace profile
namespace value_type {
enum : protozero::pbf_tag_type { kType = 1, kUnit = 2 };
}
namespace sample_field {
enum : protozero::pbf_tag_type { kLocationId = 1, kValue = 2, kLabel = 3 };
}
namespace label {
enum : protozero::pbf_tag_type { kKey = 1, kStr = 2 };
}
namespace mapping_field {
enum : protozero::pbf_tag_type { kId = 1, kFilename = 5, kHasFunctions = 7 };
}
namespace location_field {
enum : protozero::pbf_tag_type { kId = 1, kMappingId = 2, kLine = 4 };
}
namespace line_field {
enum : protozero::pbf_tag_type { kFunctionId = 1, kLine = 2 };
}
namespace function_field {
enum : protozero::pbf_tag_type { kId = 1, kName = 2, kFilename = 4, kStartLine = 5 };
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(
      value, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

}  // namespace

PprofWriter::PprofWriter(const std::vector<ValueType>& types, std::string_view shown) {
  text("");  // index 0, as the format asks
  protozero::pbf_writer out(data_);
  for (const ValueType& type : types) {
    auto name = number(text(type.type)), unit = number(text(type.unit));
    protozero::pbf_writer row(out, profile::kSampleType);
    row.add_int64(value_type::kType, name);
    row.add_int64(value_type::kUnit, unit);
  }
  out.add_int64(profile::kDefaultSampleType, number(text(shown)));
}

std::uint64_t PprofWriter::text(std::string_view text) {
  if (auto known = texts_.find(text); known != texts_.end()) return known->second;
  auto index = in_order_.size();
  in_order_.push_back(texts_.emplace(text, index).first->first);
  return index;
}

std::uint64_t PprofWriter::location(std::string_view name, const Line& line) {
  protozero::pbf_writer out(data_);
  auto [function, new_function] =
      functions_.try_emplace({text(name), text(line.file)}, functions_.size() + 1);
  if (new_function) {
    protozero::pbf_writer row(out, profile::kFunction);
    row.add_uint64(function_field::kId, function->second);
    // No system_name: where it is equal to the name, pprof takes what has brackets for C++ and
    // cuts it (internal/symbolizer: Demangle).
    row.add_int64(function_field::kName, number(function->first.first));
    row.add_int64(function_field::kFilename, number(function->first.second));
    if (line.function_line > 0) row.add_int64(function_field::kStartLine, line.function_line);
  }
  auto [location, new_location] =
      locations_.try_emplace({function->second, line.line}, locations_.size() + 1);
  if (new_location) {
    protozero::pbf_writer row(out, profile::kLocation);
    row.add_uint64(location_field::kId, location->second);
    row.add_uint64(location_field::kMappingId, 1);
    protozero::pbf_writer inner(row, location_field::kLine);
    inner.add_uint64(line_field::kFunctionId, function->second);
    if (line.line > 0) inner.add_int64(line_field::kLine, line.line);
  }
  return location->second;
}

void PprofWriter::sample(const std::vector<std::uint64_t>& stack,
                         const std::vector<std::uint64_t>& values,
                         const std::vector<Label>& labels) {
  std::vector<std::int64_t> numbers;
  for (auto value : values) numbers.push_back(number(value));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> texts;
  for (const Label& label : labels) texts.emplace_back(text(label.key), text(label.text));
  protozero::pbf_writer out(data_);
  protozero::pbf_writer row(out, profile::kSample);
  row.add_packed_uint64(sample_field::kLocationId, stack.begin(), stack.end());
  row.add_packed_int64(sample_field::kValue, numbers.begin(), numbers.end());
  for (auto [key, str] : texts) {
    protozero::pbf_writer inner(row, sample_field::kLabel);
    inner.add_int64(label::kKey, number(key));
    inner.add_int64(label::kStr, number(str));
  }
}

void PprofWriter::mapping(std::string_view file) {
  auto name = number(text(file));
  protozero::pbf_writer out(data_);
  protozero::pbf_writer row(out, profile::kMapping);
  row.add_uint64(mapping_field::kId, 1);
  row.add_int64(mapping_field::kFilename, name);
  row.add_bool(mapping_field::kHasFunctions, true);  // nothing is left to look up
}

std::string PprofWriter::take() {
  protozero::pbf_writer out(data_);
  for (auto text : in_order_) out.add_string(profile::kStringTable, text.data(), text.size());
  return gzipped(data_);
}

std::string gzipped(std::string_view data) {
  constexpr int kGzip = 15 + 16;  // zlib's way to say: the largest window, gzip's header
  constexpr int kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out;
  std::string piece(1 << 16, '\0');
  std::size_t read = 0;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    if (stream.avail_in == 0 && read < data.size()) {
      auto take = std::min<std::size_t>(data.size() - read, 1 << 30);
      // zlib does not write there; its interface is older than const.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data() + read));
      stream.avail_in = static_cast<uInt>(take);
      read += take;
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = deflate(&stream, read == data.size() ? Z_FINISH : Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace overhang
