import Tensors
import TestSupport
import Testing

@testable import Quantization

/// Sixteen searches at once, which tuned builds use where registers have sixteen floats, find what eight find.
@Suite("A search of sixteen sub-blocks")
struct WideSearchTests {
  /// Eight sub-blocks of `count` elements, with outliers, zeros, equal elements and tiny ones.
  private func runs<let count: Int>(_ generator: inout SeededGenerator) -> InlineArray<count, Floats> {
    let scales = generator.normals(8)
    var runs = InlineArray<count, Floats>(repeating: .zero)
    for index in 0..<count {
      var values = Floats(generator.normals(8)) * Floats(scales)
      if index == 3 { values[1] *= 50 }
      values[2] = 0.25
      values[5] = 0
      values[6] *= 1e-20
      runs[index] = values
    }
    return runs
  }

  private func isSame(_ one: Floats, _ other: Floats) -> Bool { one.words == other.words }

  @Test("with minimums, plain and weighted, of every length", arguments: [3, 15, 31] as [Float])
  func affine(maximum: Float) {
    var generator = SeededGenerator(seed: 5)
    let plain = AffineSearch(maximum: maximum, first: -1, step: 0.1, stepCount: 20, deviation: .squared)
    let absolute = AffineSearch(maximum: maximum, first: -0.5, step: 0.1, stepCount: 15, deviation: .absolute)
    for search in [plain, absolute, plain.weighted] {
      for _ in 0..<20 {
        let one: InlineArray<32, Floats> = runs(&generator), other: InlineArray<32, Floats> = runs(&generator)
        let oneWeights = one.mapped { $0 * $0 }, otherWeights = other.mapped { $0.magnitude }
        let wide = AffineLanes<SixteenFloats>(
          one.beside(other), weights: oneWeights.beside(otherWeights), search
        ).halves
        let first = AffineLanes(one, weights: oneWeights, search)
        let second = AffineLanes(other, weights: otherWeights, search)
        for (found, expected) in [(wide.0, first), (wide.1, second)] {
          #expect(isSame(found.scale, expected.scale))
          #expect(isSame(found.minimum, expected.minimum))
          #expect(isSame(found.signedMinimum, expected.signedMinimum))
          #expect(isSame(found.quants(one[7]), expected.quants(one[7])))
        }
        #expect(wide.0.isOrdinary == (first.isOrdinary && second.isOrdinary))
      }
    }
  }

  @Test("without minimums")
  func symmetric() {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<50 {
      let one: InlineArray<16, Floats> = runs(&generator), other: InlineArray<16, Floats> = runs(&generator)
      let oneWeights = one.mapped { $0 * $0 }, otherWeights = other.mapped { $0.magnitude }
      let wide = SymmetricLanes<SixteenFloats>(
        one.beside(other), weights: oneWeights.beside(otherWeights), maximum: 32
      ).halves
      let first = SymmetricLanes(one, weights: oneWeights, maximum: 32)
      let second = SymmetricLanes(other, weights: otherWeights, maximum: 32)
      for (found, expected) in [(wide.0, first), (wide.1, second)] {
        #expect(isSame(found.scale, expected.scale))
        #expect(isSame(found.quants(other[2]), expected.quants(other[2])))
      }
    }
  }

  @Test("encodes two blocks as the reference encodes each", arguments: [StorageFormat.q4_K, .q5_K])
  func twoBlocks(format: StorageFormat) throws {
    let encoder = try #require(Codec.codec(of: format) as? any WeightedSuperBlockEncoder.Type)
    for (name, values) in AwkwardBlocks.all where values.allSatisfy(\.isFinite) {
      let importance = values.indices.map { Float($0 % 7) }
      for start in stride(from: 0, through: values.count - 512, by: 512) {
        let two = Array(values[start..<start + 512]), weights = Array(importance[start..<start + 512])
        #expect(encoder.encodedTwo(two, nil) == encoder.referenceRow(two), "\(name)")
        #expect(encoder.encodedTwo(two, weights) == encoder.weightedReferenceRow(two, weights), "\(name)")
      }
    }
  }
}

extension WeightedSuperBlockEncoder {
  fileprivate static func encodedTwo(_ values: [Float], _ importance: [Float]?) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2 * Reference.bytesPerBlock)
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    if let importance {
      encodeTwoBlocks(values.span.bytes, weightedBy: importance.span.bytes, at: 0, into: &target, at: 0)
    } else {
      encodeTwoBlocks(values.span.bytes, at: 0, into: &target, at: 0)
    }
    return bytes
  }
}
