import Bytes
import Tensors
import TestSupport
import Testing

@testable import Conversion

@Suite("General metadata")
struct GeneralMetadataTests {
  /// The sources of a row of `general-metadata.json`.
  private static func sources(_ row: JSON) throws -> GeneralMetadata.Sources {
    func file(_ name: String) -> [UInt8]? { row["files"]?[name]?.string.map { Array($0.utf8) } }
    let front = row["card"]?.string.map { Array("---\n\($0)\n---\n".utf8) }
    return .init(
      folderName: try #require(row["folder"]?.string),
      parameterCount: try #require(row["parameterCount"]?.integer),
      config: file("config.json").flatMap { try? JSON(parsing: $0) },
      generationConfig: file("generation_config.json").flatMap { try? JSON(parsing: $0) },
      card: (file("README.md") ?? front).map { ModelCard(readme: $0) } ?? .none,
      modelName: row["modelName"]?.string)
  }

  /// An entry as the golden files describe it.
  private static func describe(_ value: MetadataValue) -> JSON {
    func single(_ value: Float) -> JSON { value.isFinite ? .real(Double(value)) : .string("\(value)") }
    return switch value {
    case .string(let text): .string(text.description)
    case .int32(let value): .members(["INT32": .integer(value)])
    case .uint32(let value): .members(["UINT32": .integer(value)])
    case .float32(let value): .members(["FLOAT32": single(value)])
    case .array(.string(let texts)):
      .members(["[STRING]": .array(texts.map { .string(String(decoding: $0, as: UTF8.self)) })])
    case .array(.int32(let values)): .members(["[INT32]": .array(values.map { .integer($0) })])
    case .array(.float32(let values)): .members(["[FLOAT32]": .array(values.map(single))])
    case .array(.bool(let values)): .members(["[BOOL]": .array(values.map { .bool($0) })])
    default: .null
    }
  }

  /// Front matter that PyYAML reads and this reader does not, on purpose: it is ignored with a remark.
  private static let notRead: Set = [
    "a: &x b\nc: *x", "a: !!str 1\nname: n", "? a\n: b", "<<: {name: x}", "name: x\n...\n", "%YAML 1.1\nname: x",
    "--- \nname: x",
  ]

  @Test("has the entries of the reference converter")
  func entries() throws {
    let rows = try ModelNameTests.rows("general-metadata.json")
    #expect(rows.count > 300)
    for row in rows {
      let metadata = GeneralMetadata(try Self.sources(row))
      let slot = Comment(rawValue: row.text(.compact))
      if row["refused"] != nil {
        #expect(!metadata.remarks.isEmpty, slot)
        continue
      }
      if let card = row["card"]?.string, Self.notRead.contains(card) {
        #expect(metadata.remarks.count == 1, slot)
        continue
      }
      let found = metadata.pairs.dropFirst().map { pair in
        JSON.array([.string(String(pair.key.dropFirst("general.".count))), Self.describe(pair.value)])
      }
      #expect(JSON.array(found) == row["entries"], slot)
      if let name = row["fileName"]?.string { #expect(metadata.fileName(format: "Q8_0") == name, slot) }
    }
  }
}
