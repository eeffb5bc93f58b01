#include "model/picture.h"

#include <fmt/format.h>

#include <algorithm>

namespace overhang::model {
namespace {

constexpr std::size_t kIndent = 8;
constexpr std::uint64_t kColumns = 64;  // for slots

// How slots lie on columns.
struct Scale {
  std::uint64_t slots = 0;
  std::uint64_t width = 1;  // columns of a slot, where one has at least one
  bool shrunk = false;      // kColumns columns stand for all slots

  explicit Scale(const Object& array)
      : slots(array.count),
        width(numbered(array)         ? 4
              : slots <= kColumns / 2 ? 2
                                      : 1),
        shrunk(slots > kColumns) {}
  // Of pointers there is room to say to what.
  static bool numbered(const Object& array) {
    return array.count <= kColumns / 4 && array.elem->kind == Kind::Pointer;
  }
  std::uint64_t columns() const { return shrunk ? kColumns : slots * width; }
  // Of the slot's left edge; of the end of all slots where it is `slots`.
  std::uint64_t column(std::uint64_t slot) const {
    return shrunk ? slot * kColumns / slots : slot * width;
  }
  // The slots that a column stands for are [first(c), first(c + 1)).
  std::uint64_t first(std::uint64_t column) const {
    return shrunk ? (column * slots + kColumns - 1) / kColumns : column / width;
  }
};

enum class Mark : std::uint8_t { Used, Empty, Hidden, Stale, Mixed };

Mark mark_of(const Memory& memory, const Visible& visible, ObjectIndex array, std::uint64_t slot) {
  const Object& object = memory[array];
  bool holds = false;
  for (std::uint64_t i = 0; i < object.elem->refs; i++)
    holds |= !object.refs[slot * object.elem->refs + i].nil();
  bool pointers = object.elem->pointers();
  if (visible.slots[array][slot]) return holds || !pointers ? Mark::Used : Mark::Empty;
  return holds ? Mark::Stale : Mark::Hidden;
}

void put_mark(Canvas& canvas, Mark mark, bool pointers) {
  switch (mark) {
    case Mark::Used:
      canvas.put(pointers ? "●" : "■");
      break;
    case Mark::Empty:
      canvas.put("○");
      break;
    case Mark::Hidden:
      canvas.put(pointers ? "·" : "□", pointers ? Canvas::Style::Dim : Canvas::Style::Alarm);
      break;
    case Mark::Stale:
      canvas.put("✗", Canvas::Style::Alarm);
      break;
    case Mark::Mixed:
      canvas.put("▣");
      break;
  }
}

void draw_slots(Canvas& canvas, const Memory& memory, const Visible& visible, ObjectIndex array,
                Numbers& numbers) {
  const Object& object = memory[array];
  const Scale scale(object);
  canvas.put(std::string(kIndent, ' '));
  for (std::uint64_t column = 0; column < scale.columns(); column++) {
    if (!scale.shrunk && column % scale.width != 0) {
      if (scale.width == 2) canvas.put(" ");
      continue;
    }
    // Where a column stands for several slots, a reference that is hidden is shown before all else.
    bool visible_any = false, hidden_any = false;
    auto worst = Mark::Used;
    auto first = scale.first(column);
    auto last = scale.shrunk ? scale.first(column + 1) : first + 1;
    for (auto slot = first; slot < std::max(last, first + 1); slot++) {
      auto mark = mark_of(memory, visible, array, slot);
      (mark == Mark::Hidden ? hidden_any : visible_any) = true;
      worst = std::max(worst, mark);
    }
    if (worst == Mark::Hidden && visible_any && hidden_any) worst = Mark::Mixed;
    put_mark(canvas, worst, object.elem->pointers());
    if (scale.width != 4) continue;
    const Ref& ref = object.refs[first];
    auto number = ref.nowhere() ? "" : std::to_string(numbers.of(ref.object));
    if (number.size() > 3) number.clear();
    number.resize(3, ' ');
    canvas.put(number, worst == Mark::Stale ? Canvas::Style::Alarm : Canvas::Style::Plain);
  }
  canvas.end();
}

void draw_view(Canvas& canvas, const Memory& memory, const View& view, const std::string& name) {
  const Scale scale(memory[view.shown.object]);
  auto begin = scale.column(view.shown.first);
  auto len_end = scale.column(view.shown.first + view.shown.len);
  auto cap_end = scale.column(view.shown.first + view.shown.cap);
  canvas.put(std::string(kIndent + begin, ' '));
  // Slots of two columns have a gap between them; what has slots has a column at least.
  auto bar = [&](std::uint64_t from, std::uint64_t to, const char* piece, Canvas::Style style) {
    std::string text;
    for (auto i = from; i < to; i++) text += i + scale.width / 2 < to || scale.shrunk ? piece : " ";
    canvas.put(text, style);
  };
  if (view.shown.len > 0) len_end = std::max(len_end, begin + 1);
  if (view.shown.cap > view.shown.len) cap_end = std::max(cap_end, len_end + 1);
  bar(begin, len_end, "━", Canvas::Style::Bold);
  bar(len_end, cap_end, "╌", Canvas::Style::Dim);
  if (view.shown.cap == 0) {
    canvas.put("╹ ", Canvas::Style::Dim);
    cap_end = begin + 2;
  }
  std::string shape;
  if (view.kind == Kind::String)
    shape = fmt::format("  len {}", format_count(view.shown.len));
  else if (view.kind == Kind::Slice)
    shape =
        fmt::format("  len {} cap {}", format_count(view.shown.len), format_count(view.shown.cap));
  auto label = (view.kind == Kind::Pointer ? "&" : "") + name;
  auto end = std::max({cap_end, len_end, scale.columns()}) + 1;
  auto left = std::max(cap_end, len_end);
  if (kIndent + end + label.size() + shape.size() <= Canvas::kWidth) {
    canvas.put(std::string(end - left, ' '));
  } else {
    canvas.end();
    canvas.put(std::string(kIndent, ' '));
  }
  canvas.put(label).put(shape, Canvas::Style::Dim);
  canvas.end();
}

}  // namespace

Canvas& Canvas::put(std::string_view text, Style style) {
  append_styled(out_, text, style, colour_);
  return *this;
}

void Canvas::end() {
  while (!out_.empty() && out_.back() == ' ') out_.pop_back();
  out_ += '\n';
}

void Canvas::paragraph(std::string_view text, std::size_t indent, Style style) {
  std::string line;
  std::size_t columns = 0;
  auto flush = [&] {
    if (line.empty()) return;
    put(std::string(indent, ' ')).put(line, style).end();
    line.clear();
    columns = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    auto space = std::min(text.find(' ', at), text.size());
    auto word = text.substr(at, space - at);
    // Bytes that go on with a character take no column.
    auto width = static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    if (columns > 0 && indent + columns + 1 + width > kWidth) flush();
    if (columns > 0) line += ' ', columns++;
    line += word;
    columns += width;
    at = space + 1;
  }
  flush();
}

std::string bytes_text(std::uint64_t bytes) { return format_count(bytes) + " B"; }

void draw_legend(Canvas& canvas) {
  using Style = Canvas::Style;
  canvas.put("slots   ●1 in use, refers to object 1   ○ nil   ")
      .put("✗2 hidden, refers to object 2", Style::Alarm)
      .put("   · hidden, empty", Style::Dim)
      .end();
  canvas.put("        ■ plain data   ").put("□ hidden", Style::Alarm).put("   ▣ in part").end();
  canvas.put("slices  ").put("━ len", Style::Bold).put("   ").put("╌ up to cap", Style::Dim).end();
}

void draw_array(Canvas& canvas, const Memory& memory, const Visible& visible, ObjectIndex array,
                const std::string& label, Numbers& numbers) {
  const Object& object = memory[array];
  canvas.put("     " + label + std::string(label.size() < 3 ? 3 - label.size() : 1, ' '),
             Canvas::Style::Bold);
  canvas.put(fmt::format("{} × {}, {}", format_count(object.count), object.elem->name,
                         bytes_text(object.slot_bytes)));
  if (object.count > kColumns)
    canvas.put(
        fmt::format("   (a column is {:.1f} slots)", static_cast<double>(object.count) / kColumns),
        Canvas::Style::Dim);
  canvas.end();
  draw_slots(canvas, memory, visible, array, numbers);
  for (const View& view : visible.views_of(array))
    draw_view(canvas, memory, view, holder_name(memory, visible, view.holder).shown());
}

}  // namespace overhang::model
