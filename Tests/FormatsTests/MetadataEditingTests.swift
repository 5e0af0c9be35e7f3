import Bytes
import Tensors
import TestSupport
import Testing

@testable import Formats

@Suite("Editing a GGUF")
struct MetadataEditingTests {
  private let folder = TemporaryFolder()

  /// A copy of a fixture that may be edited.
  private func copy(_ components: String...) throws -> String {
    let bytes = try LocalFile(Fixtures.path(components.joined(separator: "/"))).wholeContent(limit: 1 << 24)
    try folder.write(bytes, to: "model.gguf")
    return folder.file("model.gguf")
  }

  private func content(_ path: String) throws -> [UInt8] { try LocalFile(path).wholeContent(limit: 1 << 24) }

  private func tensors(_ path: String) throws -> [TensorName: [UInt8]] {
    let checkpoint = try Checkpoint.open(path)
    var bytes: [TensorName: [UInt8]] = [:]
    for tensor in checkpoint.tensors {
      var slab: [UInt8] = []
      try checkpoint.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &slab)
      bytes[tensor.name] = Array(slab.prefix(tensor.byteCount))
    }
    return bytes
  }

  @Test("writes a number in place and changes nothing else")
  func inPlace() throws {
    let path = try copy("expected", "yi", "yi-q8_0.gguf")
    let before = try content(path)
    var editor = try GGUF.Editor(path)
    editor.metadata["tokenizer.ggml.eos_token_id"] = .uint32(5)
    #expect(try editor.save() == .inPlace)
    let after = try content(path)
    #expect(after.count == before.count)
    #expect(zip(before, after).count { $0 != $1 } == 1)
    #expect(try GGUF.Editor(path).metadata["tokenizer.ggml.eos_token_id"] == .uint32(5))
  }

  @Test("makes a new file with the same tensors for a longer string")
  func longerString() throws {
    let path = try copy("expected", "yi", "yi-q8_0.gguf")
    let before = try (content(path), tensors(path))
    var editor = try GGUF.Editor(path)
    let old = editor.metadata["general.name"]
    editor.metadata["general.name"] = .string(ByteString(String(repeating: "long ", count: 100)))
    editor.metadata["general.tags"] = .array(.string(["one", "two"]))
    #expect(try editor.save() == .rewritten)
    #expect(try tensors(path) == before.1)
    var back = try GGUF.Editor(path)
    #expect(back.metadata["general.tags"] == .array(.string(["one", "two"])))
    back.metadata["general.tags"] = nil
    back.metadata["general.name"] = old
    #expect(try back.save() == .rewritten)
    #expect(try content(path) == before.0)
  }

  @Test("keeps values of every kind")
  func everyKind() throws {
    let path = try copy("gguf", "values.gguf")
    let before = try GGUF.Editor(path).metadata
    var editor = try GGUF.Editor(path)
    editor.metadata["general.description"] = .string("x")
    _ = try editor.save()
    for (key, value) in before.pairs where key.text != "general.description" {
      // Bytes rather than values: some of the numbers are not equal to themselves.
      #expect(try GGUF.Editor(path).metadata[key.text]?.display() == value.display(), "\(key.text)")
    }
  }

  @Test("writes nothing if nothing changes")
  func unchanged() throws {
    let path = try copy("expected", "yi", "yi-q8_0.gguf")
    #expect(try GGUF.Editor(path).save() == .unchanged)
  }

  @Test("writes to another file and keeps the input")
  func otherFile() throws {
    let path = try copy("expected", "yi", "yi-q8_0.gguf")
    let before = try content(path)
    var editor = try GGUF.Editor(path)
    editor.metadata["general.name"] = nil
    try editor.save(to: folder.file("other.gguf"), overwrite: .refuse)
    #expect(try content(path) == before)
    #expect(try GGUF.Editor(folder.file("other.gguf")).metadata["general.name"] == nil)
    #expect(throws: FileError.self) { try editor.save(to: path, overwrite: .replace) }
  }

  static let refused: [(file: String, message: String)] = [
    ("gguf/big-endian.gguf", "is big-endian, expected little-endian"),
    ("gguf/split-00002-of-00003.gguf", "is shard 2 of a split GGUF, whose metadata is in the first shard"),
    ("yi/config.json", "begins with 7b 0a 20 20, expected \"GGUF\""),
  ]

  @Test("refuses", arguments: refused)
  func refusal(file: String, message: String) throws {
    let path = try copy(file)
    #expect { try GGUF.Editor(path) } throws: { "\($0)" == "\(path): \(message)" }
  }

  @Test(
    "refuses keys that the layout follows from",
    arguments: ["general.alignment", "split.no", "split.count", "split.tensors.count"])
  func layoutKeys(key: String) {
    #expect { try GGUF.Editor.requireEditable(key) } throws: { "\($0)".hasPrefix("key \"\(key)\" is not edited: ") }
  }

  static let values: [(type: String, text: String, value: MetadataValue)] = [
    ("u8", "255", .uint8(255)), ("i32", "-7", .int32(-7)), ("f32", "1e-5", .float32(1e-5)),
    ("bool", "true", .bool(true)),
    ("string", "a\nb", .string("a\nb")), ("[string]", #"["a","b"]"#, .array(.string(["a", "b"]))),
    ("[i32]", "[1, -2]", .array(.int32([1, -2]))), ("[f32]", "[0.5]", .array(.float32([0.5]))),
  ]

  @Test("reads a value of a type", arguments: values)
  func value(type: String, text: String, value: MetadataValue) throws {
    #expect(try #require(MetadataValueParser(type)).value(text) == value)
  }

  static let unreadable: [(type: String, text: String, message: String)] = [
    ("u8", "256", #"value "256": is not of type u8"#), ("bool", "yes", #"value "yes": is not of type bool"#),
    ("[u32]", "[1, -1]", #"value "[1, -1]": is not of type [u32], a JSON array"#),
    ("[string]", "a", #"value "a": is not of type [string], a JSON array"#),
  ]

  @Test("refuses a value of another type", arguments: unreadable)
  func unreadableValue(type: String, text: String, message: String) throws {
    let type = try #require(MetadataValueParser(type))
    #expect { try type.value(text) } throws: { "\($0)" == message }
  }

  @Test("gives new keys their conventional type")
  func newKeys() {
    #expect(MetadataValueParser(conventionOf: "tokenizer.ggml.eot_token_id") == .scalar(.uint32))
    #expect(MetadataValueParser(conventionOf: "tokenizer.ggml.add_eos_token") == .scalar(.bool))
    #expect(MetadataValueParser(conventionOf: "general.tags") == .array(.string))
    #expect(MetadataValueParser(conventionOf: "tokenizer.chat_template") == .scalar(.string))
    #expect(MetadataValueParser(conventionOf: "llama.vocab_size") == nil)
  }
}
