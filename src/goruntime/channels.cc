#include "goruntime/channels.h"

#include "base/checked.h"

namespace overhang {

std::optional<ChannelStorage> channel_storage(const Runtime& runtime, TypeTable& types,
                                              Address header) {
  const Image& image = runtime.image();
  const Layout& layout = runtime.layout();
  auto lost = [&](std::string_view cause) {
    runtime.diagnostics().lose(cause, fmt::format("{:#x}", header));
    return std::nullopt;
  };
  ChannelStorage out;
  out.header = header;
  out.header_size = layout.hchan_size;
  const auto* raw = image.at(header, out.header_size);
  if (!raw) return lost("channels that could not be read");
  out.queued = load_unchecked<std::uint64_t>(raw + layout.hchan_qcount);
  out.capacity = load_unchecked<std::uint64_t>(raw + layout.hchan_dataqsiz);
  out.elem_size = load_unchecked<std::uint16_t>(raw + layout.hchan_elemsize);
  out.first = load_unchecked<std::uint64_t>(raw + layout.hchan_recvx);
  // An image may stand between recvx++ and its going round the end (chan.go: recv).
  if (out.first == out.capacity) out.first = 0;
  out.elem = types.from_rtype(load_unchecked<Address>(raw + layout.hchan_elemtype));
  // Not filled in yet (chan.go: makechan).
  if (load_unchecked<Address>(raw + layout.hchan_elemtype) == 0) return std::nullopt;
  out.header_type = types.named("runtime.hchan");
  const TypeInfo& elem = types.info(out.elem);
  auto bytes = checked_mul(out.capacity, out.elem_size);
  if (out.elem == kUnknownType || elem.size != out.elem_size || !bytes ||
      out.queued > out.capacity || (out.capacity != 0 && out.first >= out.capacity))
    return lost("channels whose fields contradict each other");
  if (*bytes == 0) return out;
  out.buffer = load_unchecked<Address>(raw + layout.hchan_buf);
  out.buffer_with_header = !elem.has_pointers;
  if (!image.at(out.buffer, *bytes)) return lost("channel buffers out of bounds");
  return out;
}

}  // namespace overhang
