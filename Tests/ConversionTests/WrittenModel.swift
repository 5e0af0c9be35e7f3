import Bytes
import Formats
import Models
import TestSupport
import Tensors
import Testing

/// A model folder made by a test: the files of another one, with tensors of float32 that the test gives.
struct WrittenModel {
  /// A tensor's name, extents and values.
  struct Tensor {
    var name: String
    var dimensions: [Int]
    var values: [Float]
  }

  /// The folder.
  let path: String

  /// Writes `tensors` and a config.json into the folder `name`.
  init(_ tensors: [Tensor], configuration: String, in parent: TemporaryFolder, name: String) throws {
    path = parent.file(name)
    try FileSystem.createFolder(path)
    try parent.write(Array(configuration.utf8), to: name + "/config.json")
    try parent.write(try Self.bytes(tensors), to: name + "/model.safetensors")
  }

  /// Copies the folder at `source` with its tensors, which stand in the file `weights`, decoded and changed.
  init(
    copying source: String, weights: String = "model.safetensors", in parent: TemporaryFolder, name: String,
    _ change: (inout [Tensor]) -> Void
  ) throws {
    path = parent.file(name)
    try FileSystem.createFolder(path)
    for file in try FileSystem.list(source) where file != weights {
      try Self.copy(Path.join(source, file), in: parent, to: name + "/" + file)
    }
    var tensors = try Self.tensors(of: Path.join(source, weights))
    change(&tensors)
    try parent.write(try Self.bytes(tensors), to: name + "/" + weights)
  }

  private static func copy(_ path: String, in parent: TemporaryFolder, to name: String) throws {
    guard FileSystem.kind(of: path) == .folder else {
      try parent.write(LocalFile(path).wholeContent(limit: 1 << 26), to: name)
      return
    }
    try FileSystem.createFolder(parent.file(name))
    for file in try FileSystem.list(path) {
      try copy(Path.join(path, file), in: parent, to: name + "/" + file)
    }
  }

  /// The tensors of a checkpoint in F32 or BF16, as numbers.
  static func tensors(of path: String) throws -> [Tensor] {
    let checkpoint = try Checkpoint.open(path)
    return try checkpoint.tensors.map { tensor in
      let bytes = try checkpoint.files[tensor.fileIndex].bytes(at: tensor.fileOffset, count: tensor.byteCount)
      let width = tensor.byteCount / max(1, tensor.shape.elementCount)
      let values = stride(from: 0, to: bytes.count, by: width).map { start in
        let bits = (0..<width).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        return Float(bitPattern: width == 2 ? bits << 16 : bits)
      }
      return Tensor(name: tensor.name.text, dimensions: tensor.shape.dimensions, values: values)
    }
  }

  private static func bytes(_ tensors: [Tensor]) throws -> [UInt8] {
    let layout = try SafeTensors.Layout(
      tensors: tensors.map {
        OutputTensor(name: TensorName($0.name), format: .f32, shape: try #require(Shape($0.dimensions)))
      }, metadata: Metadata())
    var file = layout.header + [UInt8](repeating: 0, count: layout.fileByteCount - layout.header.count)
    for (tensor, offset) in zip(tensors, layout.offsets) {
      for (index, value) in tensor.values.enumerated() {
        for byte in 0..<4 {
          file[offset + 4 * index + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * byte))
        }
      }
    }
    return file
  }
}
