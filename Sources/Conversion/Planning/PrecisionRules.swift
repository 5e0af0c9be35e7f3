import Architectures
import Models
import Tensors

/// The tensors of a GGUF that are always F32.
enum PrecisionRules {
  /// Roles that the reference converter keeps in F32 (llama.cpp 0c1e57098, `prepare_tensors`).
  private static let fullPrecisionRoles: Set<TensorRole> = [
    .router, .sharedExpertRouter, .positionEmbedding, .tokenTypeEmbedding, .recurrentQueryConvolution, .altUpPrediction,
    .altUpCorrection,
  ]

  /// The reason that a tensor stays F32; nil if it gets the requested format.
  static func reasonForF32(_ name: TensorName, _ shape: Shape, roles: [TensorRole]) -> String? {
    if shape.rank <= 1 { return "one-dimensional tensors stay F32 in a GGUF" }
    if name.text.hasSuffix("_norm.weight") { return "norms stay F32 in a GGUF" }
    if roles.contains(where: fullPrecisionRoles.contains) {
      return "routers, convolutions, tables of positions and coefficients of streams stay F32 in a GGUF"
    }
    return name.text.hasSuffix(".weight") ? nil : "not a weight: kept in F32"
  }
}

extension DraftTensor {
  /// The reason that the tensor stays F32 in a GGUF; nil if it gets the requested format.
  var reasonForF32: String? { PrecisionRules.reasonForF32(name, shape, roles: purpose.roles) }
}

extension MappedTensor {
  /// Whether a GGUF has it in F32 because every GGUF has.
  var isKeptInFullPrecision: Bool {
    let roles = layout.components.map(\.role)
    return descriptor.format == .f32
      && PrecisionRules.reasonForF32(descriptor.name, descriptor.shape, roles: roles) != nil
  }
}
