#include "support/machine_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

namespace overhang::test {
namespace {

using namespace model;

// A slice that the program can name now, and its shape.
struct Slice {
  std::string name;
  std::uint64_t len = 0, cap = 0;
};

class Generator {
 public:
  Generator(std::uint64_t seed, unsigned minor)
      : random_(seed), types_(std::make_shared<Types>()), machine_(Allocator(minor), types_) {}

  std::vector<Statement> run() {
    declare();
    fill();
    auto statements = number(3, 22);
    for (std::uint64_t i = 0; i < statements; i++) {
      const Theme& theme = themes_[number(0, themes_.size() - 1)];
      (this->*theme)();
    }
    return std::move(statements_);
  }

  const std::shared_ptr<Types>& types() const { return types_; }

 private:
  std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    // Not std::uniform_int_distribution, which differs between libraries.
    return least + random_() % (most - least + 1);
  }
  bool chance(std::uint64_t percent) { return number(0, 99) < percent; }
  std::uint64_t some_size() {
    auto kind = number(0, 99);
    if (kind < 60) return number(0, 12);
    if (kind < 92) return number(13, 150);
    return kind < 98 ? number(151, 700) : number(1000, 3000);
  }

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    auto text = fmt::format(format, std::forward<Args>(args)...);
    auto script = parse(text, types_);
    if (!script) throw std::logic_error(text + ": " + script.error().message);
    auto done = machine_.run(script->statements);
    if (!done) throw std::logic_error(text + ": " + done.error().message);
    for (auto& statement : script->statements) statements_.push_back(std::move(statement));
  }

  // A program is about some of these; more would leave each of them untouched mostly.
  using Theme = void (Generator::*)();
  void on_conns() { on_slice_of("Conn", conns()); }
  void on_entries() { on_slice_of("Entry", entries()); }
  void on_points() { on_slice_of("Point", points()); }

  // Chooses the themes, and gives most slices something to hold.
  void fill() {
    for (auto& name :
         std::vector<std::string>{"a", "b", "c", "pool.inUse", "pool.idle", "owner.inUse"})
      if (chance(40)) conn_names_.push_back(name);
    if (conn_names_.size() < 2) conn_names_ = {"a", "pool.inUse"};
    themes_ = {&Generator::on_conns, &Generator::on_conns, &Generator::on_conns};
    for (auto theme :
         {&Generator::on_entries, &Generator::on_points, &Generator::on_bytes,
          &Generator::on_strings, &Generator::on_table, &Generator::on_pools, &Generator::on_map})
      if (chance(35)) themes_.insert(themes_.end(), number(1, 3), theme);
    auto about = [&](Theme theme) { return std::count(themes_.begin(), themes_.end(), theme) > 0; };
    add("owner = new(Pool)");
    auto fill_one = [&](const std::string& name, const std::string& type) {
      if (chance(80))
        add("for range {0} {{\n\t{1} = append({1}, {2})\n}}", number(1, chance(80) ? 20 : 200),
            name, fresh(type));
    };
    for (auto& name : conn_names_) fill_one(name, "Conn");
    if (about(&Generator::on_entries)) fill_one("entries", "Entry");
    if (about(&Generator::on_points))
      add("points = make([]Point, {})", number(1, chance(50) ? 60 : 6000));
    if (about(&Generator::on_pools)) {
      add("for range {} {{\n\tpools = append(pools, &Pool{{idle: []*Conn{{new(Conn)}}}})\n}}",
          number(1, 9));
      add("for i := range len(pools) {{\n\tfor range {} {{\n\t\tpools[i].inUse = "
          "append(pools[i].inUse, &Conn{{}})\n\t}}\n\tpools[i].inUse = pools[i].inUse[:1]\n}}",
          number(1, 30));
    }
    if (about(&Generator::on_map))
      add("for i := range {} {{\n\tindex[i] = append(index[i], {}...)\n}}", number(1, 12),
          conn_names_[0]);
  }

  void declare() {
    add("type Payload struct {{ data [{}]byte }}", number(16, 200));
    auto pad = chance(80) ? number(8, 60) : number(400, 900);
    add("type Conn struct {{ id int; name [{}]byte; payload *Payload; peer *Conn }}", pad);
    add("type Point struct {{ x, y, z float64 }}");
    add("type Entry struct {{ conn *Conn; id int; marks []Point }}");
    add("type Pool struct {{ name int; inUse, idle []*Conn }}");
    add("var a, b, c []*Conn");
    add("var pool Pool");
    add("var owner *Pool");
    add("var pools []*Pool");
    add("var table [][]*Conn");
    add("var index map[int][]*Conn");
    add("index = map[int][]*Conn{{}}");
    add("var entries, old []Entry");
    add("var one *Entry");
    add("var points, shape []Point");
    add("var raw, packet []byte");
    add("var text, word string");
  }

  Ref ref_of(const std::string& name) {
    auto script = parse("x = " + name, types_);
    auto ref = machine_.evaluate(script->statements[0].values[0]);
    if (!ref) throw std::logic_error(name + ": " + ref.error().message);
    return *ref;
  }
  Slice slice(const std::string& name) {
    auto ref = ref_of(name);
    return {name, ref.len, ref.cap};
  }

  std::vector<Slice> slices(const std::vector<std::string>& names) {
    std::vector<Slice> out;
    for (auto& name : names) out.push_back(slice(name));
    return out;
  }

  std::vector<Slice> conns() {
    auto names = conn_names_;
    if (ref_of("owner").nowhere())
      std::erase_if(names, [](auto& name) { return name.starts_with("owner"); });
    if (auto n = slice("pools").len) {
      auto which = number(0, n - 1);
      if (!ref_of(fmt::format("pools[{}]", which)).nowhere())
        names.push_back(fmt::format("pools[{}].inUse", which));
    }
    if (auto n = slice("table").len) names.push_back(fmt::format("table[{}]", number(0, n - 1)));
    for (auto key : keys())
      if (chance(20)) names.push_back(fmt::format("index[{}]", key));
    if (names.empty()) names = {"a"};
    return slices(names);
  }
  std::vector<std::int64_t> keys() { return machine_.memory()[*machine_.variable("index")].keys; }
  std::vector<Slice> entries() { return slices({"entries", "old"}); }
  std::vector<Slice> points() {
    std::vector<std::string> names = {"points", "points", "shape"};
    if (auto n = slice("entries").len)
      names.push_back(fmt::format("entries[{}].marks", number(0, n - 1)));
    return slices(names);
  }

  // What can stand where an element of `type` is wanted.
  std::string element(const std::string& type, const std::vector<Slice>& others) {
    const Slice& other = others[number(0, others.size() - 1)];
    if (chance(20) && other.len > 0)
      return fmt::format("{}[{}]", other.name, number(0, other.len - 1));
    return fresh(type);
  }
  std::string fresh(const std::string& type) {
    if (type == "Point") return "Point{}";
    if (type == "Entry") {
      if (chance(30)) return fmt::format("Entry{{marks: make([]Point, {})}}", number(0, 5));
      return chance(80) ? "Entry{conn: &Conn{payload: new(Payload)}}" : "Entry{}";
    }
    if (chance(10)) return "nil";
    return chance(70) ? "&Conn{payload: new(Payload)}" : "new(Conn)";
  }
  static std::string type_name(const std::string& type) { return type == "Conn" ? "*Conn" : type; }

  // Bounds within [0, most].
  std::pair<std::uint64_t, std::uint64_t> bounds(std::uint64_t most) {
    auto low = number(0, most), high = number(0, most);
    return {std::min(low, high), std::max(low, high)};
  }

  void on_slice_of(const std::string& type, std::vector<Slice> all) {
    const Slice to = all[number(0, all.size() - 1)], from = all[number(0, all.size() - 1)];
    const auto& p = to.name;
    switch (number(0, 19)) {
      case 0: {
        if (to.len > 0 && chance(60)) return add("{0} = {0}[:{1}]", p, to.len / 2);
        auto len = some_size();
        return add("{} = make([]{}, {}, {})", p, type_name(type), len,
                   len + (chance(50) ? some_size() : 0));
      }
      case 1:
        return add("{0} = append({0}, {1})", p, element(type, all));
      case 2:
      case 3:
      case 4:
        return add("for range {0} {{\n\t{1} = append({1}, {2})\n}}", some_size(), p, fresh(type));
      case 5:
        return add("{} = append({}, {}...)", p, chance(70) ? p : from.name, from.name);
      case 6:
        return add("{} = append({}, {})", p, from.name, element(type, all));
      case 7:
      case 8:  // truncate
        return add("{0} = {0}[:{1}]", p, number(0, to.len));
      case 9: {
        auto [low, high] = bounds(to.len);
        return add("{0} = {0}[{1}:{2}]", p, low, high);
      }
      case 10: {  // share
        auto [low, high] = bounds(from.len);
        return add("{} = {}[{}:{}]", p, from.name, low, high);
      }
      case 11: {
        auto [low, high] = bounds(from.cap);
        return add("{} = {}[{}:{}:{}]", p, from.name, low, high, number(high, from.cap));
      }
      case 12:
        return chance(50) ? add("{0} = {0}[:cap({0})]", p)
                          : add("for range {0} {{\n\t{1} = {1}[1:]\n}}", number(0, to.len), p);
      case 13: {  // delete
        auto [low, high] = bounds(to.len);
        return add("{0} = append({0}[:{1}], {0}[{2}:]...)", p, low, high);
      }
      case 14:
        return add("copy({}[{}:], {})", p, number(0, to.len), from.name);
      case 15: {
        auto [low, high] = bounds(to.len);
        return add("clear({}[{}:{}])", p, low, high);
      }
      case 16: {
        if (to.len == 0) return add("{} = nil", p);
        return add("{}[{}] = {}", p, number(0, to.len - 1), element(type, all));
      }
      case 17: {  // the article's: to the end, and cut off
        if (to.len == 0) return add("{} = nil", p);
        auto i = number(0, to.len - 1);
        add("{0}[{1}], {0}[{2}] = {0}[{2}], {0}[{1}]", p, i, to.len - 1);
        return add("{0} = {0}[:{1}]", p, to.len - 1);
      }
      case 18:
        if (chance(15)) return add("{} = nil", p);
        return add("for range {0} {{\n\t{1} = append({1}, {2})\n\t{1} = {1}[1:]\n}}", some_size(),
                   p, fresh(type));
      default:
        return on_element(type, to, from);
    }
  }

  void on_element(const std::string& type, const Slice& to, const Slice& from) {
    if (to.len == 0) return;
    auto i = number(0, to.len - 1);
    auto element = fmt::format("{}[{}]", to.name, i);
    if (type == "Point") return add("{} = Point{{}}", element);
    if (type == "Entry") {
      switch (number(0, 3)) {
        case 0:
          return add("{}.conn = nil", element);
        case 1:
          return add("{}.marks = make([]Point, {}, {})", element, number(0, 4), number(4, 9));
        case 2: {
          auto shown = slice("points");
          auto [low, high] = bounds(shown.len);
          return add("{}.marks = points[{}:{}]", element, low, high);
        }
        default:
          return chance(70) ? add("one = &{}", element) : add("one = nil");
      }
    }
    if (ref_of(element).nowhere()) return;
    if (from.len == 0 || chance(20)) return add("{}.peer = nil", element);
    add("{}.peer = {}[{}]", element, from.name, number(0, from.len - 1));
  }

  void on_bytes() {
    auto raw = slice("raw"), packet = slice("packet");
    switch (number(0, 6)) {
      case 0:
        return add("raw = make([]byte, {})", number(64, chance(50) ? 2000 : 200000));
      case 1:
      case 2: {
        auto [low, high] = bounds(raw.len);
        return add("packet = raw[{}:{}]", low, chance(70) ? std::min(high, low + 100) : high);
      }
      case 3:
        return add("raw = raw[:{}]", number(0, raw.len));
      case 4: {
        auto [low, high] = bounds(packet.len);
        return add("packet = packet[{}:{}:{}]", low, high, number(high, packet.cap));
      }
      case 5:
        return add("copy(packet, raw)");
      default:
        return add("raw = nil");
    }
  }

  void on_strings() {
    auto text = slice("text");
    if (text.len < 2 || chance(30))
      return add("text = strings.Repeat(\"0123456789\", {})", number(2, chance(50) ? 200 : 20000));
    auto [low, high] = bounds(text.len);
    if (chance(60)) return add("word = text[{}:{}]", low, std::min(high, low + 60));
    if (chance(50)) return add("text = text[{}:{}]", low, high);
    add("text = \"\"");
  }

  // Slices of slices are held by one variable alone, so that "element of table" is their only name.
  void on_table() {
    auto table = slice("table");
    auto all = conns();
    const Slice& from = all[number(0, all.size() - 1)];
    switch (number(0, 6)) {
      case 0:
      case 1: {
        auto [low, high] = bounds(from.len);
        return add("table = append(table, {}[{}:{}])", from.name, low, high);
      }
      case 2:
        return add("for range {} {{\n\ttable = append(table, make([]*Conn, {}, {}))\n}}",
                   number(1, 9), number(0, 3), number(3, 20));
      case 3:
        return add("table = table[:{}]", number(0, table.len));
      case 4:
        return add("table = table[{}:]", number(0, table.len));
      case 5: {
        auto [low, high] = bounds(table.len);
        return add("table = append(table[:{}], table[{}:]...)", low, high);
      }
      default:
        return chance(30) ? add("table = nil") : add("clear(table[{}:])", number(0, table.len));
    }
  }

  void on_pools() {
    auto pools = slice("pools");
    auto all = conns();
    const Slice& from = all[number(0, all.size() - 1)];
    switch (number(0, 7)) {
      case 0:
      case 1:
        return add("pools = append(pools, &Pool{{inUse: {}[:{}]}})", from.name,
                   number(0, from.len));
      case 2:
        return add("for range {} {{\n\tpools = append(pools, &Pool{{idle: make([]*Conn, {})}})\n}}",
                   number(1, 6), number(0, 9));
      case 3:
        return add("pools = pools[:{}]", number(0, pools.len));
      case 4:
        return add("owner = &Pool{{inUse: {}}}", from.name);
      case 5:
        return add("owner = &Pool{{inUse: {}}}", from.name);
      case 6:
        return chance(50) ? add("owner = nil") : add("pool.idle = pool.inUse");
      default:
        return add("pool.inUse, pool.idle = pool.idle, pool.inUse");
    }
  }

  void on_map() {
    auto all = conns();
    const Slice& from = all[number(0, all.size() - 1)];
    if (chance(20) && !keys().empty()) return add("delete(index, {})", keys().front());
    add("index[{}] = {}[:{}]", number(0, 11), from.name, number(0, from.len));
  }

  std::mt19937_64 random_;
  std::shared_ptr<Types> types_;
  Machine machine_;
  std::vector<Statement> statements_;
  std::vector<Theme> themes_;
  std::vector<std::string> conn_names_;
};

}  // namespace

namespace {

// Every second program has some of its slices elsewhere than in package-level variables.
Placements some_placements(std::uint64_t seed, unsigned minor) {
  std::mt19937_64 random(seed ^ 0x9E3779B97F4A7C15u);
  Placements out;
  if (random() % 2 == 0) return out;
  std::vector<Placement> possible{Placement::InChannel};
  if (minor >= 20) possible.push_back(Placement::Local);     // 1.19's DWARF has gaps in slices
  if (minor >= 23) possible.push_back(Placement::Captured);  // before, closures tell no names
  for (const char* variable : {"a", "b", "c", "entries", "old", "points", "shape", "raw", "packet"})
    if (random() % 3 == 0) out[variable] = possible[random() % possible.size()];
  return out;
}

}  // namespace

MachineProgram random_program(std::uint64_t seed, unsigned minor) {
  Generator generator(seed, minor);
  auto statements = generator.run();
  auto program = MachineProgram::run(std::move(statements), generator.types(), minor,
                                     some_placements(seed, minor));
  choose_cure(program, seed);
  return program;
}

void choose_cure(MachineProgram& program, std::uint64_t seed) {
  program.cure.reset();
  if (program.findings.sites.empty()) return;
  const auto& remedies = all_remedies();
  program.cure = {remedies[seed % remedies.size()],
                  seed / remedies.size() % program.findings.sites.size()};
}

}  // namespace overhang::test
