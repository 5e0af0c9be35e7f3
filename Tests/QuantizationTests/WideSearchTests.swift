import Tensors
import TestSupport
import Testing

@testable import Quantization

/// Sixteen searches at once, which tuned builds do in one register or in two, find what eight find.
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
    affine(SixteenFloats.self, maximum)
    affine(PairedFloats.self, maximum)
  }

  private func affine<Lanes: SixteenLanes>(_ lanes: Lanes.Type, _ maximum: Float) {
    var generator = SeededGenerator(seed: 5)
    let plain = AffineSearch(maximum: maximum, first: -1, step: 0.1, stepCount: 20, deviation: .squared)
    let absolute = AffineSearch(maximum: maximum, first: -0.5, step: 0.1, stepCount: 15, deviation: .absolute)
    for search in [plain, absolute, plain.weighted] {
      for _ in 0..<20 {
        let one: InlineArray<32, Floats> = runs(&generator), other: InlineArray<32, Floats> = runs(&generator)
        let oneWeights = one.mapped { $0 * $0 }, otherWeights = other.mapped { $0.magnitude }
        let elements: InlineArray<32, Lanes> = joined(one, other)
        let wide = AffineLanes(elements, weights: joined(oneWeights, otherWeights), search).halves
        let first = AffineLanes(one, weights: oneWeights, search)
        let second = AffineLanes(other, weights: otherWeights, search)
        for (found, expected) in [(wide.0, first), (wide.1, second)] {
          #expect(isSame(found.scale, expected.scale))
          #expect(isSame(found.minimum, expected.minimum))
          #expect(isSame(found.signedMinimum, expected.signedMinimum))
          #expect(isSame(found.quants(one[7]), expected.quants(one[7])))
          for lane in 0..<8 {
            #expect(found.keptQuants(one[7], of: lane)[lane] == expected.quants(one[7])[lane])
          }
        }
        #expect(wide.0.isOrdinary == (first.isOrdinary && second.isOrdinary))
      }
    }
  }

  @Test("without minimums", arguments: [4, 32] as [Float])
  func symmetric(maximum: Float) {
    symmetric(SixteenFloats.self, maximum)
    symmetric(PairedFloats.self, maximum)
  }

  private func symmetric<Lanes: SixteenLanes>(_ lanes: Lanes.Type, _ maximum: Float) {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<50 {
      let one: InlineArray<16, Floats> = runs(&generator), other: InlineArray<16, Floats> = runs(&generator)
      let oneWeights = one.mapped { $0 * $0 }, otherWeights = other.mapped { $0.magnitude }
      let elements: InlineArray<16, Lanes> = joined(one, other)
      let wide = SymmetricLanes(elements, weights: joined(oneWeights, otherWeights), maximum: maximum).halves
      let first = SymmetricLanes(one, weights: oneWeights, maximum: maximum)
      let second = SymmetricLanes(other, weights: otherWeights, maximum: maximum)
      for (found, expected) in [(wide.0, first), (wide.1, second)] {
        #expect(isSame(found.scale, expected.scale))
        #expect(isSame(found.quants(other[2]), expected.quants(other[2])))
        for lane in 0..<8 {
          #expect(found.keptQuants(other[2], of: lane)[lane] == expected.quants(other[2])[lane])
        }
      }
    }
  }

  private func joined<let count: Int, Lanes: SixteenLanes>(
    _ low: InlineArray<count, Floats>, _ high: InlineArray<count, Floats>
  ) -> InlineArray<count, Lanes> {
    InlineArray { Lanes(lowHalf: low[$0], highHalf: high[$0]) }
  }

  @Test("reads sub-blocks lane by lane")
  func subBlocks() {
    let values = (0..<512).map { Float($0) }
    let eight: InlineArray<32, Floats> = Floats.subBlocks(values.span.bytes, at: 1024)
    let sixteen: InlineArray<16, SixteenFloats> = SixteenFloats.subBlocks(values.span.bytes, at: 512)
    let paired: InlineArray<32, PairedFloats> = PairedFloats.subBlocks(values.span.bytes, at: 0)
    for index in 0..<32 {
      #expect(eight[index] == Floats((0..<8).map { values[256 + $0 * 32 + index] }))
      #expect(paired[index].lowHalf == Floats((0..<8).map { values[$0 * 32 + index] }))
      #expect(paired[index].highHalf == Floats((8..<16).map { values[$0 * 32 + index] }))
    }
    for index in 0..<16 {
      #expect(sixteen[index] == SixteenFloats((0..<16).map { values[128 + $0 * 16 + index] }))
    }
  }

  @Test("stores the quants of a run in the order of its elements")
  func runQuants() {
    let values = (0..<32).map { Float($0 * 7) }
    let run = RunQuants(values.span.bytes, at: 0) { index, elements in elements + Floats(repeating: Float(index)) }
    let bytes = unsafeBitCast(run.ordered, to: InlineArray<32, UInt8>.self)
    for index in 0..<32 { #expect(bytes[index] == UInt8(index * 7 + index / 8)) }
    let bits = unsafeBitCast((run.bits(15) | (run.bits(16) >> 4) << 7).ordered, to: InlineArray<32, UInt8>.self)
    for index in 0..<32 { #expect(bits[index] == (bytes[index] & 15) | (bytes[index] >> 4 & 1) << 7) }
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
