import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A compressed checkpoint")
struct CompressedCheckpointTests {
  private let folder = TemporaryFolder()

  private func fixture(_ components: String...) throws -> [UInt8] {
    try LocalFile(Fixtures.path(components.joined(separator: "/"))).wholeContent(limit: 1 << 20)
  }

  /// Name, shape, format and bytes of every tensor.
  private func tensors(_ checkpoint: Checkpoint) throws -> [String: [UInt8]] {
    var tensors: [String: [UInt8]] = [:]
    for tensor in checkpoint.tensors {
      let range = try #require(tensor.byteRange)
      let bytes = try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
      tensors["\(tensor.name) \(tensor.encoding) \(tensor.shape)"] = bytes
    }
    return tensors
  }

  @Test("has the tensors and the metadata of the file that was packed")
  func gguf() throws {
    let plain = try Checkpoint.open(Fixtures.path("gguf", "values.gguf"))
    let packed = try Checkpoint.open(Fixtures.path("compressed", "values.gguf.zst"))
    #expect(try tensors(packed) == tensors(plain))
    #expect(packed.metadata == plain.metadata)
    #expect(packed.containerFacts["compression"] == "zstd, 1 frame")
    #expect(packed.path.hasSuffix("values.gguf.zst"))
    #expect(packed.files[0].name == "values.gguf")
    #expect(packed.files[0].isFile(at: Fixtures.path("compressed", "values.gguf.zst")))
  }

  @Test("is a set of shards that are packed in different ways")
  func shards() throws {
    let plain = try tensors(Checkpoint.open(Fixtures.path("compressed", "plain")))
    #expect(plain.count == 2)
    for path in ["set", "set/model-00001-of-00002.safetensors.gz", "set/model-00002-of-00002.safetensors.zst"] {
      #expect(try tensors(Checkpoint.open(Fixtures.path("compressed", path))) == plain)
    }
  }

  @Test("is found by an index that lists unpacked names, which can be packed itself")
  func index() throws {
    let first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors"
    try folder.write(fixture("compressed", "plain", first), to: first)
    try folder.write(fixture("compressed", "set", second + ".zst"), to: second + ".zst")
    let index = #"{"weight_map": {"w1": "\#(first)", "w2": "\#(second)"}}"#
    try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
    let plain = try tensors(Checkpoint.open(Fixtures.path("compressed", "plain")))
    #expect(try tensors(Checkpoint.open(folder.path)) == plain)
    #expect(try tensors(Checkpoint.open(folder.file("model.safetensors.index.json"))) == plain)
  }

  @Test("counts after the file that is not packed")
  func precedence() throws {
    try folder.write(fixture("gguf", "values.gguf"), to: "values.gguf")
    try folder.write([1, 2, 3], to: "values.gguf.zst")
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.containerFacts["compression"] == nil)
    #expect(try ModelFolder(folder.path).tree.names(in: "") == ["values.gguf"])
  }

  @Test("is the only weights of a folder, next to files that stay packed")
  func folderWeights() throws {
    try folder.write(fixture("compressed", "values.gguf.zst"), to: "m.gguf.zst")
    try folder.write([0x1F, 0x8B, 8], to: "notes.txt.gz")
    let tree = try ModelFolder(folder.path).tree
    #expect(try tree.names(in: "") == ["m.gguf", "notes.txt.gz"])
    #expect(tree.hasFile("m.gguf") && tree.hasFile("m.gguf.zst") && !tree.hasFile("notes.txt"))
    #expect(try tree.open("notes.txt.gz").byteCount == 3)
    #expect(try Checkpoint.open(folder.path).tensors.isEmpty == false)
  }

  @Test("with a name that says nothing is known by its first bytes")
  func names() throws {
    let gguf = try fixture("compressed", "values.gguf.zst")
    for name in ["blob", "m.gguf", "m.gz"] {
      #expect(try Checkpoint.open(folder.write(gguf, to: name)).container == .gguf)
    }
    // Fetched by a program that unpacked it and kept the name.
    let plain = try Checkpoint.open(folder.write(fixture("gguf", "values.gguf"), to: "plain.gguf.gz"))
    #expect(plain.container == .gguf && plain.files[0].localFile != nil)
  }

  @Test("has metadata that is read, and edited only into a plain file")
  func editing() throws {
    let path = try folder.write(fixture("compressed", "values.gguf.zst"), to: "m.gguf.zst")
    let words = "is compressed, expected a plain file to edit (--output writes one, under a name without .gz or .zst)"
    var editor = try MetadataEditor(path)
    #expect(editor.metadata == (try Checkpoint.open(path).metadata))
    _ = try editor.set("general.name", to: "other", type: "string")
    #expect { try editor.save() } throws: { "\($0)" == "\(path): \(words)" }
    let packed = folder.file("out.gguf.zst"), plain = folder.file("out.gguf")
    #expect { try editor.save(to: packed, overwrite: .refuse) } throws: { "\($0)" == "\(packed): \(words)" }
    try editor.save(to: plain, overwrite: .refuse)
    #expect(try MetadataEditor(plain).metadata["general.name"] == .string(ByteString("other")))
  }

  @Test("is refused with one line when it is cut off at any byte")
  func truncation() throws {
    let stored = try fixture("compressed", "values.gguf.zst")
    for count in 4..<stored.count {
      let path = try folder.writeUnflushed(Array(stored.prefix(count)), to: "m.gguf.zst")
      #expect { try Checkpoint.open(path) } throws: {
        "\($0)"
          == "\(path): zstd stream is cut off at byte \(count.grouped), expected more (download or copy the file again)"
      }
    }
  }

  @Test("that holds more than its header allows is refused before that is unpacked")
  func bomb() throws {
    // A stored block with a safetensors file of one tensor, and 8 GiB of zeros after it.
    let header = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let file = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [7]
    let zeros: [UInt8] = [0x02, 0x00, 0x10, 0x00], count = 65_536
    let size = UInt64(file.count + count << 17)
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x58]
    frame += (0..<8).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
    frame += [UInt8(truncatingIfNeeded: file.count << 3), UInt8(file.count >> 5), 0] + file
    frame += [[UInt8]](repeating: zeros, count: count).joined() + [1, 0, 0]
    let path = try folder.write(frame, to: "m.safetensors.zst")
    #expect { try Checkpoint.open(path) } throws: {
      "\($0)" == "\(path): 8,589,934,592 bytes follow the data, expected none"
    }
  }
}
