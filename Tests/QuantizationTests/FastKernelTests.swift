import Tensors
import TestSupport
import Testing

@testable import Quantization

/// The fast kernels give the bits of the plain references, on random and on awkward blocks.
@Suite struct FastKernelTests {
  @Test func layoutsAreThoseOfTheTable() {
    for format in StorageFormat.allCases {
      let layout = (Codec.decoder(of: format) as? any BlockDecoder.Type)?.layout
      guard let layout else { continue }
      #expect(layout.elementsPerBlock == format.elementsPerBlock, "\(format.name)")
      #expect(layout.bytesPerBlock == format.bytesPerBlock, "\(format.name)")
    }
  }

  @Test(arguments: GoldenBlockTests.encoded)
  func encodersMatchTheirReference(format: StorageFormat) throws {
    let encoder = try #require(Codec.encoder(of: format) as? any BlockEncoder.Type)
    for (name, values) in AwkwardBlocks.all {
      let bytes = try Codec.encode(format, values)
      #expect(bytes == encoder.referenceRow(values), "\(name)")
    }
  }

  @Test(arguments: GoldenBlockTests.decoded)
  func decodersMatchTheirReference(format: StorageFormat) throws {
    let decoder = try #require(Codec.decoder(of: format) as? any BlockDecoder.Type)
    var generator = SeededGenerator(seed: 3)
    // Random bytes hold every scale: also infinite, NaN and subnormal ones.
    let bytes = (0..<64 * format.bytesPerBlock).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let values = try Codec.decode(format, bytes, elementCount: 64 * format.elementsPerBlock)
    #expect(differences(values, decoder.referenceRow(bytes)) == [])
  }

  @Test(arguments: GoldenBlockTests.encoded, [Float.nan, .infinity, -.infinity])
  func blockFormatsRefuseWhatIsNotFinite(format: StorageFormat, value: Float) {
    for index in [0, 31, 300, 511] {
      var values = [Float](repeating: 1, count: 512)
      values[index] = value
      do {
        _ = try Codec.encode(format, values)
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

  static func referenceRow(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: Reference.bytesPerBlock).flatMap {
      Reference.decode(Array(bytes[$0..<$0 + Reference.bytesPerBlock]))
    }
  }
}

extension BlockEncoder {
  static func referenceRow(_ values: [Float]) -> [UInt8] {
    stride(from: 0, to: values.count, by: Reference.elementsPerBlock).flatMap {
      Reference.encode(Array(values[$0..<$0 + Reference.elementsPerBlock]))
    }
  }
}
