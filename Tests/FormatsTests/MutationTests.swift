import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// Damaged files give an error or, where the damage is harmless, a checkpoint; never a crash.
@Suite("A mutated file")
struct MutationTests {
  let folder = TemporaryFolder()

  static let safeTensors = SafeTensorsBytes(
    "{\"__metadata__\":{\"format\":\"pt\",\"n\\u00e9\":\"\\n\"},"
      + [
        SafeTensorsBytes.entry("a.weight", "F32", [2, 2], 0, 16), SafeTensorsBytes.entry("b", "BF16", [3], 16, 22),
        SafeTensorsBytes.entry("c", "F4", [2, 1], 22, 23), SafeTensorsBytes.entry("d", "U8", [0], 23, 23),
      ].joined(separator: ",") + "}  ", dataByteCount: 23
  ).bytes

  static let gguf: [UInt8] = {
    var file = GGUFReadingTests.everyType(.littleEndian)
    file.records = [.init("a.weight", [2, 2]), .init("b", [32, 2], type: 2, offset: 32), .init("c", [], offset: 96)]
    file.dataByteCount = 100
    return file.bytes
  }()

  @Test("a file cut anywhere is refused", arguments: [safeTensors, gguf])
  func truncation(bytes: [UInt8]) throws {
    for count in bytes.indices {
      let path = try write(Array(bytes.prefix(count)))
      #expect(failure { try Checkpoint.open(path) } != "", "cut after \(count) bytes")
    }
    #expect(failure { try Checkpoint.open(try write(bytes)) } == "")
  }

  @Test("2,000 damaged files are read or refused", arguments: [safeTensors, gguf])
  func mutation(bytes: [UInt8]) throws {
    var generator = SeededGenerator(seed: 20_230_821)
    var refusedCount = 0
    for _ in 0..<2_000 {
      let path = try write(Self.mutated(bytes, &generator))
      do {
        let checkpoint = try Checkpoint.open(path)
        // Whatever is accepted lies inside the file.
        for tensor in checkpoint.tensors {
          let end = tensor.fileOffset.addingReportingOverflow(tensor.byteCount)
          #expect(!end.overflow && end.partialValue <= checkpoint.files[0].byteCount)
        }
      } catch {
        refusedCount += 1
        #expect(error is any IngotError)
        #expect("\(error)".hasPrefix(path + ": "))
      }
    }
    #expect(refusedCount > 1_000)
  }

  /// One to four changes: a flipped bit, another byte, a number set to an extreme, bytes taken out or doubled.
  private static func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where bytes.count > 16 {
      let position = Int.random(in: 0..<bytes.count - 8, using: &generator)
      let extremes: [UInt64] = [0, 1, .max, 1 << 63, 1 << 62, 1 << 32, UInt64(Int.max) - 31]
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 2:
        let value = extremes[Int.random(in: 0..<extremes.count, using: &generator)]
        bytes.replaceSubrange(position..<position + 8, with: withUnsafeBytes(of: value, Array.init))
      case 3: bytes.removeSubrange(position..<position + Int.random(in: 1...8, using: &generator))
      case 4: bytes.insert(contentsOf: bytes[position..<position + 8], at: position)
      default:
        let digit = Array("0123456789-.,[]{}\"\\".utf8)
        bytes[position] = digit[Int.random(in: 0..<digit.count, using: &generator)]
      }
    }
    return bytes
  }

  /// Written plainly: flushing thousands of files to the disk would take minutes.
  private func write(_ bytes: [UInt8]) throws -> String { try folder.writeUnflushed(bytes, to: "m.file") }
}
