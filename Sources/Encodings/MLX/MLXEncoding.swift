import Bytes
import Tensors

/// Models that MLX quantized, as `mlx_lm.convert` and mlx-vlm save them.
///
/// config.json has `quantization` with `bits`, `group_size` and `mode` for all modules, and under the path of a module an object
/// for that one, or false for one that is not quantized. `quantization_config` is a copy. A module is quantized if it has
/// `scales`, embeddings and output matrices too.
struct MLXEncoding {
  private static let ownMembers: Set<String> = ["bits", "group_size", "mode"]

  private let settings: JSON
  /// The name of the member that has the settings.
  private let path: String
  private let parameters: MLXParameters

  init(_ evidence: FormEvidence) throws(EncodingError) {
    let configuration = evidence.configuration
    let candidates = [configuration?["quantization"], configuration?["text_config"]?["quantization"]]
    if let own = candidates.compactMap(\.self).first(where: { $0.object != nil }) {
      (settings, path) = (own, "quantization")
    } else if let copy = evidence.quantization, copy.object != nil {
      (settings, path) = (copy, "quantization_config")
    } else {
      throw .noSettings("MLX", members: "quantization.bits and quantization.group_size", hasFile: configuration != nil)
    }
    parameters = try MLXParameters(settings, path: path)
  }

  /// Returns the checkpoint with one tensor for each quantized matrix.
  func composing(_ evidence: FormEvidence) -> EncodedCheckpoint {
    let names = PartNames(codes: ".weight", result: ".weight", parts: [".scales", ".biases"])
    let composed = evidence.composing(names) { group throws(EncodingError) in
      guard let scales = group.part(".scales") else {
        guard group.codes.format == .u32 else { return nil }
        throw .missingPart(of: group.codes, name: group.stem + ".scales")
      }
      let parameters = try parameters(of: group)
      switch parameters.mode {
      case .affine:
        return try MLXAffineComposition(
          group.codes, scales: scales, biases: group.required(".biases"), parameters)
      case .mxfp4, .nvfp4, .mxfp8: return try parameters.floats(group.codes, scales: scales)
      }
    }
    return composed.noting(unread: unread, of: "config.json: \(path)")
  }

  private func parameters(of group: PartGroup) throws(EncodingError) -> MLXParameters {
    guard let own = settings[group.stem], !own.isNull, own.bool != true else { return parameters }
    let place = "\(path).\(group.stem.escapedForDisplay)"
    guard own.object != nil else {
      throw .setting(place, expected: "an object with bits and group_size, since the module has scales")
    }
    return try MLXParameters(own, path: place)
  }

  /// Members that nothing is read from.
  private var unread: [String] {
    (settings.object ?? [:]).compactMap { key, value in
      Self.ownMembers.contains(key.text) || value.object != nil || value.bool != nil ? nil : key.text
    }
  }
}
