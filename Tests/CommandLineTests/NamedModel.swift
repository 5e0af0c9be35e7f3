import Bytes
import Formats
import Tensors
import TestSupport

/// A model of random numbers of `fixtures/imatrix`, written as `fixtures/generate/make_imatrix.py` writes it.
struct NamedModel {
  private let json: JSON
  private let tensors: [OutputTensor]

  init(_ json: JSON) {
    self.json = json
    tensors = (json["tensors"]?.array ?? []).compactMap { item in
      guard let name = item.array?.first?.string,
        let shape = Shape((item.array ?? []).dropFirst().compactMap(\.integer))
      else { return nil }
      return OutputTensor(name: TensorName(name), format: .f32, shape: shape)
    }
  }

  /// The model in F32.
  func bytes() throws -> [UInt8] {
    var generator = SeededGenerator(seed: 0)
    return try Self.bytes(tensors, metadata, &generator)
  }

  /// Writes it in parts of `count` tensors, and returns their names.
  func write(inPartsOf count: Int, to folder: TemporaryFolder, stem: String) throws -> [String] {
    var generator = SeededGenerator(seed: 0)
    let starts = Array(stride(from: 0, to: tensors.count, by: count))
    let names = ShardName.names(stem: stem, count: starts.count, suffix: ".gguf")
    for (index, start) in starts.enumerated() {
      let part = Array(tensors[start..<min(tensors.count, start + count)])
      let pairs = GGUF.splitMetadata(metadata, index: index, count: starts.count, tensorCount: tensors.count)
      try folder.write(try Self.bytes(part, pairs, &generator), to: names[index])
    }
    return names
  }

  private static func bytes(
    _ tensors: [OutputTensor], _ metadata: Metadata, _ generator: inout SeededGenerator
  ) throws -> [UInt8] {
    let layout = try GGUF.Layout(tensors: tensors, metadata: metadata)
    var bytes = layout.header
    bytes.reserveCapacity(layout.fileByteCount)
    for (tensor, offset) in zip(tensors, layout.offsets) {
      bytes += repeatElement(0, count: offset - bytes.count)
      for _ in 0..<tensor.shape.elementCount {
        let value = (Float(generator.next() >> 40) - 0x1p23) * 0x1p-25
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    bytes += repeatElement(0, count: layout.fileByteCount - bytes.count)
    return bytes
  }

  private var metadata: Metadata {
    let architecture = json["architecture"]?.string ?? ""
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString(architecture))
    func set(_ key: String, _ value: Int?) { metadata["\(architecture).\(key)"] = .uint32(UInt32(value ?? 0)) }
    set("block_count", json["layers"]?.integer)
    set("context_length", 128)
    set("embedding_length", json["width"]?.integer)
    for (key, value) in json["numbers"]?.object ?? [:] { set(key.text, value.integer) }
    metadata["\(architecture).attention.layer_norm_rms_epsilon"] = .float32(0x1p-17)
    metadata["tokenizer.ggml.model"] = .string("none")
    return metadata
  }
}
