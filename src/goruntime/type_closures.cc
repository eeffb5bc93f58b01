// What a func value's object holds besides the code pointer.
#include <algorithm>
#include <cctype>

#include "base/checked.h"
#include "goruntime/type_names.h"
#include "goruntime/type_table.h"

namespace overhang {
namespace {

constexpr std::uint64_t kMaxClosureBytes = 1 << 20;

// "example.com/a/b.(*T).M" without the import path's folders: "b.(*T).M".
std::string_view after_path(std::string_view name) {
  auto end = name.find_first_of("[(");  // a type argument may hold slashes
  auto slash = name.substr(0, end).rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "X0"
bool is_placeholder(std::string_view name) {
  return name.starts_with('X') && all_digits(name.substr(1));
}

// closure.go: closureName gives func1, gowrap1, deferwrap1, -range1 and, nested, .1.
bool is_closure_name(std::string_view last) {
  if (last.find('-') != std::string_view::npos || all_digits(last)) return true;
  for (std::string_view prefix : {"func", "gowrap", "deferwrap", "dwrap"})
    if (last.starts_with(prefix) && all_digits(last.substr(prefix.size()))) return true;
  return false;
}

// A package-level function or method: what its func values hold is the code pointer alone.
bool captures_nothing(std::string_view name) {
  auto symbol = after_path(name);
  auto dot = symbol.find('.');
  if (dot == std::string_view::npos) return false;
  symbol.remove_prefix(dot + 1);
  if (symbol.starts_with("(*")) {
    auto close = symbol.find(").");
    if (close == std::string_view::npos) return false;
    symbol.remove_prefix(close + 2);
    return symbol.find_first_of(".-") == std::string_view::npos;
  }
  if (symbol.find('-') != std::string_view::npos) return false;
  auto inner = symbol.find('.');
  if (inner == std::string_view::npos) return true;
  auto last = symbol.substr(inner + 1);
  return last.find('.') == std::string_view::npos && !is_closure_name(last) && inner != 0;
}

// "int" of "runtime.AddCleanup[main.T[string,int],int].func1".
std::string_view last_type_argument(std::string_view name) {
  auto open = name.find('[');
  auto close = name.rfind(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  auto arguments = name.substr(open + 1, close - open - 1);
  int depth = 0;
  for (auto i = arguments.size(); i-- > 0;) {
    char c = arguments[i];
    if (c == ')' || c == ']' || c == '}') depth++;
    if (c == '(' || c == '[' || c == '{') depth--;
    if (c == ',' && depth == 0) return arguments.substr(i + 1);
  }
  return arguments;
}

}  // namespace

// The receiver's type of a method value's wrapper: "net/http.(*Server).Serve-fm" -> a pointer to
// net/http.Server, "io.Reader.Read-fm" -> io.Reader.
TypeId TypeTable::Impl::method_value_receiver(std::string_view name) {
  if (!name.ends_with("-fm")) return kUnknownType;
  name.remove_suffix(3);
  auto dot = name.rfind('.');
  if (dot == std::string_view::npos || name.find('[') != std::string_view::npos)
    return kUnknownType;
  std::string receiver(name.substr(0, dot));
  if (receiver.ends_with(')')) {
    auto open = receiver.find(".(*");
    if (open == std::string::npos) return kUnknownType;
    receiver = fmt::format("*{}{}", receiver.substr(0, open + 1),
                           receiver.substr(open + 3, receiver.size() - open - 4));
  }
  return named(receiver);
}

// DW_AT_go_closure_offset, Go 1.23+. Words that no variable is sure to fill are unknown: they may
// hold one that the compiler has left out of DWARF. Where it has left out all of them, that is the
// whole object.
TypeId TypeTable::Impl::closure_of(const Function& function, std::uint64_t object_bytes) {
  std::vector<DwarfVariable> captured;
  if (dwarf) captured = dwarf->captured(function.entry - runtime.load_bias(), object_bytes);
  std::vector<TypeField> fields{{"F", 0, scalar_word()}};
  std::uint64_t end = 8;
  auto unknown_up_to = [&](std::uint64_t offset) {
    for (end = align_up(end, 8); end + 8 <= offset; end += 8)
      fields.push_back({kUnknownField, end, unknown_word()});
  };
  for (const auto& variable : captured) {
    auto offset = variable.closure_offset.value_or(0);
    if (offset < end || offset > kMaxClosureBytes) continue;
    unknown_up_to(offset);
    auto type = intern_die(variable.type);
    if (variable.captured_by_reference.value_or(false)) type = intern_pointer(type);
    const TypeInfo& info = decoded(type).info;
    if (!variable.captured_by_reference || info.kind == TypeKind::Unknown ||
        info.size > kMaxClosureBytes)
      continue;
    fields.push_back({variable.name, offset, type});
    end = offset + info.size;
  }
  if (captured.empty()) unknown_up_to(std::min(object_bytes, kMaxClosureBytes));
  return add_struct(fmt::format("{}{}", TypeTable::kClosurePrefix, short_type_name(function.name)),
                    std::move(fields), align_up(end, 8));
}

// The call is callCleanup[S], in a closure of AddCleanup[T, S] over the dictionary that holds the
// instance's types: both functions' names and the dictionary's symbol end in S.
TypeId TypeTable::Impl::cleanup_argument(Address call) {
  auto pc = runtime.image().word(call);
  auto function = pc ? runtime.find_function(*pc) : std::nullopt;
  if (!function || !function->name.starts_with("runtime.")) return kUnknownType;
  auto dictionary = runtime.image().word(call + 8).value_or(0);
  auto [at, fresh] = cleanup_arguments.try_emplace(dictionary);
  if (!fresh) return at->second;
  auto symbol = runtime.symbols().symbol_name(dictionary - runtime.load_bias());
  auto id = named(last_type_argument(symbol));
  if (id == kUnknownType) id = named(last_type_argument(function->name));
  if (is_pointer_shape(decoded(id))) return kUnknownType;
  return cleanup_arguments[dictionary] = id;
}

TypeId TypeTable::Impl::closure_like(Address pc, TypeId structure) {
  // Generic functions share their code: the types of what they capture may differ.
  auto [at, fresh] = closures_like.try_emplace({pc, structure.value});
  if (!fresh) return at->second;
  auto function = runtime.find_function(pc);
  if (!function) return kUnknownType;
  auto fields = decoded(structure).info.fields;
  name_captured(pc, fields);
  return at->second = add_struct(
             fmt::format("{}{}", TypeTable::kClosurePrefix, short_type_name(function->name)),
             std::move(fields), decoded(structure).info.size);
}

// Before DWARF says (1.23+) where in the closure its variables are, it has them among the
// function's own, declared where the function first uses them (noder/writer.go: closureVars), as
// its locals are where they are made. "&x" points to what was captured by reference, or into the
// closure.
const std::vector<TypeTable::Impl::Captured>& TypeTable::Impl::captured_by(Address pc) {
  auto [at, fresh] = captured_variables.try_emplace(pc);
  auto function = fresh && dwarf ? runtime.find_function(pc) : std::nullopt;
  if (!function || function->entry != pc) return at->second;
  std::vector<Captured> found;
  for (const auto& variable : dwarf->variables(pc - runtime.load_bias())) {
    if (variable.parameter || !variable.inlined_from.empty()) continue;
    bool address = variable.name.starts_with('&');
    auto type = intern_die(variable.type);
    found.push_back(
        {variable.name.substr(address ? 1 : 0), type, address ? decoded(type).info.elem : type});
  }
  return captured_variables[pc] = std::move(found);
}

// typecheck/func.go: ClosureType names the fields as the variables, and X0, X1, … since Go 1.21.
bool TypeTable::Impl::may_be_field(const Captured& variable, const TypeField& field) {
  bool named = !is_placeholder(field.name) && field.name != variable.name;
  return !named && (field.type == variable.type || field.type == variable.value);
}

bool TypeTable::Impl::may_be_closure(Address pc, TypeId structure) {
  if (!dwarf) return true;
  const auto& variables = captured_by(pc);
  const auto& fields = decoded(structure).info.fields;
  return std::all_of(fields.begin(), fields.end(), [&](const TypeField& field) {
    return !decoded(field.type).info.has_pointers ||
           std::any_of(variables.begin(), variables.end(),
                       [&](const Captured& variable) { return may_be_field(variable, field); });
  });
}

// The variables that are told by their types give the fields their names.
void TypeTable::Impl::name_captured(Address pc, std::vector<TypeField>& fields) {
  std::vector<std::string> names(fields.size());
  std::vector<unsigned> matches(fields.size());
  for (const Captured& variable : captured_by(pc)) {
    std::vector<std::size_t> alike;
    for (std::size_t i = 0; i < fields.size(); i++)
      if (is_placeholder(fields[i].name) && may_be_field(variable, fields[i])) alike.push_back(i);
    for (auto i : alike) {
      matches[i] += alike.size() == 1 ? 1 : 2;
      names[i] = variable.name;
    }
  }
  for (std::size_t i = 0; i < fields.size(); i++)
    if (matches[i] == 1) fields[i].name = std::move(names[i]);
}

TypeId TypeTable::Impl::closure(Address pc, std::uint64_t object_bytes) {
  auto [at, fresh] = closures.try_emplace(pc);
  if (!fresh) return at->second;
  auto function = runtime.find_function(pc);
  if (!function || function->entry != pc) return kUnknownType;
  auto id = kUnknownType;
  // reflect/makefunc.go.
  if (function->name == "reflect.makeFuncStub") {
    id = named_in_full("reflect.makeFuncImpl");
  } else if (function->name == "reflect.methodValueCall") {
    id = named_in_full("reflect.methodValue");
  } else if (auto receiver = method_value_receiver(function->name); receiver != kUnknownType) {
    // closure.go: MethodValueType: struct { F uintptr; R T }.
    id = add_struct(fmt::format("method value {}", short_type_name(function->name)),
                    {{"F", 0, scalar_word()}, {"R", 8, receiver}},
                    align_up(8 + decoded(receiver).info.size, 8));
  } else if (captures_nothing(function->name)) {
    id = add_struct(fmt::format("func {}", short_type_name(function->name)),
                    {{"F", 0, scalar_word()}}, 8);
  } else {
    id = closure_of(*function, object_bytes);
  }
  return closures[pc] = id;
}

}  // namespace overhang
