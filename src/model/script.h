// Scripts: small programs of slice operations, written as in Go.
//
//     type Conn struct { id int; payload *Payload }
//     var pool Pool                               // all variables are package-level
//     conns := make([]*Conn, 0, 4)
//     for range 6 {
//         conns = append(conns, &Conn{payload: new(Payload)})
//     }
//     conns[1], conns[5] = conns[5], conns[1]
//     conns = conns[:2]
//     show
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/types.h"

namespace overhang::model {

struct Position {
  unsigned line = 0, column = 0;  // from 1
};

struct Expr {
  enum class Op : std::uint8_t {
    Name,
    Number,  // `number`
    Nil,
    Text,       // a string's literal; only its length matters: `number`
    Field,      // args[0].name
    Index,      // args[0][args[1]]
    Slice,      // args[0][args[1]:args[2]:args[3]]; absent bounds are of Op::None
    Append,     // append(args…), the last one followed by "..." if `spread`
    Make,       // make(type, args…)
    New,        // new(type)
    Composite,  // type{…}: a struct's fields by `names`, or a slice's elements
    Nothing,    // type(nil)
    Address,    // &args[0]
    Len,
    Cap,
    Copy,    // copy(args[0], args[1])
    Clone,   // slices.Clone, strings.Clone
    Repeat,  // strings.Repeat(text, n)
    Binary,  // args[0] `name` args[1]: + - * / %
    None,
  };
  Op op = Op::None;
  Position at{};
  std::string name{};
  std::int64_t number = 0;
  bool spread = false;
  const Type* type = nullptr;
  std::vector<std::string> names{};
  std::vector<Expr> args{};
};

struct Statement {
  enum class Op : std::uint8_t {
    Type,    // declares `type`
    Var,     // declares `names` of `type`, or of values' types
    Define,  // names := values
    Assign,  // targets = values
    Copy,    // values[0] is the call
    Clear,   // clear(values[0])
    Delete,  // delete(values[0], values[1])
    For,     // values[0] times: `body`; the index is names[0], if any
             // (`recount`: i < values[0] is looked at each time)
    Show,
  };
  Op op = Op::Show;
  Position at{};
  unsigned last_line = 0;
  std::string text{};  // as it was written, without comment; of a loop its first line
  const Type* type = nullptr;
  std::vector<std::string> names{};
  std::vector<Expr> targets{}, values{};
  std::vector<Statement> body{};
  bool recount = false;
};

struct Script {
  std::shared_ptr<Types> types;
  std::vector<Statement> statements;
};

// Errors: BadInput, "LINE:COLUMN: what is wrong". `types` are those that are declared already.
Result<Script> parse(std::string_view source,
                     std::shared_ptr<Types> types = std::make_shared<Types>());
// The statements as they were written, one a line, loops indented.
std::string text_of(const std::vector<Statement>& statements);

}  // namespace overhang::model
