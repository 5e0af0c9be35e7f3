import Bytes
import TestSupport
import Testing

@testable import Conversion

@Suite("A model name")
struct ModelNameTests {
  static func rows(_ file: String) throws -> [JSON] {
    let bytes = try LocalFile(Fixtures.path("expected", file)).wholeContent(limit: 1 << 24)
    return try #require(JSON(parsing: bytes).array)
  }

  @Test("has the parts that the reference converter finds")
  func parts() throws {
    let rows = try Self.rows("model-names.json")
    #expect(rows.count > 100)
    for row in rows {
      let folder = try #require(row["folder"]?.string)
      let count = try #require(row["parameterCount"]?.integer)
      let name = ModelName.components(folder, parameterCount: count)
      let found = [
        ModelName.title(name.full), name.organization, name.basename, name.finetune, name.version, name.sizeLabel,
      ]
      let keys = ["name", "organization", "basename", "finetune", "version", "sizeLabel"]
      #expect(found == keys.map { row[$0]?.string }, "\(folder) with \(count) parameters")
    }
  }

  @Test("has the size label of the reference converter")
  func sizeLabels() throws {
    let rows = try Self.rows("size-labels.json")
    #expect(rows.count > 40)
    for row in rows {
      let count = try #require(row["parameterCount"]?.integer)
      #expect(SizeLabel.text(parameterCount: count) == row["sizeLabel"]?.string)
    }
  }

  @Test(
    "halves are rounded by the exact value",
    arguments: [
      (0.125, 2, "0.12"), (0.375, 2, "0.38"), (2.5, 0, "2"), (3.5, 0, "4"), (1.25, 1, "1.2"), (1.35, 1, "1.4"),
      (1.005, 2, "1.00"), (0.045, 2, "0.04"), (0.0, 2, "0.00"), (9.949, 1, "9.9"),
    ])
  func rounding(value: Double, decimalCount: Int, text: String) {
    #expect(SizeLabel.decimal(value, decimalCount: decimalCount) == text)
  }

  @Test("of a mixture has the expert count and the size with one expert")
  func expertLabels() {
    let label = SizeLabel.text(
      sharedParameterCount: 1_600_000_000, expertParameterCount: 5_637_144_576, expertCount: 8)
    #expect(label == "8x7.2B")
  }

  @Test("of a file has the known parts")
  func fileNames() {
    let full = GGUFFileName.text(
      name: "x", basename: " Tiny Llama/x", sizeLabel: "1.1B", finetune: "Chat it", version: "v1.0", format: "q8_0")
    #expect(full == "Tiny-Llama-x-1.1B-Chat-it-v1.0-Q8_0.gguf")
    let bare = GGUFFileName.text(
      name: nil, basename: nil, sizeLabel: nil, finetune: nil, version: nil, format: nil)
    #expect(bare == "ggml-model.gguf")
  }
}
