import Bytes

/// What a configuration says of tensors that are packed as GPTQ packs them.
struct GPTQConfiguration {
  /// The name of the encoding in reports.
  let name: String
  let packing: PackedConfiguration
  /// How zero points are stored, as far as the configuration tells.
  let zeroPointStorage: ZeroPointStorage
  /// The value of `checkpoint_format`; nil if it is not stated.
  let format: String?

  /// Reads `quantization_config` of GPTQ; null for files without any, which have the oldest form.
  init(gptq source: JSON) throws(EncodingError) {
    name = "GPTQ"
    packing = try PackedConfiguration(source, known: [])
    if source["is_marlin_format"]?.bool == true { throw Self.refusal("the format \"marlin\"") }
    let formats = ["checkpoint_format", "format"].compactMap { source[$0]?.string }
    // Each of the two alone, and both, are written; planar and repacked codes cannot be told by their shapes.
    for format in formats where Self.storages[format] == nil { throw Self.refusal("the format \(format.quoted)") }
    format = formats.first
    zeroPointStorage = format.flatMap { Self.storages[$0] } ?? .lessOne
    if let type = source["pack_dtype"]?.string, type != "int32" { throw Self.refusal("words of type \(type.quoted)") }
    for bits in packing.bitCounts where !PackedColumns.bitCounts.contains(bits) {
      throw Self.refusal(counted(bits, "bit"))
    }
  }

  /// Reads `quantization_config` of AutoRound, whose codes are packed as those of GPTQ.
  ///
  /// - Parameter storage: how zero points are stored, as `packing_format` says.
  init(autoRound source: JSON, _ storage: ZeroPointStorage) throws(EncodingError) {
    name = "AutoRound"
    packing = try PackedConfiguration(source, known: [])
    format = nil
    zeroPointStorage = storage
    for bits in packing.bitCounts where !PackedColumns.bitCounts.contains(bits) {
      throw .refused(what: "quantized by AutoRound to \(counted(bits, "bit"))", nextStep: PackedConfiguration.nextStep)
    }
  }

  private static let storages: [String: ZeroPointStorage] = ["gptq": .lessOne, "gptq_v2": .plain]

  private static func refusal(_ variant: String) -> EncodingError {
    .refused(what: "quantized by GPTQ in \(variant)", nextStep: PackedConfiguration.nextStep)
  }

  /// The remark for zero points that are stored otherwise than the configuration says.
  func remark(foundIn tensor: String) -> String {
    let other = zeroPointStorage == .lessOne ? "gptq_v2" : "gptq"
    let stated =
      format.map { "checkpoint_format \($0.quoted) in config.json says" } ?? "checkpoint_format \"gptq\" would say"
    return "zero points are stored otherwise than \(stated): those of tensor \(tensor.quoted) are symmetric as"
      + " \(other.quoted) has them, so all are read as \(other.quoted)"
  }
}
