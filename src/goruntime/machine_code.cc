#include "goruntime/machine_code.h"

#include "goruntime/amd64_code.h"

namespace overhang::machine {

const Machine* machine_for(Architecture architecture) {
  return architecture == Architecture::Amd64 ? &amd64::kMachine : nullptr;
}

}  // namespace overhang::machine
