#include "goruntime/gc_program.h"

namespace overhang {
namespace {

// Reads the program and collects the bits; any failure sticks.
class GcProgram {
 public:
  GcProgram(const Image& image, Address at, std::uint64_t bits)
      : image_(image), at_(at), limit_(bits), mask_((bits + 7) / 8) {}

  bool run() {
    // Every instruction emits a bit at least, or fails. The last may go past ptrdata: elements of
    // an array end in scalars.
    while (ok_ && emitted_ < limit_) {
      auto instruction = byte();
      if (instruction == 0) return ok_;
      std::uint64_t count = instruction & 0x7F;
      if (instruction & 0x80)
        repeat(count != 0 ? count : varint());
      else
        literal(count);
    }
    return ok_;
  }
  std::vector<std::byte> take() { return std::move(mask_); }

 private:
  std::uint8_t byte() {
    auto value = image_.read<std::uint8_t>(at_++);
    ok_ = ok_ && value;
    return value.value_or(0);
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      auto part = byte();
      value |= std::uint64_t{part & 0x7Fu} << shift;
      if (part < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void emit(bool bit) {
    if (bit) mask_[emitted_ / 8] |= std::byte{1} << (emitted_ % 8);
    emitted_++;
  }
  void literal(std::uint64_t count) {
    std::uint8_t bits = 0;
    for (std::uint64_t i = 0; ok_ && i < count && emitted_ < limit_; i++) {
      if (i % 8 == 0) bits = byte();
      emit(bits >> (i % 8) & 1);
    }
  }
  // Repeats the last `length` bits `times` times.
  void repeat(std::uint64_t length) {
    auto times = varint();
    ok_ = ok_ && length != 0 && length <= emitted_ && times != 0;
    if (!ok_) return;
    auto bits = times > (limit_ - emitted_) / length ? limit_ - emitted_ : length * times;
    for (std::uint64_t i = 0; i < bits; i++) {
      auto from = emitted_ - length;
      emit((mask_[from / 8] >> (from % 8) & std::byte{1}) != std::byte{0});
    }
  }

  const Image& image_;
  Address at_;
  std::uint64_t limit_;
  std::uint64_t emitted_ = 0;
  std::vector<std::byte> mask_;
  bool ok_ = true;
};

}  // namespace

std::optional<std::vector<std::byte>> run_gc_program(const Image& image, Address program,
                                                     std::uint64_t bits) {
  GcProgram run(image, program, bits);
  if (!run.run()) return std::nullopt;
  return run.take();
}

}  // namespace overhang
