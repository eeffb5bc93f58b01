#include "model/story.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "model/picture.h"
#include "model/remedies.h"

namespace overhang::model {
namespace {

using Style = Canvas::Style;

constexpr std::size_t kIndent = 8;
constexpr std::size_t kMostArrays = 12;  // that one step draws

// "4 Conn, 4 Payload"
std::string types_of(const Memory& memory, const std::vector<bool>& objects) {
  std::map<std::string, std::uint64_t> counts;
  for (ObjectIndex i = 0; i < objects.size(); i++)
    if (objects[i] && memory[i].heap())
      counts[(memory[i].array ? "[]" : "") + memory[i].elem->name]++;
  std::string out;
  for (const auto& [name, count] : counts)
    out += (out.empty() ? "" : ", ") + format_count(count) + " " + name;
  return out;
}

class Teller {
 public:
  Teller(const Script& script, Allocator allocator, const StoryOptions& options)
      : script_(script),
        options_(options),
        machine_(allocator, script.types),
        canvas_(options.colour) {}

  Result<std::string> run() {
    draw_legend(canvas_);
    canvas_.end();
    for (const Statement& statement : script_.statements) {
      write_source(statement.last_line);
      bool show = statement.op == Statement::Op::Show;
      machine_.on_show = [&] {
        if (!show) draw(true);
      };
      OVERHANG_CHECK(machine_.run(statement));
      draw(show);
    }
    write_source(static_cast<unsigned>(options_.lines.size()));
    tell_end();
    return canvas_.take();
  }

 private:
  // What a picture of an array depends on.
  struct Look {
    std::vector<Ref> refs;
    std::vector<std::pair<std::string, Ref>> views;
    std::vector<bool> visible;
    bool operator==(const Look&) const = default;
  };

  void write_source(unsigned last) {
    for (; line_ < last && line_ < options_.lines.size(); line_++) {
      const auto& text = options_.lines[line_];
      bool blank = text.find_first_not_of(' ') == std::string::npos;
      if (blank && (drawn_ || line_ == 0)) continue;
      canvas_.put(blank ? "" : fmt::format("{:>4}  ", line_ + 1), Style::Dim)
          .put(text, text.find_first_not_of(' ') == text.find("//") ? Style::Dim : Style::Bold)
          .end();
      drawn_ = false;
    }
  }

  Look look_of(const Visible& visible, ObjectIndex array) const {
    const Memory& memory = machine_.memory();
    Look look{memory[array].refs, {}, visible.slots[array]};
    for (const View& view : visible.views_of(array))
      look.views.emplace_back(holder_name(memory, visible, view.holder).shown(), view.shown);
    return look;
  }

  const std::string& label_of(ObjectIndex array) {
    auto [at, fresh] = labels_.try_emplace(array);
    if (fresh) {
      auto n = labels_.size() - 1;
      at->second = std::string(1, static_cast<char>('A' + n % 26));
      if (n >= 26) at->second += std::to_string(n / 26);
    }
    return at->second;
  }

  // The arrays that look different now, or all.
  void draw(bool all) {
    const Memory& memory = machine_.memory();
    auto visible = find_visible(memory, Knowledge::Exact);
    auto live = live_objects(memory);
    std::vector<ObjectIndex> changed;
    std::vector<bool> died(live.size());
    for (ObjectIndex i = 0; i < live.size(); i++) {
      died[i] = !live[i] && (i >= live_.size() || live_[i]);
      if (!memory[i].heap() || !memory[i].array || !visible.seen[i]) {
        looks_.erase(i);
        continue;
      }
      auto look = look_of(visible, i);
      if (all || looks_[i] != look) changed.push_back(i);
      looks_[i] = std::move(look);
    }
    live_ = live;
    std::vector<bool> overhang(live.size());
    for (ObjectIndex i = 0; i < live.size(); i++)
      overhang[i] = memory[i].heap() && live[i] && !visible.seen[i];
    overhang_.resize(overhang.size());
    bool news = overhang != overhang_ || all;
    overhang_ = overhang;
    if (changed.empty() && count(memory, died).objects == 0 && !news) return;
    canvas_.end();
    for (std::size_t i = 0; i < std::min(changed.size(), kMostArrays); i++) {
      draw_array(canvas_, memory, visible, changed[i], label_of(changed[i]), numbers_);
      tell_regions(visible, changed[i]);
    }
    if (changed.size() > kMostArrays)
      canvas_.paragraph(
          fmt::format("and {} more", format_number_of(changed.size() - kMostArrays, "array")),
          kIndent, Style::Dim);
    tell_sums(news ? overhang : std::vector<bool>(), died);
    canvas_.end();
    drawn_ = true;
  }

  void tell_regions(const Visible& visible, ObjectIndex array) {
    const Memory& memory = machine_.memory();
    for (const Region& region : hidden_regions(memory, visible, Knowledge::Exact)) {
      if (region.array != array) continue;
      const Type* elem = memory[array].elem;
      std::uint64_t stale = 0;
      for (std::uint64_t slot = region.begin; slot < region.end; slot++)
        stale += !references(memory, {array, region.category, slot, slot + 1}).empty();
      auto where =
          fmt::format("{} [{}:{}]", category_name(region.category), region.begin, region.end);
      if (stale > 0)
        canvas_.paragraph(
            fmt::format("{}: {} of {} still {} to something", where, format_count(stale),
                        format_number_of(region.slots(), "slot"), stale == 1 ? "refers" : "refer"),
            kIndent, Style::Alarm);
      else if (!elem->pointers() && !region.habit)
        canvas_.paragraph(
            fmt::format("{}: {} of plain data", where, bytes_text(region.slots() * elem->size)),
            kIndent, Style::Alarm);
    }
  }

  void tell_sums(const std::vector<bool>& overhang, const std::vector<bool>& died) {
    const Memory& memory = machine_.memory();
    if (auto sum = count(memory, died); sum.objects > 0)
      canvas_.paragraph(
          fmt::format("garbage now: {} ({})", bytes_text(sum.bytes), types_of(memory, died)),
          kIndent, Style::Dim);
    if (auto sum = count(memory, overhang); sum.objects > 0)
      canvas_.paragraph(fmt::format("overhang: {} that no code can see and no collector frees ({})",
                                    bytes_text(sum.bytes), types_of(memory, overhang)),
                        kIndent, Style::Alarm);
  }

  void tell_end() {
    const Memory& memory = machine_.memory();
    auto findings = find_leaks(memory, Knowledge::Exact);
    if (!drawn_) canvas_.end();
    canvas_.put("in the end", Style::Bold)
        .put(fmt::format("  {} live in {}, of which", bytes_text(findings.live.bytes),
                         format_number_of(findings.live.objects, "object")))
        .end();
    canvas_
        .put(fmt::format("    {} visible, {} spare, {} lost, {} rounding, ",
                         bytes_text(findings.visible_bytes), bytes_text(findings.spare_bytes),
                         bytes_text(findings.lost_bytes), bytes_text(findings.allocator_bytes)))
        .put(fmt::format("{} overhang", bytes_text(findings.overhang.bytes)),
             findings.overhang.bytes > 0 ? Style::Alarm : Style::Plain)
        .end();
    for (const Site& site : findings.sites) tell_site(site);
    if (findings.sites.empty())
      canvas_.paragraph("No slice hides anything that its slots keep alive.", 2);
  }

  void tell_site(const Site& site) {
    canvas_.end();
    canvas_.put("  " + site.name, Style::Bold)
        .put(fmt::format("  {} of {}", category_name(site.category),
                         site.arrays == 1
                             ? "[]" + site.element_type
                             : format_number_of(site.arrays, "[]" + site.element_type)))
        .end();
    auto hidden = format_number_of(site.hidden_slots, "hidden slot");
    if (site.stale_slots > 0)
      canvas_.paragraph(
          fmt::format("{} of {} still {} to something; ", format_count(site.stale_slots), hidden,
                      site.stale_slots == 1 ? "refers" : "refer") +
              (site.retained.objects == 0
                   ? "what it is, other hidden slots hold as well"
                   : fmt::format("they alone keep {}, {}",
                                 format_number_of(site.retained.objects, "object"),
                                 bytes_text(site.retained.bytes))),
          4);
    else
      canvas_.paragraph(
          fmt::format("{}: {} of the array itself", hidden, bytes_text(site.hidden_bytes)), 4);
    for (const std::string& other : site.shared_with)
      canvas_.paragraph(other + " shows the array too", 4);
    for (const RemedyWithFactor& remedy : all_remedies()) tell_remedy(site, remedy);
  }

  void tell_remedy(const Site& site, const RemedyWithFactor& remedy) {
    auto freed = try_remedy(remedy, site, machine_.memory());
    auto net = freed.net_bytes();
    std::string what;
    switch (remedy.kind) {
      case Remedy::Clear:
        what = "clear the hidden slots";
        break;
      case Remedy::NilWhenEmpty:
        what = "nil when empty";
        break;
      case Remedy::Copy:
        what = "copy";
        break;
      case Remedy::CopyIfCapExceeds:
        what = fmt::format("copy if cap > {} * len", remedy.factor);
        break;
      case Remedy::ThreeIndex:
        what = "s[:len:len]";
        break;
    }
    auto amount = bytes_text(static_cast<std::uint64_t>(std::abs(net)));
    canvas_.put(fmt::format("    {:<24}", what))
        .put(fmt::format("{} {:>12}   ", net < 0 ? "costs" : "frees", amount),
             net > 0 ? Style::Bold : Style::Dim)
        .put(note_on(site, remedy, freed), Style::Dim)
        .end();
  }

  std::string note_on(const Site& site, const RemedyWithFactor& remedy, const Freed& freed) const {
    const Memory& memory = machine_.memory();
    if (remedy.kind == Remedy::ThreeIndex)
      return "keeps the array, hides its size; append must copy";
    if (remedy.kind == Remedy::Clear)
      return memory[site.regions.front().array].elem->pointers()
                 ? ""
                 : "plain data keeps nothing but its own array";
    auto empty = static_cast<std::size_t>(
        std::count_if(site.holders.begin(), site.holders.end(),
                      [&](Place holder) { return memory.at(holder).len == 0; }));
    if (remedy.kind == Remedy::NilWhenEmpty)
      return empty == 0                ? "none is empty"
             : freed.died_objects == 0 ? "the array is shared and stays"
                                       : "";
    if (freed.new_objects == 0 && freed.died_objects == 0)
      return remedy.kind != Remedy::CopyIfCapExceeds ? ""
             : site.holders.size() > 1
                 ? "no cap is that large"
                 : fmt::format("cap is {}, len {}", format_count(site.cap), format_count(site.len));
    bool stays = freed.died_objects == 0;
    if (freed.new_objects == 0) return stays ? "the array is shared and stays" : "nothing to copy";
    return stays ? fmt::format("copies {}; the array is shared and stays",
                               bytes_text(freed.copied_bytes))
                 : fmt::format("copies {} into {}", bytes_text(freed.copied_bytes),
                               bytes_text(freed.new_bytes));
  }

  const Script& script_;
  const StoryOptions& options_;
  Machine machine_;
  Canvas canvas_;
  unsigned line_ = 0;   // of the script, that is to be written next, from 0
  bool drawn_ = false;  // the last thing written was a picture
  Numbers numbers_;
  std::vector<bool> live_, overhang_;
  std::map<ObjectIndex, Look> looks_;
  std::map<ObjectIndex, std::string> labels_;
};

}  // namespace

Result<std::string> tell(const Script& script, Allocator allocator, const StoryOptions& options) {
  return Teller(script, allocator, options).run();
}

}  // namespace overhang::model
