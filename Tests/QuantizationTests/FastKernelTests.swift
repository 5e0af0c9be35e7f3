import Tensors
import TestSupport
import Testing

@testable import Quantization

/// The fast kernels give the bits of the plain references, on random and on awkward blocks.
@Suite("A fast kernel")
struct FastKernelTests {
  @Test("has the layouts of the table")
  func layouts() {
    for format in StorageFormat.allCases {
      let layout = (Codec.decoder(of: format) as? any BlockDecoder.Type)?.layout
      guard let layout else { continue }
      #expect(layout.elementsPerBlock == format.elementsPerBlock, "\(format.name)")
      #expect(layout.bytesPerBlock == format.bytesPerBlock, "\(format.name)")
    }
  }

  @Test(
    "encodes as the reference", arguments: GoldenBlockTests.encoded.filter { !GridEncoderTests.formats.contains($0) })
  func encoders(format: StorageFormat) throws {
    for (name, values) in AwkwardBlocks.all {
      let bytes = try Codec.encode(format, values)
      #expect(bytes == Codec.referenceBytes(format, values), "\(name)")
    }
  }

  static let weighted = GoldenBlockTests.encoded.filter {
    Codec.weighsImportance($0) && !GridEncoderTests.formats.contains($0)
  }

  @Test("encodes with weights as the reference", arguments: weighted)
  func weightedEncoders(format: StorageFormat) throws {
    var generator = SeededGenerator(seed: 17)
    // Columns that matter much, little, and not at all.
    let importance = generator.normals(1024).enumerated().map { index, value in
      index % 37 == 5 || (300..<400).contains(index) ? 0 : value * value * (index % 5 == 0 ? 1000 : 1)
    }
    for (name, values) in AwkwardBlocks.all {
      let bytes = try Codec.encode(format, values, importance: importance)
      #expect(bytes == Codec.referenceBytes(format, values, importance: importance), "\(name)")
    }
  }

  @Test("ignores importance in other formats", arguments: [StorageFormat.q8_0, .mxfp4, .tq1_0, .bf16])
  func unweightedFormats(format: StorageFormat) throws {
    let values = AwkwardBlocks.all[0].1
    let importance = [Float](repeating: 2, count: 512)
    #expect(try Codec.encode(format, values, importance: importance) == Codec.encode(format, values))
  }

  @Test("decodes as the reference", arguments: GoldenBlockTests.decoded)
  func decoders(format: StorageFormat) throws {
    var generator = SeededGenerator(seed: 3)
    // Random bytes hold every scale: also infinite, NaN and subnormal ones.
    let bytes = (0..<64 * format.bytesPerBlock).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let values = try Codec.decode(format, bytes, elementCount: 64 * format.elementsPerBlock)
    #expect(differences(values, try #require(Codec.referenceValues(format, bytes))) == [])
  }

  @Test("refuses values that are not finite", arguments: GoldenBlockTests.encoded, [Float.nan, .infinity, -.infinity])
  func nonfinite(format: StorageFormat, value: Float) {
    for index in [0, 31, 300, 511] {
      var values = [Float](repeating: 1, count: 512)
      values[index] = value
      do {
        _ =
          try Codec.requiresImportance(format)
          ? Codec.encode(format, values, importance: [Float](repeating: 1, count: 512)) : Codec.encode(format, values)
        Issue.record("\(value) was encoded")
      } catch {
        guard case .nonfinite(format, elementIndex: index, value: _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
  }
}

extension BlockDecoder {
  static var layout: any BlockLayout.Type { Reference.self }
}
