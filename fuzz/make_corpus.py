#!/usr/bin/env python3
"""Writes the seeds of the fuzzers' corpus, forged field by field: fuzz/corpus/{core,executable}.

Run it after a change and commit what it writes; nothing else needs Python.
"""
import os
import struct
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
ET_EXEC, ET_DYN, ET_CORE = 2, 3, 4
EM_X86_64, EM_AARCH64 = 62, 183
PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE = 1, 3, 6, 0x46494C45


def ehdr(kind, machine=EM_X86_64, phnum=0, shnum=0, shoff=0, shstrndx=0, entry=0x401000):
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    return ident + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, 64, shoff, 0, 64, 56,
                               phnum, 64, shnum, shstrndx)


def phdr(kind, offset, address, filesz, memsz=None, flags=6):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, 0, filesz,
                       filesz if memsz is None else memsz, 8)


def shdr(name, kind, offset, size, address=0, link=0, entsize=0, info=0, flags=0):
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, address, offset, size, link, info, 8, entsize)


def note(kind, data, name=b"CORE\0"):
    pad = lambda b: b + bytes(-len(b) % 4)
    return struct.pack("<III", len(name), len(data), kind) + pad(name) + pad(data)


def prstatus(tid, pc, sp, words=27):
    registers = [0] * words
    if words == 27:
        registers[16], registers[19] = pc, sp
    else:
        registers[31], registers[32] = sp, pc
    return bytes(32) + struct.pack("<I", tid) + bytes(76) + struct.pack("<%dQ" % words, *registers) + bytes(8)


def files(rows, page=4096):
    out = struct.pack("<QQ", len(rows), page)
    out += b"".join(struct.pack("<QQQ", a, b, off) for a, b, off, _ in rows)
    return out + b"".join(name + b"\0" for *_, name in rows)


def auxv(*pairs):
    return b"".join(struct.pack("<QQ", *pair) for pair in pairs + ((0, 0),))


def core(notes, loads, machine=EM_X86_64, cut=0, phnum=None):
    """loads: (address, bytes, size in memory)"""
    headers = 64 + 56 * (1 + len(loads))
    at = headers + len(notes)
    program = phdr(PT_NOTE, headers, 0, len(notes), 0)
    body = b""
    for address, data, memory in loads:
        program += phdr(PT_LOAD, at + len(body), address, len(data), memory)
        body += data
    out = ehdr(ET_CORE, machine, 1 + len(loads) if phnum is None else phnum) + program + notes + body
    return out[:len(out) - cut] if cut else out


def cores():
    words = struct.pack("<64Q", *range(64))
    notes = (note(NT_PRSTATUS, prstatus(7, 0x401000, 0xC000001000)) + note(NT_PRSTATUS, prstatus(8, 1, 2)) +
             note(NT_PRPSINFO, bytes(24) + struct.pack("<I", 7) + bytes(108)) +
             note(NT_AUXV, auxv((9, 0x401000), (3, 0x400040), (33, 0x7FFF00000000))) +
             note(NT_FILE, files([(0x400000, 0x401000, 0, b"/bin/program"), (0x401000, 0x402000, 1, b"/bin/program")])))
    plain = [(0x400000, words, None), (0xC000000000, words * 2, None), (0x7FFF00000000, words[:128], 4096)]
    yield "plain", core(notes, plain)
    yield "overlapping", core(notes, [(0x1000, words, None), (0x1100, words, None), (0x1000, words[:64], None)])
    yield "cut", core(notes, plain, cut=700)
    yield "cut-in-notes", core(notes, plain)[:64 + 56 * 4 + 40]
    yield "no-loads", core(notes, [])
    yield "wraps", core(notes, [(0xFFFFFFFFFFFFFF00, words, None), (0x10, words, 0xFFFFFFFFFFFFFFF0)])
    yield "holes", core(notes, [(0x1000, b"", 65536), (0x20000, words, 1 << 40)])
    yield "arm64", core(note(NT_PRSTATUS, prstatus(7, 0x401000, 0x4000, 34)), plain[:1], EM_AARCH64)
    yield "file-count", core(note(NT_FILE, struct.pack("<QQ", 1 << 61, 4096) + bytes(48)), plain[:1])
    yield "note-sizes", core(struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFF0, 1) + bytes(16), plain[:1])
    yield "short-prstatus", core(note(NT_PRSTATUS, bytes(40)), plain[:1])
    many = bytearray(core(notes, plain[:1], phnum=0xFFFF))  # the true count stands in section 0
    struct.pack_into("<Q", many, 40, len(many))
    struct.pack_into("<H", many, 60, 1)
    yield "phnum-in-section", bytes(many) + shdr(0, 0, 0, 0, info=2)
    yield "empty", b""
    yield "text", b"this is no core\n"
    yield "gzip", b"\x1f\x8b\x08" + bytes(20)


def section_file(sections, machine=EM_X86_64, kind=ET_EXEC, symbols=()):
    """sections: (name, type, address, bytes, flags); one PT_LOAD over those with an address"""
    names, strtab, symtab = b"\0", b"\0", bytes(24)
    for name, address, size, index in symbols:
        symtab += struct.pack("<IBBHQQ", len(strtab), 0x12, 0, index, address, size)
        strtab += name + b"\0"
    all_sections = list(sections)
    if symbols:
        all_sections += [(b".symtab", 2, 0, symtab, 0), (b".strtab", 3, 0, strtab, 0)]
    all_sections.append((b".shstrtab", 3, 0, b"", 0))
    for name, *_ in all_sections:
        names += name + b"\0"
    all_sections[-1] = (b".shstrtab", 3, 0, names, 0)
    loads = [s for s in all_sections if s[2]]
    at = 64 + 56 * len(loads)
    body, headers, program = b"", shdr(0, 0, 0, 0), b""
    for i, (name, stype, address, data, flags) in enumerate(all_sections):
        link = i + 2 if name == b".symtab" else 0
        headers += shdr(names.find(b"\0" + name + b"\0") + 1, stype, at + len(body), len(data), address, link,
                        24 if name == b".symtab" else 0, flags=flags)
        if address:
            program += phdr(PT_LOAD, at + len(body), address, len(data))
        body += data + bytes(-len(data) % 8)
    out = ehdr(kind, machine, len(loads), len(all_sections) + 1, at + len(body), len(all_sections))
    return out + program + body + headers


def build_info(version, modinfo=b""):
    def text(b):
        return bytes([len(b)]) + b
    return b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16) + text(version) + text(modinfo)


def go_note(build_id):
    return struct.pack("<III", 4, len(build_id), 4) + b"Go\0\0" + build_id + bytes(-len(build_id) % 4)


def gnu_note(build_id):
    return struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id


def uleb(n):
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def dwarf(version):
    """A unit of Go's with an int, a struct, a slice, a global, and a function with a variable."""
    def abbreviation(code, tag, children, *attributes):
        return uleb(code) + uleb(tag) + bytes([children]) + b"".join(uleb(a) + uleb(f) for a, f in attributes) + b"\0\0"
    abbrev = (abbreviation(1, 0x11, 1, (0x03, 0x08), (0x13, 0x0B), (0x11, 0x01), (0x12, 0x07)) +
              abbreviation(2, 0x24, 0, (0x03, 0x08), (0x3E, 0x0B), (0x0B, 0x0B), (0x2900, 0x0B), (0x2904, 0x01)) +
              abbreviation(3, 0x13, 1, (0x03, 0x08), (0x0B, 0x0F), (0x2900, 0x0B)) +
              abbreviation(4, 0x0D, 0, (0x03, 0x08), (0x38, 0x0F), (0x49, 0x13)) +
              abbreviation(5, 0x34, 0, (0x03, 0x08), (0x02, 0x18 if version > 3 else 0x0A), (0x49, 0x13), (0x3F, 0x0C)) +
              abbreviation(6, 0x2E, 1, (0x03, 0x08), (0x11, 0x01), (0x12, 0x07), (0x40, 0x18)) +
              abbreviation(7, 0x34, 0, (0x03, 0x08), (0x02, 0x17), (0x49, 0x13)) + b"\0")
    header = 11 if version == 4 else 12
    info = uleb(1) + b"main\0" + bytes([22]) + struct.pack("<QQ", 0x401000, 0x1000)
    int_at = header + len(info)
    info += uleb(2) + b"int\0" + bytes([5, 8, 2]) + struct.pack("<Q", 0x402000)
    struct_at = header + len(info)
    info += uleb(3) + b"main.T\0" + uleb(16) + bytes([25])
    info += uleb(4) + b"a\0" + uleb(0) + struct.pack("<I", int_at)
    info += uleb(4) + b"self\0" + uleb(8) + struct.pack("<I", struct_at) + b"\0"
    expression = b"\x03" + struct.pack("<Q", 0x403000)
    info += uleb(5) + b"main.global\0" + uleb(len(expression)) + expression + struct.pack("<I", struct_at) + b"\1"
    info += uleb(6) + b"main.main\0" + struct.pack("<QQ", 0x401000, 0x100) + uleb(1) + b"\x9c"
    info += uleb(7) + b"local\0" + struct.pack("<I", 0 if version == 4 else 12) + struct.pack("<I", int_at) + b"\0\0"
    if version == 4:
        unit = struct.pack("<HIB", 4, 0, 8) + info
    else:
        unit = struct.pack("<HBBI", 5, 1, 8, 0) + info
    unit = struct.pack("<I", len(unit)) + unit
    piece = b"\x91\x78\x93\x08"  # fbreg -8, piece 8
    loc = struct.pack("<QQH", 0, 0x80, len(piece)) + piece + bytes(16)
    lists = struct.pack("<HBBI", 5, 8, 0, 0) + b"\x04" + uleb(0) + uleb(0x80) + uleb(len(piece)) + piece + b"\0"
    lists = struct.pack("<I", len(lists)) + lists
    return [(b".debug_abbrev", 1, 0, abbrev, 0), (b".debug_info", 1, 0, unit, 0),
            (b".debug_loc", 1, 0, loc, 0) if version == 4 else (b".debug_loclists", 1, 0, lists, 0)]


def compressed(sections, zdebug):
    out = []
    for name, kind, address, data, flags in sections:
        packed = zlib.compress(data)
        if zdebug:
            out.append((b".z" + name[1:], kind, address, b"ZLIB" + struct.pack(">Q", len(data)) + packed, flags))
        else:
            out.append((name, kind, address, struct.pack("<IIQQ", 1, 0, len(data), 1) + packed, flags | 0x800))
    return out


def executables():
    text = (b".text", 1, 0x401000, bytes(256), 6)
    data = (b".data", 1, 0x403000, bytes(64), 3)
    info = (b".go.buildinfo", 1, 0x404000, build_info(b"go1.26.8", b"path\tmain\n"), 3)
    ids = [(b".note.go.buildid", 7, 0, go_note(b"abc/def/ghi/jkl"), 0), (b".note.gnu.build-id", 7, 0, gnu_note(bytes(range(20))), 0)]
    symbols = [(b"main.main", 0x401000, 256, 1), (b"runtime.mheap_", 0x403000, 64, 2)]
    yield "plain", section_file([text, data, info] + ids, symbols=symbols)
    yield "dwarf4", section_file([text, data, info] + dwarf(4), symbols=symbols)
    yield "dwarf5", section_file([text, data, info] + dwarf(5), symbols=symbols)
    yield "dwarf5-compressed", section_file([text, data, info] + compressed(dwarf(5), False), symbols=symbols)
    yield "dwarf4-zdebug", section_file([text, data, info] + compressed(dwarf(4), True), symbols=symbols)
    yield "stripped", section_file([text, data, info])
    yield "devel", section_file([text, (b".go.buildinfo", 1, 0x404000, build_info(b"devel go1.27-abcdef"), 3)])
    yield "version-of-two-lines", section_file([text, (b".go.buildinfo", 1, 0x404000, build_info(b"go\n1.26.8\x1b[31m"), 3)])
    yield "pointers-buildinfo", section_file([text, (b".go.buildinfo", 1, 0x404000, b"\xff Go buildinf:" + bytes([8, 0]) + struct.pack("<QQ", 0x403000, 0x403010), 3), data])
    yield "pie", section_file([text, data, info], kind=ET_DYN, symbols=symbols)
    yield "no-sections", ehdr(ET_EXEC, phnum=1) + phdr(PT_LOAD, 0, 0x400000, 120)
    yield "sections-out-of-bounds", ehdr(ET_EXEC, shnum=9, shoff=1 << 60, shstrndx=8)
    yield "empty", b""
    yield "text", b"#!/bin/sh\n"


def main():
    for folder, makers in (("core", cores()), ("executable", executables())):
        directory = os.path.join(HERE, folder)
        os.makedirs(directory, exist_ok=True)
        for name, data in makers:
            with open(os.path.join(directory, name), "wb") as out:
                out.write(data)


main()
