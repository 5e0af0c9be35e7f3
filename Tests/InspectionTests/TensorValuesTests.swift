import Architectures
import Bytes
import Inspection
import Models
import Quantization
import TestSupport
import Testing

/// A line of `fixtures/expected/tensor-values.json`: values as gguf and torch decode them.
private struct DecodedTensor: Sendable, CustomStringConvertible {
  let file: String
  let name: String
  let layout: String
  let shape: [Int]
  let isWide: Bool
  let head: [[Double?]]
  let sha256: String

  var description: String { "\(file) \(name)" }

  static let all: [DecodedTensor] = {
    guard let entries = try? Fixtures.json("expected", "tensor-values.json").array else { return [] }
    return entries.compactMap { entry in
      guard let file = entry["file"]?.string, let name = entry["name"]?.string, let layout = entry["layout"]?.string,
        let shape = entry["shape"]?.array?.compactMap(\.integer), let isWide = entry["wide"]?.bool,
        let head = entry["head"]?.array?.compactMap({ $0.array?.map(\.real) }), let sha256 = entry["sha256"]?.string
      else { return nil }
      return DecodedTensor(
        file: file, name: name, layout: layout, shape: shape, isWide: isWide, head: head, sha256: sha256)
    }
  }()
}

@Suite("The values of a tensor")
struct TensorValuesTests {
  private func values(_ file: String, _ name: String) throws -> TensorValues {
    try TensorValues(CheckpointReport(path: Fixtures.path(file), library: .bundled()), named: name)
  }

  @Test("are those that gguf and torch decode", arguments: DecodedTensor.all)
  fileprivate func decoded(expected: DecodedTensor) throws {
    let values = try values(expected.file, expected.name)
    #expect(values.layout.rawValue == expected.layout)
    #expect(values.shape.dimensions == expected.shape)
    #expect(values.isWide == expected.isWide)
    var bytes: [UInt8] = []
    try values.read(rows: 0..<values.rowCount, columns: 0..<values.columnCount) { part in
      for value in part {
        if expected.isWide {
          withUnsafeBytes(of: value.value.bitPattern.littleEndian) { bytes += $0 }
        } else {
          withUnsafeBytes(of: Float(value.value).bitPattern.littleEndian) { bytes += $0 }
        }
      }
    }
    #expect(FileDigest.sha256(bytes) == expected.sha256)
  }

  @Test("are read in parts of rows and columns", arguments: DecodedTensor.all.filter { $0.head.count == 2 })
  fileprivate func parts(expected: DecodedTensor) throws {
    let values = try values(expected.file, expected.name)
    var found: [[Double?]] = []
    for row in 0..<2 {
      var line: [Double?] = []
      for column in expected.head[row].indices {
        try values.read(rows: row..<row + 1, columns: column..<column + 1) { part in
          line += part.map { $0.value.isFinite ? $0.value : nil }
        }
      }
      found.append(line)
    }
    #expect(found == expected.head)
  }

  @Test("include every layout")
  func coverage() {
    #expect(DecodedTensor.all.count > 50)
    #expect(Set(DecodedTensor.all.map(\.layout)) == ["stored", "canonical"])
  }

  @Test("are found by slot")
  func slot() throws {
    let byName = try values("expected/yi/yi-q8_0.gguf", "model.layers.1.self_attn.q_proj.weight")
    let bySlot = try values("expected/yi/yi-q8_0.gguf", "layer 1 attention query")
    #expect(byName.name == bySlot.name)
    #expect(try byName.json(rows: 3..<5, columns: 2..<4) == bySlot.json(rows: 3..<5, columns: 2..<4))
  }

  @Test(
    "of a name that is not there suggest another",
    arguments: [
      ("blk.0.attn_q.weigth", "(did you mean \"blk.0.attn_q.weight\"?)"),
      ("attn_q", "(\"blk.0.attn_q.weight\", \"blk.1.attn_q.weight\", \"blk.2.attn_q.weight\")"),
      ("zzzzzzzzzzzzzzzz", "(ingot inspect lists them)"),
    ])
  func absent(name: String, hint: String) throws {
    let path = Fixtures.path("expected/yi/yi-q8_0.gguf")
    let error = #expect(throws: AbsentTensorName.self) { try values("expected/yi/yi-q8_0.gguf", name) }
    #expect(error?.description == "\(path): has no tensor \"\(name)\" \(hint)")
  }
}
