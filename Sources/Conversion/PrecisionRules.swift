import Architectures
import Tensors

extension ArrangedTensor {
  /// Roles that the reference converter keeps in F32 whatever is asked for (llama.cpp 0c1e57098, `prepare_tensors`).
  private static let fullPrecisionRoles: Set<TensorRole> = [
    .router, .sharedExpertRouter, .positionEmbedding, .tokenTypeEmbedding,
  ]

  /// Why the tensor stays F32 in a GGUF; nil if it takes the format asked for.
  var reasonForF32: String? {
    if shape.rank <= 1 { return "one-dimensional tensors stay F32 in a GGUF" }
    if name.text.hasSuffix("_norm.weight") { return "norms stay F32 in a GGUF" }
    if purpose.roles.contains(where: Self.fullPrecisionRoles.contains) {
      return "routers and tables of positions stay F32 in a GGUF"
    }
    return name.text.hasSuffix(".weight") ? nil : "what is no weight stays F32 in a GGUF"
  }
}
