import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A damaged file of llama.cpp before GGUF")
struct HostileLegacyGGMLTests {
  private static func open(_ bytes: [UInt8], _ more: [String: [UInt8]] = [:]) throws -> Checkpoint {
    let tree = MemoryTree(path: "folder", ["m.bin": bytes].merging(more) { $1 })
    return try Checkpoint.open(InputLocation(folder: tree, file: tree.open("m.bin")))
  }

  /// One of each revision, with a tensor in blocks.
  static let good: [LegacyGGMLBytes] = {
    let tensors: [LegacyGGMLBytes.Tensor] = [
      .init("tok_embeddings.weight", [64, 3], type: 2, byteCount: 120), .init("norm.weight", [64]),
    ]
    return [
      LegacyGGMLBytes(magic: "ggml", version: nil, header: [3, 64, 32, 2, 1, 2, 2], scores: nil, tensors: tensors),
      LegacyGGMLBytes(magic: "ggmf", header: [3, 64, 32, 2, 1, 2, 2], tensors: tensors),
      LegacyGGMLBytes(magic: "ggjt", version: 2, header: [3, 64, 32, 2, 1, 2, 2], tensors: tensors),
    ]
  }()

  @Test("is refused wherever it is cut, except after a tensor", arguments: good.indices)
  func truncation(index: Int) throws {
    let file = Self.good[index], bytes = file.bytes
    var shorter = file
    shorter.tensors.removeLast()
    var empty = shorter
    empty.tensors = []
    let whole = [shorter.bytes.count, empty.bytes.count]
    for count in bytes.indices {
      let isWhole = whole.contains(count)
      #expect((failure { try Self.open(Array(bytes.prefix(count))) } == "") == isWhole, "cut after \(count) bytes")
    }
    #expect(failure { try Self.open(bytes) } == "")
  }

  @Test("2,000 damaged files are read or refused", arguments: good.indices)
  func mutation(index: Int) throws {
    let bytes = Self.good[index].bytes
    var generator = SeededGenerator(seed: 20_230_310)
    var refusedCount = 0
    for _ in 0..<2_000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let position = Int.random(in: 0..<damaged.count - 4, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1:
          let extreme: UInt32 = [0, 1, .max, 1 << 31, 1 << 30, 0x7FFF_FFFF].randomElement(using: &generator) ?? 0
          damaged.replaceSubrange(position..<position + 4, with: LegacyGGMLBytes.word(extreme))
        case 2: damaged.removeSubrange(position..<position + Int.random(in: 1...4, using: &generator))
        default: damaged.insert(contentsOf: damaged[position..<position + 4], at: position)
        }
      }
      do {
        let checkpoint = try Self.open(damaged)
        #expect(checkpoint.stored.allSatisfy { $0.fileOffset >= 0 && $0.fileOffset + $0.byteCount <= damaged.count })
      } catch {
        refusedCount += 1
        #expect(error is any IngotError)
        #expect("\(error)".hasPrefix("folder/m.bin: "), "\(error)")
      }
    }
    #expect(refusedCount > 200)
  }

  private static func changed(_ change: (inout LegacyGGMLBytes) -> Void) -> [UInt8] {
    var file = LegacyGGMLBytes()
    change(&file)
    return file.bytes
  }

  static let hostile: [HostileFile] = [
    HostileFile(
      name: "version 4", bytes: changed { $0.version = 4 },
      message: "is ggjt version 4, expected 1 to 3 (is it a file of another program?)"),
    HostileFile(
      name: "ggmf version 2",
      bytes: changed {
        $0.magic = "ggmf"
        $0.version = 2
      }, message: "is ggmf version 2, expected 1 (is it a file of another program?)"),
    HostileFile(
      name: "2^31 tokens", bytes: changed { $0.header[0] = 1 << 31 },
      message: "header: n_vocab is 2,147,483,648, expected at most 2,147,483,647 (is it a file of another program?)"),
    HostileFile(
      name: "2^31 − 1 tokens", bytes: changed { $0.header[0] = 0x7FFF_FFFF },
      message: "header: states 2,147,483,647 tokens, more than the 284 bytes that follow can hold"
        + " (is it a file of another program?)"),
    HostileFile(
      name: "no heads", bytes: changed { $0.header[3] = 0 },
      message: "header: n_head is 0, expected at least 1 (is it a file of another program?)"),
    HostileFile(
      name: "a long token", bytes: changed { $0.tokens[2] = [UInt8](repeating: 0x61, count: 5000) },
      message: "token 2: has 5,000 bytes, at most 4,096 are allowed (is it a file of another program?)"),
    HostileFile(
      name: "rank 0", bytes: changed { $0.tensors[1].rank = 0 },
      message: "tensor record 2: has 0 dimensions, expected 1 to 4"),
    HostileFile(
      name: "rank 2^32 − 1", bytes: changed { $0.tensors[1].rank = .max },
      message: "tensor record 2: has 4,294,967,295 dimensions, expected 1 to 4"),
    HostileFile(
      name: "a long name", bytes: changed { $0.tensors[1].nameByteCount = 1 << 20 },
      message: "tensor record 2: name of 1,048,576 bytes, expected 1 to 255"),
    HostileFile(
      name: "a name with a zero byte", bytes: changed { $0.tensors[1].name[2] = 0 },
      message: "tensor record 2: name is not text"),
    HostileFile(
      name: "a name that is not UTF-8", bytes: changed { $0.tensors[1].name[2] = 0xFF },
      message: "tensor record 2: name is not text"),
    HostileFile(
      name: "a negative dimension", bytes: changed { $0.tensors[1].dimensions[0] = .max },
      message: "tensor \"norm.weight\": has the dimension 4,294,967,295, expected 1 to 2,147,483,647"),
    HostileFile(
      name: "an empty dimension", bytes: changed { $0.tensors[1].dimensions[0] = 0 },
      message: "tensor \"norm.weight\": has the dimension 0, expected 1 to 2,147,483,647"),
    HostileFile(
      name: "a shape that overflows",
      bytes: changed { $0.tensors[1].dimensions = [0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF, 4] },
      message: "tensor \"norm.weight\": shape [2147483647, 2147483647, 2147483647, 4] has more bytes than"
        + " 63 bits can count"),
    HostileFile(
      name: "an unknown type", bytes: changed { $0.tensors[2].type = 9 },
      message: "tensor \"layers.0.attention.wq.weight\": ggml type 9 is unknown in ggjt v1, so the next tensor"
        + " cannot be found"),
    HostileFile(
      name: "a type that another revision has",
      bytes: changed {
        $0.version = 3
        $0.tensors[2].type = 4
      },
      message: "tensor \"layers.0.attention.wq.weight\": ggml type 4 is unknown in ggjt v3, so the next tensor"
        + " cannot be found"),
    HostileFile(
      name: "rows that cut a block", bytes: changed { $0.tensors[2].type = 2 },
      message: "tensor \"layers.0.attention.wq.weight\": rows of 4 elements are not a whole number of blocks"
        + " of 32 (Q4_0)"),
    HostileFile(
      name: "missing data", bytes: changed { $0.tensors[2].data.removeLast() },
      message: "tensor \"layers.0.attention.wq.weight\": data ends at byte 320 but the file has 319 bytes"
        + " (1 byte is missing; is the download complete?)"),
    HostileFile(
      name: "a tensor twice",
      bytes: changed { file in
        file.tensors.append(file.tensors[1])
      }, message: "tensor \"norm.weight\" occurs twice"),
    HostileFile(
      name: "an embedding of another width", bytes: changed { $0.header[1] = 6 },
      message: "tensor \"tok_embeddings.weight\": has 4 columns, expected 6, or a whole fraction of it in a part"),
    HostileFile(
      name: "a part without the others", bytes: changed { $0.header[1] = 8 },
      message: "is the first of 2 parts, and \"m.bin.1\" is missing from the folder (put all parts next to each other)"),
    HostileFile(
      name: "an adapter",
      bytes: Array("algg".utf8) + [1, 0, 0, 0, 8, 0, 0, 0, 16, 0, 0, 0],
      message: "is a LoRA adapter of llama.cpp before GGUF (rank 8, alpha 16), which is not read"
        + " (convert the adapter that it was made from)"),
  ]

  @Test("is refused with the fact and the expectation", arguments: hostile)
  func refusal(file: HostileFile) {
    #expect(failure { try Self.open(file.bytes) } == "folder/m.bin: " + file.message)
  }

  @Test("is refused if its parts do not belong together")
  func parts() {
    var first = LegacyGGMLBytes()
    first.header[1] = 8
    var second = first
    second.header[4] = 2
    #expect(
      failure { try Self.open(first.bytes, ["m.bin.1": second.bytes]) }
        == #"folder/m.bin: the part "m.bin.1" has another header"#)
    second = first
    second.tensors.removeLast()
    #expect(
      failure { try Self.open(first.bytes, ["m.bin.1": second.bytes]) }
        == #"folder/m.bin: tensor "layers.0.attention.wq.weight": part "m.bin.1" lacks it"#)
    second = first
    second.tensors.append(.init("output.weight", [4, 2]))
    #expect(
      failure { try Self.open(first.bytes, ["m.bin.1": second.bytes]) }
        == #"folder/m.bin: tensor "output.weight": part "m.bin.1" has it, and the first part does not"#)
    second = first
    second.tensors[2] = .init("layers.0.attention.wq.weight", [4, 2], type: 1)
    #expect(
      failure { try Self.open(first.bytes, ["m.bin.1": second.bytes]) }
        == #"folder/m.bin: tensor "layers.0.attention.wq.weight": part "m.bin.1" has it in another shape or format"#)
    #expect(
      failure { try Self.open(first.bytes, ["m.bin.1": Array(first.bytes.prefix(50))]) }
        == #"folder/m.bin: part "m.bin.1": token 1: needs 4 bytes at byte 49, but 1 remain (3 bytes are missing; is the download complete?)"#
    )
  }
}
