import Bytes
import Formats
import Models
import Quantization
import Tensors

/// A LoRA adapter as a GGUF: the file that llama.cpp's convert_lora_to_gguf.py writes.
public struct AdapterFile: Sendable {
  public let adapter: AdapterExport
  /// The storage format of all factors.
  public let format: StorageFormat
  /// The size of the file.
  public let byteCount: Int
  /// What the script does otherwise.
  public let remarks: [String]
  private let layout: GGUF.Layout

  /// The formats that factors can have.
  public static let formats: [StorageFormat] = [.f32, .f16, .bf16]

  /// Lays out the file.
  ///
  /// - Parameters:
  ///   - format: one of `formats`.
  ///   - modelName: the value of `general.name`, in place of the derived one.
  public init(_ adapter: AdapterExport, format: StorageFormat = .f32, modelName: String? = nil) throws {
    self.adapter = adapter
    self.format = format
    let outputs = adapter.tensors.map { OutputTensor(name: $0.name, format: format, shape: $0.shape) }
    let metadata = try Self.metadata(adapter, modelName)
    layout = try LocatedError.naming(adapter.path) { () throws(GGUFError) in
      try GGUF.Layout(tensors: outputs, metadata: metadata)
    }
    byteCount = layout.fileByteCount
    let rescaled = adapter.tensors.count(where: \.isRescaled)
    remarks =
      rescaled == 0
      ? []
      : [
        "\(counted(rescaled, "factor")) \(rescaled == 1 ? "is" : "are") multiplied by the scale of the module, because a GGUF"
          + " has one alpha for all"
      ]
  }

  private static func metadata(_ adapter: AdapterExport, _ modelName: String?) throws -> Metadata {
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString(adapter.architecture))
    for (key, value) in try general(adapter, modelName) {
      guard key == "general.type" else {
        metadata[key] = value
        continue
      }
      metadata[key] = .string("adapter")
      metadata["adapter.type"] = .string("lora")
    }
    metadata["adapter.lora.alpha"] = .float32(Float(adapter.alpha))
    metadata["general.quantization_version"] = .uint32(2)
    return metadata
  }

  /// The name and sources of the adapter, from its folder and model card.
  private static func general(
    _ adapter: AdapterExport, _ modelName: String?
  ) throws -> [(key: String, value: MetadataValue)] {
    // Negative: the size of the matrices that an adapter changes, which is a part of the model's.
    var count = 0, width = 0
    for tensor in adapter.tensors {
      let rows = tensor.shape.dimensions[0]
      if tensor.name.text.hasSuffix(".lora_a") { width = tensor.shape.rowElementCount } else { count -= rows * width }
    }
    let folder = adapter.folder?.path ?? Path.folder(of: adapter.path)
    var sources = GeneralMetadata.Sources(
      folderName: Path.name(of: folder), parameterCount: count, modelName: modelName)
    if let card = try adapter.folder?.bytes("README.md") { sources.card = ModelCard(readme: card) }
    return GeneralMetadata(sources).pairs
  }

  /// Writes the file under `path`, where it appears complete or not at all.
  public func write(to path: String, overwrite: OverwritePolicy) throws {
    try AtomicFile.requireWritable([path], overwrite: overwrite, apartFrom: adapter.files)
    let file = try AtomicFile(path, overwrite: overwrite)
    try file.reserve(layout.fileByteCount)
    try file.write(layout.header, at: 0)
    for (tensor, offset) in zip(adapter.tensors, layout.offsets) {
      try file.write(Codec.encode(format, adapter.values(of: tensor)), at: offset)
    }
    for source in adapter.files { try source.requireUnchanged() }
    try AtomicFile.commit([file])
  }
}
