import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// Files that other programs wrote, and what other programs read in them (see fixtures/README.md).
@Suite("A fixture")
struct FixtureTests {
  static let ggufs = [
    "alignment-64", "big-endian", "metadata-only", "nested", "values", "version-2",
  ]

  @Test("reads what the gguf package wrote", arguments: ggufs)
  func gguf(name: String) throws {
    let expected = try JSON(fixture: "gguf", name + ".expected.json")
    let checkpoint = try Checkpoint.open(Fixtures.path("gguf", name + ".gguf"))
    #expect(checkpoint.containerFacts["version"] == expected["version"]?.integer.map(String.init))
    #expect(checkpoint.containerFacts["alignment"] == expected["alignment"]?.integer.map(String.init))
    #expect(checkpoint.containerFacts["byteOrder"] == expected["byteOrder"]?.string.map { "\($0)-endian" })
    #expect(checkpoint.files[0].byteCount == expected["byteCount"]?.integer)
    let pairs = try #require(expected["metadata"]?.array)
    #expect(checkpoint.metadata.pairs.keys.map(\.text) == pairs.compactMap { $0["key"]?.string })
    for pair in pairs {
      let key = try #require(pair["key"]?.string)
      let value = try #require(checkpoint.metadata[key])
      let type = try #require(pair["type"]?.string)
      #expect(value.typeForComparison == type, "\(key)")
      #expect(value.textsForComparison == pair["value"]?.texts(isSingle: type.contains("FLOAT32")), "\(key)")
    }
    try compare(checkpoint.tensors, expected["tensors"]?.array, formatKey: "type") { $0.reversed() }
  }

  @Test("reads what the safetensors package wrote", arguments: ["dtypes", "sub-byte"])
  func safeTensors(name: String) throws {
    let expected = try JSON(fixture: "safetensors", name + ".expected.json")
    let checkpoint = try Checkpoint.open(Fixtures.path("safetensors", name + ".safetensors"))
    #expect(checkpoint.files[0].byteCount == expected["byteCount"]?.integer)
    let metadata = expected["metadata"]?.object ?? [:]
    #expect(checkpoint.metadata.pairs.count == metadata.count)
    for (key, value) in metadata { #expect(checkpoint.metadata[key.text]?.text == value.string) }
    try compare(checkpoint.tensors, expected["tensors"]?.array, formatKey: "dtype") { $0 }
  }

  private func compare(
    _ tensors: [TensorDescriptor], _ expected: [JSON]?, formatKey: String, order: ([Int]) -> [Int]
  ) throws {
    let expected = try #require(expected)
    #expect(tensors.map(\.name.text) == expected.compactMap { $0["name"]?.string })
    for (tensor, facts) in zip(tensors, expected) {
      #expect(tensor.declaredFormat.description == facts[formatKey]?.string)
      #expect(order(tensor.shape.dimensions) == facts["shape"]?.array?.compactMap(\.integer))
      #expect(tensor.fileOffset == facts["fileOffset"]?.integer)
      #expect(tensor.byteCount == facts["byteCount"]?.integer)
    }
  }

  @Test(
    "opens the same set from the folder, the index and a shard",
    arguments: [
      "", "model.safetensors.index.json", "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
    ])
  func shardSet(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("llama-sharded") + (name.isEmpty ? "" : "/" + name))
    #expect(checkpoint.files.count == 3)
    #expect(checkpoint.tensors.count == 30)
    #expect(checkpoint.tensorByteCount == 377_728)
    #expect(checkpoint.containerFacts == ["fileCount": "3"])
    #expect(checkpoint.remarks == [])
  }

  @Test("opens the same split GGUF from every shard", arguments: 1...3)
  func splitSet(number: Int) throws {
    let whole = try Checkpoint.open(Fixtures.path("expected", "yi", "yi-q8_0.gguf"))
    let split = try Checkpoint.open(Fixtures.path("gguf", "split-0000\(number)-of-00003.gguf"))
    #expect(split.files.count == 3)
    #expect(split.metadata == whole.metadata)
    #expect(split.tensors.map(\.name) == whole.tensors.map(\.name))
    for (part, tensor) in zip(split.tensors, whole.tensors) {
      var partBytes: [UInt8] = []
      var wholeBytes: [UInt8] = []
      try split.read(#require(part.byteRange), from: 0, count: part.byteCount, into: &partBytes)
      try whole.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &wholeBytes)
      #expect(partBytes == wholeBytes)
    }
  }
}

extension JSON {
  init(fixture components: String...) throws {
    let path = Fixtures.path(components.joined(separator: "/"))
    self = try JSON(parsing: LocalFile(path).wholeContent(limit: 1 << 24))
  }

  /// The leaves, reals by their value in single or double precision, so that spelling does not matter.
  fileprivate func texts(isSingle: Bool) -> [String] {
    switch self {
    case .array(let elements): ["["] + elements.flatMap { $0.texts(isSingle: isSingle) } + ["]"]
    case .number(let number) where number.isInteger: [number.text]
    case .number(let number): [isSingle ? "\(Float(number.real ?? .nan))" : "\(number.real ?? .nan)"]
    case .string(let text): [text]
    case .bool(let value): ["\(value)"]
    default: ["?"]
    }
  }
}

extension MetadataValue {
  fileprivate var typeForComparison: String {
    if case .array(let array) = self { array.typeForComparison } else { caseName(self) }
  }

  fileprivate var textsForComparison: [String] {
    switch self {
    case .uint64(let value): ["\(value)"]
    case .string(let value): [value.description]
    case .bool(let value): ["\(value)"]
    case .float32(let value): ["\(value)"]
    case .float64(let value): ["\(value)"]
    case .array(let array): array.textsForComparison
    default: [integer.map { "\($0)" } ?? "?"]
    }
  }
}

extension MetadataArray {
  fileprivate var typeForComparison: String {
    if case .array(let arrays) = self { "[\(arrays.first?.typeForComparison ?? "")]" } else { "[\(caseName(self))]" }
  }

  fileprivate var textsForComparison: [String] {
    let elements: [String] =
      switch self {
      case .uint64(let values): values.map { "\($0)" }
      case .string(let values): values.indices.map(values.text)
      case .bool(let values): values.map { "\($0)" }
      case .float32(let values): values.map { "\($0)" }
      case .float64(let values): values.map { "\($0)" }
      case .array(let arrays): arrays.flatMap(\.textsForComparison)
      default: integers?.map { "\($0)" } ?? ["?"]
      }
    return ["["] + elements + ["]"]
  }
}

/// The name of an enum's case in capitals: `UINT8`.
private func caseName(_ value: some Any) -> String {
  (Mirror(reflecting: value).children.first?.label ?? "").uppercased()
}
