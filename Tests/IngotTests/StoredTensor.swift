import Ingot
import TestSupport
import Testing

/// One tensor of a safetensors file that is written again.
struct StoredTensor {
  var format: String
  var shape: [Int]
  var bytes: [UInt8]

  /// Writes a file again with tensors changed, or removed where `edit` returns false.
  static func edit(_ file: String, _ edit: (String, inout StoredTensor) -> Bool) throws {
    let checkpoint = try Checkpoint.open(file)
    var entries: [String] = []
    var data: [UInt8] = []
    for tensor in checkpoint.tensors {
      var bytes: [UInt8] = []
      try checkpoint.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &bytes)
      let name = tensor.name.text
      var stored = StoredTensor(
        format: tensor.declaredFormat.description, shape: tensor.shape.dimensions, bytes: bytes)
      guard edit(name, &stored) else { continue }
      let end = data.count + stored.bytes.count
      entries.append(SafeTensorsBytes.entry(name, stored.format, stored.shape, data.count, end))
      data += stored.bytes
    }
    var written = SafeTensorsBytes("{\(entries.joined(separator: ","))}")
    written.data = data
    try AtomicFile.write(written.bytes, to: file, overwrite: .replace)
  }
}
