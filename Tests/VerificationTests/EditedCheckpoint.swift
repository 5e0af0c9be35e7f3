import Bytes
import Formats
import TestSupport
import Tensors
import Testing

/// A copy of a committed checkpoint with a planted fault.
final class EditedCheckpoint {
  private let folder = TemporaryFolder()
  /// The weights' file in the copy.
  private let weights: String
  /// What to open: the file, or the folder if config.json was copied along.
  let path: String

  struct NotFound: Error { let what: String }

  /// Copies the GGUF, or the files of the model folder (none of folders inside it), at `source`.
  init(_ source: String) throws {
    if FileSystem.kind(of: source) == .folder {
      for name in try FileSystem.list(source) where FileSystem.kind(of: source + "/" + name) != .folder {
        try folder.write(LocalFile(source + "/" + name).wholeContent(limit: 1 << 26), to: name)
      }
      weights = folder.file("model.safetensors")
      path = folder.path
    } else {
      weights = try folder.write(LocalFile(source).wholeContent(limit: 1 << 26), to: Path.name(of: source))
      path = weights
    }
  }

  /// Changes the bytes of one tensor.
  func edit(_ tensor: String, _ change: (inout [UInt8]) throws -> Void) throws {
    let checkpoint = try Checkpoint.open(weights)
    guard let descriptor = checkpoint.tensor(TensorName(tensor)) else { throw NotFound(what: tensor) }
    var bytes = try LocalFile(weights).wholeContent(limit: 1 << 26)
    let range = descriptor.fileOffset..<descriptor.fileOffset + descriptor.byteCount
    var instance = Array(bytes[range])
    try change(&instance)
    bytes.replaceSubrange(range, with: instance)
    try write(bytes, to: weights)
  }

  /// Replaces a matrix of two-byte elements by its transpose.
  func transpose(_ tensor: String, rowCount: Int, columnCount: Int) throws {
    try edit(tensor) { bytes in
      let source = bytes
      for row in 0..<rowCount {
        for column in 0..<columnCount {
          for byte in 0..<2 {
            bytes[(column * rowCount + row) * 2 + byte] = source[(row * columnCount + column) * 2 + byte]
          }
        }
      }
    }
  }

  /// Changes the float32 values of one tensor.
  func editFloats(_ tensor: String, _ change: (inout [Float]) -> Void) throws {
    try edit(tensor) { bytes in
      var values = stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
      }
      change(&values)
      bytes = values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
      }
    }
  }

  /// Changes the bfloat16 values of one tensor; the results are truncated.
  func editBrainFloats(_ tensor: String, _ change: (Float) -> Float) throws {
    try edit(tensor) { bytes in
      for start in stride(from: 0, to: bytes.count, by: 2) {
        let value = Float(bitPattern: UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 24)
        let bits = change(value).bitPattern
        bytes[start] = UInt8(truncatingIfNeeded: bits >> 16)
        bytes[start + 1] = UInt8(truncatingIfNeeded: bits >> 24)
      }
    }
  }

  /// Replaces a text wherever it is in the weights' file by another of the same length.
  func replaceAll(_ text: String, by other: String) throws {
    while (try? replace(text, by: other)) != nil {}
  }

  /// Replaces a text in a file of the folder (the weights, if none is named) by another of the same length.
  func replace(_ text: String, by other: String, in name: String? = nil) throws {
    let file = name.map(folder.file) ?? weights
    var bytes = try LocalFile(file).wholeContent(limit: 1 << 26)
    let sought = Array(text.utf8), replacement = Array(other.utf8)
    guard sought.count == replacement.count,
      let start = (0...bytes.count - sought.count).first(where: { bytes[$0...].starts(with: sought) })
    else { throw NotFound(what: text) }
    bytes.replaceSubrange(start..<start + sought.count, with: replacement)
    try write(bytes, to: file)
  }

  /// Replaces the number under a key of the GGUF by another of the same type.
  func replaceNumber<Number>(_ key: String, _ value: Number, by other: Number) throws {
    func bytes(_ value: Number) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
    var file = try LocalFile(weights).wholeContent(limit: 1 << 26)
    // The key's bytes, four of the type, the number.
    let sought = Array(key.utf8)
    guard
      let start = (0..<file.count - sought.count - 8).first(where: {
        file[$0...].starts(with: sought) && file[($0 + sought.count + 4)...].starts(with: bytes(value))
      })
    else { throw NotFound(what: key) }
    let place = start + sought.count + 4
    file.replaceSubrange(place..<place + bytes(other).count, with: bytes(other))
    try write(file, to: weights)
  }

  /// Appends a tensor with the shape and bytes of `tensor` to a safetensors file.
  func duplicate(_ tensor: String, as name: String) throws {
    let instance = try Self.bytes(of: tensor, in: weights)
    try editHeader { header, data in
      guard var entry = header[ExactString(tensor)]?.object else { throw NotFound(what: tensor) }
      entry["data_offsets"] = .array([.integer(data.count), .integer(data.count + instance.count)])
      header[ExactString(name)] = .object(entry)
      data += instance
    }
  }

  /// Removes a tensor of a safetensors file, and moves the next ones up.
  func remove(_ tensor: String) throws {
    try editHeader { header, data in
      guard let offsets = header.removeValue(forKey: ExactString(tensor))?["data_offsets"]?.array?.compactMap(\.integer)
      else { throw NotFound(what: tensor) }
      let count = offsets[1] - offsets[0]
      data.removeSubrange(offsets[0]..<offsets[1])
      for (name, value) in header {
        guard var entry = value.object, let own = entry["data_offsets"]?.array?.compactMap(\.integer),
          own[0] >= offsets[1]
        else { continue }
        entry["data_offsets"] = .array(own.map { .integer($0 - count) })
        header[name] = .object(entry)
      }
    }
  }

  private func editHeader(_ change: (inout JSON.Object, inout [UInt8]) throws -> Void) throws {
    let bytes = try LocalFile(weights).wholeContent(limit: 1 << 26)
    let headerLength = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    var data = Array(bytes[(8 + headerLength)...])
    guard var header = try JSON(parsing: Array(bytes[8..<8 + headerLength])).object else {
      throw NotFound(what: weights)
    }
    try change(&header, &data)
    var text = Array(JSON.object(header).text(.compact).utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    try write((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data, to: weights)
  }

  /// The bytes of a tensor in another checkpoint.
  static func bytes(of tensor: String, in source: String) throws -> [UInt8] {
    let checkpoint = try Checkpoint.open(source)
    guard let descriptor = checkpoint.tensor(TensorName(tensor)) else { throw NotFound(what: tensor) }
    var bytes: [UInt8] = []
    try checkpoint.read(#require(descriptor.byteRange), from: 0, count: descriptor.byteCount, into: &bytes)
    return Array(bytes.prefix(descriptor.byteCount))
  }

  private func write(_ bytes: [UInt8], to file: String) throws {
    try AtomicFile.write(bytes, to: file, overwrite: .replace)
  }
}
