#include "image/live.h"

#ifdef __x86_64__
#include "image/remote_memory.h"
#endif

namespace overhang {

Result<std::unique_ptr<Image>> snapshot_process(std::uint32_t pid, const LiveOptions& options,
                                                Diagnostics& diagnostics) {
  OVERHANG_TRY(auto frozen, freeze_process(pid, options, diagnostics));
#ifdef __x86_64__
  auto image = std::make_unique<Image>(Architecture::Amd64, std::move(frozen.identity));
  image->set_threads(std::move(frozen.threads));
  image->set_file_mappings(std::move(frozen.files));
  image->set_auxv(std::move(frozen.auxv));
  auto memory = std::make_shared<RemoteMemory>(frozen.stopper);
  if (auto left_out = add_remote_segments(*image, frozen.mappings, memory))
    diagnostics.warn(fmt::format(
        "{} bytes of process {} are left out: the system gives no address space to hold them "
        "(vm.overcommit_memory, ulimit -v)",
        left_out, pid));
  image->count_losses([memory] { return memory->lost_bytes(); });
  if (!frozen.stopper->held_reason().empty())
    diagnostics.warn(fmt::format("process {} stands still until its analysis is done: {}", pid,
                                 frozen.stopper->held_reason()));
  return image;
#else
  return fail(ErrorKind::Unsupported, "process {} cannot be imaged", pid);
#endif
}

}  // namespace overhang
