#include "goruntime/span_marks.h"

namespace overhang {

SpanMarks::SpanMarks(const Image& image, const Span& span)
    : bytes_((span.slots + 7) / 8), marks_(image.at(span.gcmark_bits, bytes_)) {
  if (!span.inline_marks) return;
  auto marks = span.base + kHeapPageSize - kInlineMarkBytes + kInlineMarksOffset;
  inline_marks_ = image.at(marks, bytes_);
}

bool SpanMarks::any() const {
  for (std::uint32_t i = 0; i < bytes_; i++)
    if (byte(i) != 0) return true;
  return false;
}

}  // namespace overhang
