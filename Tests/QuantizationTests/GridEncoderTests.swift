import Tensors
import TestSupport
import Testing

@testable import Quantization

/// The encoders of IQ1, IQ2 and IQ3: their kernels against the plain definitions, and what they refuse.
@Suite("An encoder on a grid")
struct GridEncoderTests {
  static let formats: [StorageFormat] = [.iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S]

  /// A block from each awkward row.
  private static let blocks: [(String, [Float])] = AwkwardBlocks.all.enumerated().map { index, row in
    (row.0, Array(row.1[index % 8 * 256..<index % 8 * 256 + 256]))
  }

  private static let importance: [Float] = {
    var generator = SeededGenerator(seed: 17)
    return generator.normals(256).enumerated().map { index, value in
      index % 37 == 5 || (100..<140).contains(index) ? 0 : value * value * (index % 5 == 0 ? 1000 : 1)
    }
  }()

  @Test("encodes with weights as the reference", arguments: formats)
  func weightedEncoders(format: StorageFormat) throws {
    for (name, values) in Self.blocks {
      let expected = Codec.referenceBytes(format, values, importance: Self.importance)
      #expect(encoded(format, values, importance: Self.importance) == expected, "\(name)")
    }
  }

  @Test("encodes as the reference", arguments: formats.filter { !Codec.requiresImportance($0) })
  func encoders(format: StorageFormat) throws {
    for (name, values) in Self.blocks {
      #expect(encoded(format, values, importance: nil) == Codec.referenceBytes(format, values), "\(name)")
    }
  }

  @Test("refuses values whose squares overflow", arguments: [StorageFormat.iq2_XS, .iq2_S, .iq3_XXS, .iq3_S])
  func overflowingSquares(format: StorageFormat) throws {
    var generator = SeededGenerator(seed: 3)
    var values = generator.normals(512)
    values[300] = -1e30
    do {
      _ = try Codec.encode(format, values, importance: [Float](repeating: 1, count: 512))
      Issue.record("\(format) was encoded")
    } catch {
      #expect(error == .nonfinite(format, elementIndex: 300, value: -1e30))
      #expect("\(error)" == "element 300 is -1e+30, which \(format.name) cannot store")
    }
  }

  @Test("needs an importance matrix for some formats", arguments: formats.filter(Codec.requiresImportance))
  func requiredImportance(format: StorageFormat) {
    #expect {
      _ = try Codec.encode(format, [Float](repeating: 1, count: 256))
    } throws: {
      "\($0)" == "encoding as \(format.name) needs an importance matrix"
    }
  }

  @Test("has lists of near rows that follow their rule")
  func nearRows() {
    let lattice = Grid.Lattice.iq3_S
    for code in stride(from: 0, to: 4096, by: 7) {
      let distances = lattice.rows.map { row in
        (0..<4).reduce(0) { sum, place in
          let difference = Int(row >> UInt64(8 * place) & 255) - (code >> (3 * place) & 7)
          return sum + difference * difference
        }
      }
      let shells = Set(distances).sorted().prefix(3)
      let expected = shells.flatMap { shell in distances.indices.filter { distances[$0] == shell } }
      switch lattice.point(code) {
      case .row(let row): #expect(distances[row] == 0)
      case .between(let list): #expect(list.map { Int(lattice.nearRows[$0]) } == expected)
      }
    }
  }

  /// The bytes of a block; nil if it is refused.
  private func encoded(_ format: StorageFormat, _ values: [Float], importance: [Float]?) -> [UInt8]? {
    if let importance { return try? Codec.encode(format, values, importance: importance) }
    return try? Codec.encode(format, values)
  }
}
