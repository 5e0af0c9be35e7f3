import Bytes
import Encodings
import Formats
import Tensors
import TestSupport
import Testing

/// A safetensors file of few tensors next to a config.json, as an encoding's reader is given it.
struct EncodedExample {
  /// A tensor with its bytes; counted up from 1 where none are given.
  struct Part {
    let name: String, format: String, shape: [Int]
    let bytes: [UInt8]?

    init(_ name: String, _ format: String, _ shape: [Int], _ bytes: [UInt8]? = nil) {
      (self.name, self.format, self.shape, self.bytes) = (name, format, shape, bytes)
    }
  }

  let encoded: EncodedCheckpoint
  /// The messages of all problems.
  var problems: [String] { encoded.problems.map(\.description) }
  var remarks: [String] { encoded.checkpoint.remarks }
  /// The names of the tensors after composing.
  var names: [String] { encoded.checkpoint.tensors.map(\.name.text) }

  init(_ parts: [Part], configuration: String?) throws {
    var entries: [String] = [], data: [UInt8] = []
    for part in parts {
      let format = try #require(StorageFormat(named: part.format))
      let count = try #require(format.byteCount(elementCount: part.shape.reduce(1, *)))
      let begin = data.count
      data += part.bytes ?? (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
      #expect(data.count == begin + count)
      entries.append(SafeTensorsBytes.entry(part.name, part.format, part.shape, begin, data.count))
    }
    var file = SafeTensorsBytes("{" + entries.joined(separator: ",") + "}")
    file.data = data
    let tree = MemoryTree(path: "folder", ["model.safetensors": file.bytes])
    let stored = try Checkpoint.open(InputLocation(folder: tree))
    let json = try configuration.map { try JSON(parsing: Array($0.utf8)) }
    encoded = EncodedCheckpoint(stored, configuration: json)
  }
}
