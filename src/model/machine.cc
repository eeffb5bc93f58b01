#include "model/machine.h"

#include <algorithm>

namespace overhang::model {
namespace {

// What a script may take: these are models, to be looked at.
constexpr std::uint64_t kMostSlots = 1 << 26;
constexpr std::uint64_t kMostSteps = 10'000'000;

// A text of the program itself: nothing of the heap.
Ref literal(const Expr& expr) {
  auto bytes = static_cast<std::uint64_t>(expr.number);
  return {kNoObject, 0, bytes, bytes, bytes > 0};
}

}  // namespace

std::optional<ObjectIndex> Machine::variable(const std::string& name) const {
  auto at = variables_.find(name);
  return at == variables_.end() ? std::nullopt : std::optional(at->second);
}

Result<Ref> Machine::evaluate(const Expr& expr) {
  OVERHANG_TRY(auto found, value(expr));
  return found.refs.empty() ? Ref{} : found.refs[0];
}

Status Machine::run(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) OVERHANG_CHECK(run(statement));
  return {};
}

Status Machine::run(const Statement& statement) {
  OVERHANG_CHECK(step(statement));
  switch (statement.op) {
    case Statement::Op::Type:
      return {};
    case Statement::Op::Show:
      if (on_show) on_show();
      return {};
    case Statement::Op::Var:
      return declare(statement);
    case Statement::Op::Define:
      for (std::size_t i = 0; i < statement.names.size(); i++) {
        OVERHANG_TRY(auto first, value(statement.values[i]));
        OVERHANG_CHECK(define(statement.names[i], std::move(first), statement.values[i]));
      }
      return {};
    case Statement::Op::Assign:
      return assign(statement);
    case Statement::Op::Copy: {
      OVERHANG_TRY(auto copied_elements, copied(statement.values[0]));
      static_cast<void>(copied_elements);
      return {};
    }
    case Statement::Op::Clear: {
      OVERHANG_TRY(auto cleared, slice(statement.values[0]));
      memory_.clear(cleared.refs[0]);
      return {};
    }
    case Statement::Op::Delete:
      return remove(statement);
    case Statement::Op::For:
      return loop(statement);
  }
  return {};
}

Status Machine::step(const Statement& statement) {
  if (++steps_ <= kMostSteps) return {};
  return fail(ErrorKind::BadInput, "{}:{}: the script takes too many steps for a model",
              statement.at.line, statement.at.column);
}

Status Machine::define(const std::string& name, Value first, const Expr& from) {
  if (variables_.contains(name) || numbers_.contains(name))
    return wrong(from, "{} is declared already", name);
  if (!first.type) return wrong(from, "nil has no type of its own: var {} []T", name);
  if (first.type->kind == Kind::Number) {
    numbers_[name] = first.number;
    return {};
  }
  variables_[name] = memory_.declare(name, first.type);
  Target place{variables_[name], 0, first.type, first.type->kind == Kind::Map};
  return store(place, std::move(first), from);
}

Status Machine::declare(const Statement& statement) {
  Expr here;
  here.at = statement.at;
  for (std::size_t i = 0; i < statement.names.size(); i++) {
    Value first;
    const Expr& from = statement.values.empty() ? here : statement.values[i];
    if (!statement.values.empty()) {
      OVERHANG_TRY(first, value(statement.values[i]));
    }
    if (statement.type && statement.values.empty()) {
      first.type = statement.type;
      first.refs.resize(statement.type->refs);
      // A variable alone assigns nothing.
      if (first.type->kind != Kind::Number && !variables_.contains(statement.names[i]) &&
          !numbers_.contains(statement.names[i])) {
        variables_[statement.names[i]] = memory_.declare(statement.names[i], first.type);
        continue;
      }
    } else if (statement.type) {
      OVERHANG_TRY(first, fitted(std::move(first), statement.type, from));
    }
    OVERHANG_CHECK(define(statement.names[i], std::move(first), from));
  }
  return {};
}

Status Machine::assign(const Statement& statement) {
  std::vector<Target> targets;
  std::vector<Value> values;
  for (const Expr& expr : statement.targets) {
    OVERHANG_TRY(auto place, target(expr));
    targets.push_back(std::move(place));
  }
  for (std::size_t i = 0; i < targets.size(); i++) {
    OVERHANG_TRY(auto next, value(statement.values[i]));
    OVERHANG_TRY(next, fitted(std::move(next), targets[i].type, statement.values[i]));
    values.push_back(std::move(next));
  }
  for (std::size_t i = 0; i < targets.size(); i++)
    OVERHANG_CHECK(store(targets[i], std::move(values[i]), statement.values[i]));
  return {};
}

Status Machine::store(const Target& place, Value stored, const Expr& from) {
  if (!place.number.empty()) {
    numbers_[place.number] = stored.number;
    return {};
  }
  if (place.map) {  // nil, or a new one
    Object& object = memory_[place.object];
    object.keys.clear();
    object.refs.clear();
    object.count = 0;
    object.made = stored.number != 0;
    return {};
  }
  auto ref = place.ref;
  if (place.key) {
    Object& object = memory_[place.object];
    if (!object.made) return wrong(from, "assignment to entry in nil map");
    auto at = std::find(object.keys.begin(), object.keys.end(), *place.key);
    ref = static_cast<std::uint64_t>(at - object.keys.begin()) * object.elem->refs;
    if (at == object.keys.end()) {
      OVERHANG_CHECK(room_for(1, object.elem, from));
      object.keys.push_back(*place.key);
      object.count++;
      object.refs.resize(object.count * object.elem->refs);
    }
  }
  for (std::size_t i = 0; i < stored.refs.size(); i++)
    memory_.at({place.object, ref + i}) = stored.refs[i];
  if (place.type->kind == Kind::Slice && on_slice) on_slice(stored.refs[0]);
  return {};
}

Status Machine::loop(const Statement& statement) {
  const Expr& count = statement.values[0];
  if (!statement.names.empty()) {
    const auto& name = statement.names[0];
    if (variables_.contains(name) || numbers_.contains(name))
      return wrong(count, "{} is declared already", name);
    numbers_[name] = 0;
  }
  OVERHANG_TRY(auto times, number(count));
  for (std::int64_t i = 0; i < times; i++) {
    if (!statement.names.empty()) numbers_[statement.names[0]] = i;
    OVERHANG_CHECK(step(statement));
    OVERHANG_CHECK(run(statement.body));
    if (!statement.recount) continue;
    OVERHANG_TRY(times, number(count));
  }
  if (!statement.names.empty()) numbers_.erase(statement.names[0]);
  return {};
}

Status Machine::remove(const Statement& statement) {
  OVERHANG_TRY(auto map, target(statement.values[0]));
  OVERHANG_TRY(auto key, number(statement.values[1]));
  if (!map.map) return wrong(statement.values[0], "delete is for maps");
  Object& object = memory_[map.object];
  auto at = std::find(object.keys.begin(), object.keys.end(), key);
  if (at == object.keys.end()) return {};
  auto first = object.refs.begin() +
               (at - object.keys.begin()) * static_cast<std::ptrdiff_t>(object.elem->refs);
  object.refs.erase(first, first + static_cast<std::ptrdiff_t>(object.elem->refs));
  object.keys.erase(at);
  object.count--;
  return {};
}

Status Machine::room_for(std::uint64_t count, const Type* elem, const Expr& from) {
  auto weight = std::max<std::uint64_t>(elem->refs, 1);
  if (count > kMostSlots / weight || (slots_ += count * weight) > kMostSlots)
    return wrong(from, "the script takes more memory than a model should");
  return {};
}

Result<Machine::Target> Machine::target(const Expr& expr) {
  switch (expr.op) {
    case Expr::Op::Name:
      return target_of_name(expr);
    case Expr::Op::Field:
      return target_of_field(expr);
    case Expr::Op::Index:
      return target_of_index(expr);
    default:
      return wrong(expr, "this is no variable, field or element");
  }
}

Result<Machine::Target> Machine::target_of_name(const Expr& expr) {
  if (numbers_.contains(expr.name)) {
    Target out;
    out.number = expr.name;
    out.type = types_->number();
    return out;
  }
  auto object = variable(expr.name);
  if (!object)
    return wrong(expr, "there is no variable {}: var {} T, or {} := …", expr.name, expr.name,
                 expr.name);
  const Object& found = memory_[*object];
  return Target{*object, 0, found.map ? found.map : found.elem, found.map != nullptr};
}

Result<Machine::Target> Machine::target_of_field(const Expr& expr) {
  OVERHANG_TRY(auto of, target(expr.args[0]));
  const Type* type = of.type;
  auto object = of.object;
  auto ref = of.ref;
  if (type->kind != Kind::Pointer && (of.map || of.key))
    return wrong(expr, "a field of a map's value cannot be set in Go");
  if (type->kind == Kind::Pointer) {
    OVERHANG_TRY(auto held, read(of));
    const Ref pointer = held.refs[0];
    if (pointer.nowhere()) return wrong(expr, "nil pointer: it has no field {}", expr.name);
    type = type->elem;
    object = pointer.object;
    ref = pointer.first * type->refs;
  }
  const Field* field = type->field(expr.name);
  if (!field) return wrong(expr, "{} has no field {}", type->name, expr.name);
  return Target{object, ref + field->ref, field->type};
}

Result<Machine::Target> Machine::target_of_index(const Expr& expr) {
  const Expr& of = expr.args[0];
  auto map = of.op == Expr::Op::Name ? variable(of.name) : std::nullopt;
  if (map && memory_[*map].map) {
    OVERHANG_TRY(auto key, number(expr.args[1]));
    Target out{*map, 0, memory_[*map].elem};
    out.key = key;
    return out;
  }
  OVERHANG_TRY(auto found, element(expr));
  return Target{found.slot.object, found.slot.first * found.type->refs, found.type};
}

Result<Machine::Element> Machine::element(const Expr& expr) {
  OVERHANG_TRY(auto of, slice(expr.args[0]));
  OVERHANG_TRY(auto index, size(expr.args[1]));
  const Ref& shown = of.refs[0];
  if (of.type->kind != Kind::Slice) return wrong(expr, "only slices and maps have elements here");
  if (index >= shown.len)
    return wrong(expr, "index out of range [{}] with length {}", index, shown.len);
  return Element{{shown.object, shown.first + index, 1, 1}, of.type->elem};
}

Result<Machine::Value> Machine::read(const Target& place) {
  Value out{place.type};
  if (!place.number.empty()) {
    out.number = numbers_.at(place.number);
    return out;
  }
  auto ref = place.ref;
  if (place.key) {
    const Object& object = memory_[place.object];
    auto at = std::find(object.keys.begin(), object.keys.end(), *place.key);
    out.refs.resize(place.type->refs);
    if (at == object.keys.end()) return out;
    ref = static_cast<std::uint64_t>(at - object.keys.begin()) * place.type->refs;
  }
  if (place.object == kNoObject || place.map) return out;
  out.refs.clear();
  for (std::uint64_t i = 0; i < place.type->refs; i++)
    out.refs.push_back(memory_.at({place.object, ref + i}));
  return out;
}

Result<Machine::Value> Machine::value(const Expr& expr) {
  auto number_value = [&](std::int64_t n) { return Value{types_->number(), n}; };
  switch (expr.op) {
    case Expr::Op::Name:
    case Expr::Op::Field:
    case Expr::Op::Index: {
      OVERHANG_TRY(auto place, target(expr));
      if (place.type->kind == Kind::Number && place.number.empty())
        return wrong(expr, "the model keeps no numbers in memory: it cannot read this");
      return read(place);
    }
    case Expr::Op::Number:
      return number_value(expr.number);
    case Expr::Op::Nil:
      return Value{};
    case Expr::Op::Nothing:
      return Value{expr.type, 0, std::vector<Ref>(expr.type->refs)};
    case Expr::Op::Text:  // in the program's own data, not in the heap
      return Value{types_->named("string"), 0, {literal(expr)}};
    case Expr::Op::Slice:
      return resliced(expr);
    case Expr::Op::Append:
      return appended(expr);
    case Expr::Op::Make:
      return made(expr);
    case Expr::Op::New: {
      OVERHANG_CHECK(room_for(1, expr.type, expr));
      if (expr.type->kind == Kind::Map) return wrong(expr, "a map can be a variable, nothing else");
      return Value{types_->pointer_to(expr.type), 0, {memory_.allocate(expr.type)}};
    }
    case Expr::Op::Composite:
      return composite(expr);
    case Expr::Op::Address:
      return address(expr);
    case Expr::Op::Len:
    case Expr::Op::Cap: {
      OVERHANG_TRY(auto of, slice(expr.args[0]));
      return number_value(
          static_cast<std::int64_t>(expr.op == Expr::Op::Len ? of.refs[0].len : of.refs[0].cap));
    }
    case Expr::Op::Copy: {
      OVERHANG_TRY(auto n, copied(expr));
      return number_value(n);
    }
    case Expr::Op::Clone:
      return cloned(expr);
    case Expr::Op::Repeat:
      return repeated(expr);
    case Expr::Op::Binary:
      return computed(expr);
    case Expr::Op::None:
      break;
  }
  return wrong(expr, "a value is missing");
}

}  // namespace overhang::model
