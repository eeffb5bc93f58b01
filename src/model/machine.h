// Runs scripts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/memory.h"
#include "model/script.h"

namespace overhang::model {

class Machine {
 public:
  // `types` are the script's.
  Machine(Allocator allocator, std::shared_ptr<Types> types)
      : memory_(allocator), types_(std::move(types)) {}

  // Called where a slice was assigned, in the order in which the program does it.
  std::function<void(const Ref& slice)> on_slice{};
  // Called at each `show`.
  std::function<void()> on_show{};

  // Errors: BadInput, "LINE:COLUMN: what Go would say". The memory is as it was at that point then.
  Status run(const std::vector<Statement>& statements);
  Status run(const Statement& statement);

  const Memory& memory() const { return memory_; }
  const std::shared_ptr<Types>& types() const { return types_; }
  // Variables that hold numbers: they are no part of the picture.
  const std::map<std::string, std::int64_t>& numbers() const { return numbers_; }
  // The object that the variable is.
  std::optional<ObjectIndex> variable(const std::string& name) const;
  // What an expression refers to now. Errors: as run().
  Result<Ref> evaluate(const Expr& expr);

 private:
  // A value; of a number only `number` counts, and only where it is computed in the script. A map's
  // is 1 where it is not nil.
  struct Value {
    const Type* type = nullptr;  // nullptr: nil
    std::int64_t number = 0;
    std::vector<Ref> refs{};
  };
  // References [ref, ref + type->refs) of an object, or an entry of a map that may not be there
  // yet.
  struct Target {
    ObjectIndex object = kNoObject;
    std::uint64_t ref = 0;
    const Type* type = nullptr;
    bool map = false;                   // the map as a whole
    std::string number{};               // or a variable that holds a number
    std::optional<std::int64_t> key{};  // or the value of that key, to be set
  };

  template <class... Args>
  tl::unexpected<Error> wrong(const Expr& expr, fmt::format_string<Args...> format,
                              Args&&... args) const;
  Status step(const Statement& statement);
  Status define(const std::string& name, Value value, const Expr& from);
  Status declare(const Statement& statement);
  Status assign(const Statement& statement);
  Status store(const Target& target, Value value, const Expr& from);
  Status loop(const Statement& statement);
  Status remove(const Statement& statement);

  Result<Target> target(const Expr& expr);
  Result<Target> target_of_name(const Expr& expr);
  Result<Target> target_of_field(const Expr& expr);
  Result<Target> target_of_index(const Expr& expr);
  struct Element {
    Ref slot;
    const Type* type = nullptr;
  };
  Result<Element> element(const Expr& expr);  // of a slice: s[i]
  Result<Value> value(const Expr& expr);
  Result<Value> read(const Target& target);
  Result<std::int64_t> number(const Expr& expr);
  // A number that is not negative.
  Result<std::uint64_t> size(const Expr& expr);
  Result<Value> slice(const Expr& expr);  // a value of slice or string type
  Result<Value> resliced(const Expr& expr);
  Result<Value> appended(const Expr& expr);
  Result<Value> made(const Expr& expr);
  Result<Value> composite(const Expr& expr);
  Result<Value> address(const Expr& expr);
  Result<Value> repeated(const Expr& expr);
  Result<Value> cloned(const Expr& expr);
  Result<std::int64_t> copied(const Expr& expr);
  Result<Value> computed(const Expr& expr);
  // What is to be stored where `type` stands: nil has none of its own.
  Result<Value> fitted(Value value, const Type* type, const Expr& from) const;
  // Errors where the script asks for more memory than a model should take.
  Status room_for(std::uint64_t count, const Type* elem, const Expr& from);

  Memory memory_;
  std::shared_ptr<Types> types_;
  std::map<std::string, ObjectIndex> variables_;
  std::map<std::string, std::int64_t> numbers_;
  std::uint64_t slots_ = 0, steps_ = 0;  // made and taken so far
};

template <class... Args>
tl::unexpected<Error> Machine::wrong(const Expr& expr, fmt::format_string<Args...> format,
                                     Args&&... args) const {
  return fail(ErrorKind::BadInput, "{}:{}: {}", expr.at.line, expr.at.column,
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace overhang::model
