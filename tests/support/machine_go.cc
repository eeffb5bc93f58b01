#include "support/machine_go.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <stdexcept>

namespace overhang::test {
namespace {

using namespace model;

class Writer {
 public:
  Writer(const MachineProgram& program, std::size_t index)
      : program_(program), memory_(program.machine.memory()), prefix_(name_prefix(index)) {}

  std::string run() {
    std::string body, drop;
    statements(program_.statements, 1, body);
    for (const Object& object : memory_.objects()) {
      if (object.heap()) continue;
      if (auto placed = placement(object.variable)) {
        declare_placed(object.variable, "[]" + type(object.elem->elem), *placed);
        drop += fmt::format("\t{}(nil)\n", setter(object.variable));
        continue;
      }
      auto name = prefix_ + object.variable;
      auto of = object.map ? "map[int]" + type(object.elem) : type(object.elem);
      declarations_ += fmt::format("var {} {}\n", name, of);
      // A map's own memory is not the machine's affair: it stays, without entries.
      drop += object.map ? fmt::format("\tfor k := range {0} {{\n\t\tdelete({0}, k)\n\t}}\n", name)
                         : fmt::format("\tvar {0} {1}\n\t{2} = {0}\n", "no_" + name, of, name);
    }
    for (const auto& [name, value] : program_.machine.numbers())
      declarations_ += fmt::format("var {}{} int\n", prefix_, name);
    return fmt::format(
        "{0}\nfunc {1}run() {{\n{2}}}\n\nfunc {1}remedy() {{\n{3}}}\n\nfunc {1}drop() "
        "{{\n{4}}}\n\n",
        declarations_, prefix_, body, program_.cure ? cure() : "", drop);
  }

 private:
  std::optional<Placement> placement(const std::string& variable) const {
    auto at = program_.placements.find(variable);
    return at == program_.placements.end() ? std::nullopt : std::optional(at->second);
  }
  std::string getter(const std::string& variable) const { return prefix_ + "get_" + variable; }
  std::string setter(const std::string& variable) const { return prefix_ + "set_" + variable; }
  // An expression of the variable's value.
  std::string read(const std::string& variable) const {
    return placement(variable) ? getter(variable) + "()" : prefix_ + variable;
  }
  std::string write(const std::string& variable, const std::string& value) const {
    return placement(variable) ? fmt::format("{}({})", setter(variable), value)
                               : fmt::format("{}{} = {}", prefix_, variable, value);
  }

  // {0}: the prefix, {1}: the variable, {2}: its type.
  void declare_placed(const std::string& variable, const std::string& of, Placement placed) {
    constexpr const char* kCaptured = R"(
//go:noinline
func {0}new_{1}() func(bool, {2}) {2} {{
	var {1} {2}
	return func(set bool, s {2}) {2} {{
		if set {{
			{1} = s
		}}
		return {1}
	}}
}}

var {0}at_{1} = {0}new_{1}()

func {0}get_{1}() {2}  {{ return {0}at_{1}(false, nil) }}
func {0}set_{1}(s {2}) {{ {0}at_{1}(true, s) }}
)";
    constexpr const char* kInChannel = R"(
var {0}q_{1} = make(chan {2}, 2)

func init() {{ {0}q_{1} <- nil }}

func {0}get_{1}() {2} {{
	s := <-{0}q_{1}
	{0}q_{1} <- s
	return s
}}

func {0}set_{1}(s {2}) {{
	<-{0}q_{1}
	{0}q_{1} <- s
}}
)";
    // The slice passes by a variable, not through a channel: nothing of it stays on the stacks.
    constexpr const char* kLocal = R"(
var (
	{0}ask_{1}  = make(chan bool)
	{0}done_{1} = make(chan bool)
	{0}pass_{1} {2}
)

//go:noinline
func {0}loop_{1}() {{
	var {1} {2}
	for {{
		if <-{0}ask_{1} {{
			{1} = {0}pass_{1}
		}} else {{
			{0}pass_{1} = {1}
		}}
		{0}done_{1} <- true
	}}
}}

func init() {{ go {0}loop_{1}() }}

func {0}get_{1}() {2} {{
	{0}ask_{1} <- false
	<-{0}done_{1}
	s := {0}pass_{1}
	{0}pass_{1} = nil
	return s
}}

func {0}set_{1}(s {2}) {{
	{0}pass_{1} = s
	{0}ask_{1} <- true
	<-{0}done_{1}
	{0}pass_{1} = nil
}}
)";
    auto* form = placed == Placement::Captured    ? kCaptured
                 : placed == Placement::InChannel ? kInChannel
                                                  : kLocal;
    declarations_ += fmt::format(fmt::runtime(form), prefix_, variable, of);
  }

  std::string type(const Type* of) const {
    switch (of->kind) {
      case Kind::Struct:
        return prefix_ + of->name;
      case Kind::Array:
        return fmt::format("[{}]{}", of->length, type(of->elem));
      case Kind::Pointer:
        return "*" + type(of->elem);
      case Kind::Slice:
        return "[]" + type(of->elem);
      case Kind::Map:
        return fmt::format("map[{}]{}", type(of->key), type(of->elem));
      case Kind::Number:
      case Kind::String:
        break;
    }
    return of->name;
  }

  std::string list(const std::vector<Expr>& exprs, std::size_t first = 0) const {
    std::string out;
    for (auto i = first; i < exprs.size(); i++) out += (i > first ? ", " : "") + go(exprs[i]);
    return out;
  }

  std::string go(const Expr& expr) const {
    const auto& args = expr.args;
    switch (expr.op) {
      case Expr::Op::Name:
        return read(expr.name);
      case Expr::Op::Number:
        return std::to_string(expr.number);
      case Expr::Op::Nil:
        return "nil";
      case Expr::Op::Text:
        return "\"" + expr.name + "\"";
      case Expr::Op::Field:
        return go(args[0]) + "." + expr.name;
      case Expr::Op::Index:
        return go(args[0]) + "[" + go(args[1]) + "]";
      case Expr::Op::Slice:
        return go(args[0]) + "[" + go(args[1]) + ":" + go(args[2]) +
               (args[3].op == Expr::Op::None ? "" : ":" + go(args[3])) + "]";
      case Expr::Op::Append:
        return "append(" + list(args) + (expr.spread ? "...)" : ")");
      case Expr::Op::Make:
        return "make(" + type(expr.type) + (args.empty() ? "" : ", ") + list(args) + ")";
      case Expr::Op::New:
        return "new(" + type(expr.type) + ")";
      case Expr::Op::Composite: {
        std::string out = type(expr.type) + "{";
        for (std::size_t i = 0; i < args.size(); i++)
          out +=
              (i > 0 ? ", " : "") + (expr.names.empty() ? "" : expr.names[i] + ": ") + go(args[i]);
        return out + "}";
      }
      case Expr::Op::Nothing:
        return "(" + type(expr.type) + ")(nil)";
      case Expr::Op::Address:
        return "&" + go(args[0]);
      case Expr::Op::Len:
        return "len(" + go(args[0]) + ")";
      case Expr::Op::Cap:
        return "cap(" + go(args[0]) + ")";
      case Expr::Op::Copy:
        return "copy(" + list(args) + ")";
      case Expr::Op::Clone:
        return (type_of(args[0])->kind == Kind::String ? "strings.Clone(" : "clone(") + list(args) +
               ")";
      case Expr::Op::Repeat:
        return "strings.Repeat(" + list(args) + ")";
      case Expr::Op::Binary:
        return "(" + go(args[0]) + " " + expr.name + " " + go(args[1]) + ")";
      case Expr::Op::None:
        break;
    }
    return "";
  }

  // Of variables, fields, elements and slices of them.
  const Type* type_of(const Expr& expr) const {
    static const Types kTypes;
    switch (expr.op) {
      case Expr::Op::Name: {
        auto object = program_.machine.variable(expr.name);
        if (!object) return kTypes.number();
        return memory_[*object].elem;  // of a map, what an index into it gives
      }
      case Expr::Op::Field: {
        const Type* of = type_of(expr.args[0]);
        return (of->kind == Kind::Pointer ? of->elem : of)->field(expr.name)->type;
      }
      case Expr::Op::Index: {
        const Expr& of = expr.args[0];
        auto object = of.op == Expr::Op::Name ? program_.machine.variable(of.name) : std::nullopt;
        return object && memory_[*object].map ? memory_[*object].elem : type_of(of)->elem;
      }
      case Expr::Op::Slice:
        return type_of(expr.args[0]);
      default:
        return kTypes.number();
    }
  }

  bool is_slice(const Expr& target) const {
    auto object =
        target.op == Expr::Op::Name ? program_.machine.variable(target.name) : std::nullopt;
    if (object && memory_[*object].map) return false;
    return type_of(target)->kind == Kind::Slice;
  }

  void statements(const std::vector<Statement>& all, int depth, std::string& out) {
    for (const Statement& one : all) statement(one, depth, out);
  }

  void statement(const Statement& one, int depth, std::string& out) {
    const std::string indent(static_cast<std::size_t>(depth), '\t');
    auto line = [&](const std::string& text) { out += indent + text + "\n"; };
    switch (one.op) {
      case Statement::Op::Type:
        declarations_ += "type " + type(one.type) + " struct {\n";
        for (const Field& field : one.type->fields)
          declarations_ += "\t" + field.name + " " + type(field.type) + "\n";
        declarations_ += "}\n";
        return;
      case Statement::Op::Var:
      case Statement::Op::Define:
        for (std::size_t i = 0; i < one.values.size(); i++) {
          Expr name;
          name.op = Expr::Op::Name;
          name.name = one.names[i];
          line(write(name.name, go(one.values[i])));
          if (is_slice(name)) line("seen(" + go(name) + ")");
        }
        return;
      case Statement::Op::Assign:
        if (one.targets.size() == 1 && one.targets[0].op == Expr::Op::Name)
          line(write(one.targets[0].name, go(one.values[0])));
        else
          line(list(one.targets) + " = " + list(one.values));
        for (const Expr& target : one.targets)
          if (is_slice(target)) line("seen(" + go(target) + ")");
        return;
      case Statement::Op::Copy:
        return line(go(one.values[0]));
      case Statement::Op::Clear:
        return line("kit.Clear(" + go(one.values[0]) + ")");
      case Statement::Op::Delete:
        return line("delete(" + list(one.values) + ")");
      case Statement::Op::For: {
        auto name =
            one.names.empty() ? fmt::format("{}loop{}", prefix_, depth) : prefix_ + one.names[0];
        auto count = go(one.values[0]);
        if (one.recount)
          line(fmt::format("for {0} := 0; {0} < {1}; {0}++ {{", name, count));
        else
          line(fmt::format("for {0}, n := 0, {1}; {0} < n; {0}++ {{", name, count));
        statements(one.body, depth + 1, out);
        return line("}");
      }
      case Statement::Op::Show:
        return;
    }
  }

  // Go's expression for each visible reference.
  void find_ways(ObjectIndex object, std::uint64_t ref, const Type* of, const std::string& way) {
    switch (of->kind) {
      case Kind::Struct:
        for (const Field& field : of->fields)
          find_ways(object, ref + field.ref, field.type, way + "." + field.name);
        return;
      case Kind::Pointer:
      case Kind::Slice:
      case Kind::String: {
        Place place{object, ref};
        ways_.try_emplace({object, ref}, way);
        const Ref shown = memory_.at(place);
        if (shown.nowhere()) return;
        for (std::uint64_t i = 0; i < shown.len; i++) {
          auto slot = shown.first + i;
          if (!of->elem->pointers() || !visited_.insert({shown.object, slot}).second) continue;
          find_ways(shown.object, slot * of->elem->refs, of->elem,
                    of->kind == Kind::Pointer ? way : fmt::format("{}[{}]", way, i));
        }
        return;
      }
      case Kind::Number:
      case Kind::Array:
      case Kind::Map:
        return;
    }
  }

  std::string cure() {
    for (ObjectIndex i = 0; i < memory_.objects().size(); i++) {
      const Object& object = memory_[i];
      if (object.heap()) continue;
      for (std::uint64_t slot = 0; slot < object.count; slot++)
        find_ways(
            i, slot * object.elem->refs, object.elem,
            read(object.variable) + (object.map ? fmt::format("[{}]", object.keys[slot]) : ""));
    }
    const RemedyWithFactor& remedy = program_.cure->remedy;
    const Site& site = program_.findings.sites[program_.cure->site];
    if (remedy.kind == Remedy::Clear) return wipes(site);
    std::string out;
    for (Place holder : site.holders) {
      auto& way = ways_.at({holder.object, holder.ref});
      const Type* in = memory_[holder.object].elem;
      bool string = reference_types(in)[holder.ref % in->refs]->kind == Kind::String;
      const std::string& variable = memory_[holder.object].variable;
      auto value = cured(remedy, way, string);
      out += "\t" + (placement(variable) ? write(variable, value) : way + " = " + value) + "\n";
    }
    return out;
  }

  std::string cured(const RemedyWithFactor& remedy, const std::string& way, bool string) const {
    switch (remedy.kind) {
      case Remedy::Clear:
      case Remedy::ThreeIndex:
        return string ? way : fmt::format("{0}[:len({0}):len({0})]", way);
      case Remedy::NilWhenEmpty:
        return string ? way : "nilIfEmpty(" + way + ")";
      case Remedy::Copy:
        return (string ? "strings.Clone(" : "clone(") + way + ")";
      case Remedy::CopyIfCapExceeds:
        return string ? way : fmt::format("cloneIf({}, {})", way, remedy.factor);
    }
    return way;
  }

  // The regions, by where they lie from a slice that shows another part of the array.
  std::string wipes(const Site& site) {
    std::string out;
    auto visible = find_visible(memory_, Knowledge::Observed);
    for (const Region& region : site.regions) {
      if (!memory_[region.array].elem->pointers()) continue;
      for (const View& view : visible.views) {
        bool pointer = view.kind == Kind::Pointer;
        if (view.shown.object != region.array || pointer != (region.category == Category::Interior))
          continue;
        auto header = ways_.at({view.holder.object, view.holder.ref});
        const Object& holder = memory_[view.holder.object];
        if (holder.map || placement(holder.variable)) {  // a map's value has no address
          auto local = fmt::format("h{}", out.size());
          out += fmt::format("\t{} := {}\n", local, header);
          header = local;
        }
        auto size = static_cast<std::int64_t>(memory_[region.array].elem->size);
        auto slots = static_cast<std::int64_t>(std::min(region.end, memory_[region.array].count)) -
                     static_cast<std::int64_t>(region.begin);
        auto offset =
            static_cast<std::int64_t>(region.begin) - static_cast<std::int64_t>(view.shown.first);
        out += fmt::format("\twipe(unsafe.Pointer(&{}), {}, {})\n", header, offset * size,
                           slots * size / 8);
        break;
      }
    }
    return out;
  }

  const MachineProgram& program_;
  const Memory& memory_;
  std::string prefix_, declarations_;
  std::map<std::pair<ObjectIndex, std::uint64_t>, std::string> ways_;
  std::set<std::pair<ObjectIndex, std::uint64_t>> visited_;
};

}  // namespace

MachineProgram MachineProgram::run(std::vector<Statement> statements,
                                   const std::shared_ptr<Types>& types, unsigned minor,
                                   Placements placements) {
  MachineProgram out{std::move(statements), Machine(Allocator(minor), types), {}, {}};
  out.placements = std::move(placements);
  out.machine.on_slice = [&out](const Ref& slice) { out.trace.push_back(slice); };
  auto done = out.machine.run(out.statements);
  out.machine.on_slice = {};
  if (!done) throw std::runtime_error(done.error().message);
  auto memory = out.machine.memory();
  for (const auto& [variable, placed] : out.placements) {
    auto at = out.machine.variable(variable);
    if (!at) continue;
    switch (placed) {
      case Placement::Captured:
        memory[*at].held_as = fmt::format("{0} captured by new_{0}.func1", variable);
        memory[*at].held_kind = SiteKind::Captured;
        break;
      case Placement::InChannel:
        memory[*at].held_as = "element of q_" + variable;
        memory[*at].held_kind = SiteKind::Element;
        break;
      case Placement::Local:
        memory[*at].held_as = fmt::format("{0} in loop_{0}", variable);
        memory[*at].held_kind = SiteKind::Local;
        break;
    }
  }
  out.findings = find_leaks(memory, Knowledge::Observed);
  return out;
}

std::string MachineProgram::text() const {
  constexpr const char* kWhere[] = {"captured by a closure", "in a channel", "a goroutine's local"};
  std::string out;
  for (const auto& [variable, placed] : placements)
    out += fmt::format("// {}: {}\n", variable, kWhere[static_cast<int>(placed)]);
  return out + model::text_of(statements);
}

std::string name_prefix(std::size_t index) { return fmt::format("p{}_", index); }

std::string go_source(const std::vector<MachineProgram>& programs) {
  std::string out =
      "package main\n\nimport (\n\t\"strings\"\n\t\"unsafe\"\n\n\t\"overhang.subjects/kit\"\n)\n\n"
      "var (\n\t_ = strings.Clone\n\t_ = kit.Clear[int]\n\t_ unsafe.Pointer\n)\n\n";
  std::string list = "var programs = []program{\n";
  for (std::size_t i = 0; i < programs.size(); i++) {
    out += Writer(programs[i], i).run();
    auto prefix = name_prefix(i);
    list += fmt::format("\t{{{0}run, {1}, {0}drop}},\n", prefix,
                        programs[i].cure ? prefix + "remedy" : "nil");
  }
  return out + list + "}\n";
}

}  // namespace overhang::test
